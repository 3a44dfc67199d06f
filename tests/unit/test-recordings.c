/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Recordings of loaders and XFlash agents (recording.h). */

#include "recording.h"

#include "protocol/da-xflash.h"
#include "protocol/xflash-link.h"
#include "protocol/xflash-session.h"
#include "protocol/xflash-status.h"

enum { STATUS_FRAME = 16 };

/* True when a command of an agent begins with this step: a header, then one of the command words. */
static bool begins_command(size_t i)
{
        const Step *word = &rec.steps[i + 1];

        return i + 1 < rec.n && rec.steps[i].host && word->host && word->size == 4 &&
                step_says(i, "efeeeefe0100000004000000") && word->known[0] >= 4 &&
                word->known[0] <= 9 && word->known[1] == 0 && word->known[2] == 1 &&
                word->known[3] == 0;
}

static void find_stages(void)
{
        size_t i = 0;

        rec.begin[LOADER] = 0;
        while (i < rec.n && !(step_says(i, "c0") && !rec.steps[i].host))
                i++;
        rec.begin[START] = i;
        while (i < rec.n && !begins_command(i))
                i++;
        rec.begin[STAGE1] = i;
        while (i < rec.n && !(begins_command(i) && step_says(i + 1, "08000100")))
                i++;
        for (i += 2; i < rec.n && !begins_command(i);)
                i++;
        rec.begin[STAGE2] = MIN(i, rec.n);
        rec.begin[_STAGES] = rec.n;
}

static const uint8_t emmc[104] = { 1, 0, 0, 0, 0, 2, 0,
        0, [10] = 0x40, [18] = 0x40, [26] = 0x40, [66] = 0xe0, [67] = 0xa3, [68] = 3, [72] = 0x15,
        1, 0 };

/* What a value is like where the recording does not show it. */
static void fill_value(uint8_t *data, size_t size)
{
        uint32_t control = rec.n_said >= 4 ? get_le32(rec.said[3].data) : 0;

        if (control == XFLASH_GET_EMMC_INFO && size >= 96)
                memcpy(data, emmc, MIN(size, sizeof(emmc)));
        else if (control == XFLASH_GET_PACKET_LENGTH && size == 8)
                memcpy(data, "\0\0\x20\0\0\0\x20\0", 8);
}

static uint32_t known_length(const Step *s, size_t at, uint32_t otherwise)
{
        for (size_t i = at + 8; i < at + FRAME_HEAD; i++)
                if (i >= s->n_known || !s->mask[i])
                        return otherwise;
        return get_le32(s->known + at + 8);
}

/* Completes an answer of an agent to whole packets of its protocol. */
static void fill_frames(const Step *s, uint8_t *out)
{
        for (size_t at = 0; at + FRAME_HEAD <= s->size;) {
                size_t left = s->size - at;
                uint32_t length = known_length(s, at, left == FRAME_HEAD ? 0 : 4);

                put_le32(out + at, XFLASH_MAGIC);
                put_le32(out + at + 4, XFLASH_FLOW);
                put_le32(out + at + 8,
                        left == FRAME_HEAD && length == 0 ? (uint32_t)s[1].size : length);
                at += FRAME_HEAD;
                if (length > s->size - at)
                        break; /* the payload is the next step */
                fill_value(out + at, length);
                at += length;
        }
}

/* A value whose control the recording lacks is unknown to the agent. */
static bool say_unknown(Peer *p, const uint8_t *data, size_t size)
{
        if (rec.stage < STAGE1 || rec.n_said > 0 || size != 4)
                return false;
        peer_say(p, "\xef\xee\xee\xfe\1\0\0\0\4\0\0\0\4\0\1\xc0", STATUS_FRAME);
        return true;
}

static bool boots_stage2(void)
{
        return step_says(rec.current + 1, "08000100");
}

static void fill(size_t step, uint8_t *data)
{
        const Step *s = &rec.steps[step];

        if (is_frames(s))
                fill_frames(s, data);
        else if (rec.stage == STAGE2)
                for (size_t i = 0; i < s->size; i++)
                        data[i] = (uint8_t)(i >> 4);
}

static const RecordedFamily xflash = {
        .hw_code = 0x0766,
        .version = 3,
        .find_stages = find_stages,
        .begins = begins_command,
        .fill = fill,
        .say_default = say_unknown,
        .next_stage = boots_stage2,
};

/* ---- the host ---- */

static void make_agent(void)
{
        size_t size2 = 0x200;

        for (size_t i = rec.begin[STAGE1]; i < rec.begin[STAGE2]; i++)
                if (rec.steps[i].host && !rec.steps[i].shown)
                        size2 = rec.steps[i].size + 0x100;
        set_agent(DA_XFLASH, 0x200000, 0x40000000, size2);
}

static int take_all(void *userdata, const uint8_t *data, size_t size)
{
        size_t *left = userdata;

        *left -= size;
        return *left == 0 ? -ECANCELED : 0;
}

/* What a recorded read brought: bytes, and the status it ended with. */
static void read_result(size_t i, size_t *ret_bytes, uint32_t *ret_status, bool *ret_stopped)
{
        *ret_bytes = 0;
        *ret_status = 0;
        *ret_stopped = false;
        for (i += 2; !begins_exchange(STAGE2, i); i++) {
                const Step *s = &rec.steps[i];

                if (s->host && step_says(i, "020001c0"))
                        *ret_stopped = true;
                else if (!s->host && !is_frames(s))
                        *ret_bytes += s->size;
                else if (!s->host && s->size == STATUS_FRAME)
                        *ret_status = get_le32(s->known + FRAME_HEAD);
        }
}

/* Does every recorded read again: the same bytes, the same end. */
static size_t repeat_reads(DaSession *s)
{
        size_t n = 0;

        for (size_t i = rec.begin[STAGE2]; i < rec.n; i++) {
                const uint8_t *q;
                Region region = { .kind = REGION_USER, .readable = true };
                size_t bytes, left;
                uint32_t status;
                bool stopped;
                Failure f = { 0 };
                int r;

                if (!begins_command(i) || !step_says(i + 1, "05000100") || i + 4 >= rec.n ||
                        rec.steps[i + 4].size != 56)
                        continue;
                q = rec.steps[i + 4].known;
                if (get_le32(q) != 1 || get_le64(q + 16) == 0)
                        continue; /* what we never ask */
                region.section = get_le32(q + 4);
                read_result(i, &bytes, &status, &stopped);
                left = stopped ? bytes : SIZE_MAX;
                r = s->ops->read(
                        s, &region, get_le64(q + 8), get_le64(q + 16), take_all, &left, &f);
                if (stopped) {
                        assert_int_equal(r, -ECANCELED);
                        assert_int_equal(left, 0);
                } else if (status) {
                        assert_true(r < 0);
                        assert_int_equal(f.status, status);
                } else {
                        assert_int_equal(r, 0);
                        assert_int_equal(SIZE_MAX - left, bytes);
                }
                assert_false(s->lost);
                n++;
        }
        return n;
}

/* Asks for every value that was asked for, known to the agent or not. */
static size_t repeat_questions(DaSession *s)
{
        size_t n = 0;

        for (size_t i = rec.begin[STAGE2]; i + 5 < rec.n; i++) {
                uint8_t data[512];
                size_t size;
                Failure f = { 0 };

                /* header, command, status, header, control, answer */
                if (!begins_command(i) || !step_says(i + 1, "09000100") ||
                        rec.steps[i + 4].size != 4 || rec.steps[i + 4].known[2] != 4)
                        continue;
                assert_int_equal(xflash_get(s, get_le32(rec.steps[i + 4].known), data, sizeof(data),
                                         &size, &f),
                        rec.steps[i + 5].size > STATUS_FRAME);
                n++;
        }
        return n;
}

/* A whole session as our worker has it, with the answers of a real phone; then every read of the
 * recording. */
static void test_sessions(void **state)
{
        static const struct {
                const char *name;
                uint16_t hw_code;
                size_t reads;
        } sessions[] = {
                { "chain-mt6765", 0x0766, 10 },
                { "mtkclient-mt6765", 0x0766, 9 },
                { "xflash-mt6761-2018", 0x0717, 2 },
                { "xflash-mt6785-2020-usb3", 0x0813, 2 },
        };

        for (size_t i = 0; i < ELEMENTS(sessions); i++)
                for (size_t k = 0; k < ELEMENTS(visit_packets); k++) {
                        DaSession *s;
                        Visit v;

                        assert_true(load(&xflash, sessions[i].name, 0));
                        make_agent();
                        s = visit(&v, play_hear, sessions[i].name, visit_packets[k]);
                        assert_int_equal(v.id.hw_code, sessions[i].hw_code);
                        assert_int_equal(s->storage.type, STORAGE_EMMC);
                        assert_true(storage_region(&s->storage, REGION_USER)->size ==
                                UINT64_C(0x3A3E00000));
                        assert_string_equal(s->storage.da_version, "1.0");
                        assert_string_equal(s->storage.usb_speed, "high-speed");
                        assert_in_range(repeat_questions(s), 10, 100);
                        assert_in_range(repeat_reads(s), sessions[i].reads, 100);
                        visit_end(&v, sessions[i].name);
                }
}

/* An agent of 2025 that wants its vendor's authentication: everything but the question is refused. */
static void test_locked_agent(void **state)
{
        Failure f = { 0 };
        DaSession *s;
        Visit v;

        assert_true(load(&xflash, "xflash-mt6768-2025-sla", 0));
        make_agent();
        assert_int_equal(visit_start(&v, play_hear, 0), -EACCES);
        s = v.session;
        assert_int_equal(v.id.hw_code, 0x0707);
        assert_int_equal(v.failure.id, ERROR_AUTH_REQUIRED);
        assert_false(s->lost);

        /* who goes on all the same gets refusals, no nonsense */
        s->storage.type = STORAGE_EMMC;
        assert_int_equal(s->ops->read(s, &(Region){ .kind = REGION_USER, .section = 8 }, 0, 512,
                                 take_all, &(size_t){ SIZE_MAX }, &f),
                -EACCES);
        assert_int_equal(f.status, XFLASH_UNKNOWN_COMMAND);
        f = (Failure){ 0 };
        assert_int_equal(da_session_info(s, &f), -EOPNOTSUPP);
        visit_end(&v, "xflash-mt6768-2025-sla");
}

/* A loader with all its commands, and the four ways in which it refuses a register. */
static void test_loader(void **state)
{
        static const struct {
                uint32_t address;
                uint32_t status;
        } refused[] = { { 0x10007001, 0xffff }, { 0, 0x1000 } };
        uint32_t value;
        Failure f = { 0 };
        Transport *t;
        Visit v;

        assert_true(load(&xflash, "preloader-mt6765-commands", 0));
        t = visit_loader(&v, play_hear);
        assert_int_equal(v.id.hw_code, 0x0766);
        assert_int_equal(v.id.hw_sub, 0x8a00);
        assert_int_equal(v.id.sw_ver, 0x0200);
        assert_int_equal(v.id.version, 3);
        assert_int_equal(v.id.abilities, 7);
        assert_int_equal(v.id.n_me_id, 0); /* zeros */
        assert_int_equal(v.id.n_soc_id, 0);
        assert_int_equal(boot_read32(t, 0x10007000, &value, &f), 0);
        assert_int_equal(value, 0x230001dd);
        for (size_t i = 0; i < ELEMENTS(refused); i++) {
                f = (Failure){ 0 };
                assert_int_equal(boot_read32(t, refused[i].address, &value, &f), -EACCES);
                assert_int_equal(f.status, refused[i].status);
        }
        assert_int_equal(boot_write32(t, 0x10007000, 0x22000000, NULL), 0);
        /* the loop echoes what it does not know, also the first token of a handshake */
        assert_int_equal(handshake(t, 1000, NULL), 1);
        visit_end(&v, "preloader-mt6765-commands");
}

/* A phone that takes only its maker's agents: whichever way one is refused, it vanishes, and so it
 * does when there is nothing to jump to. */
static void test_fused_loader(void **state)
{
        static const char name[] = "preloader-mt6765-fused-refusals";
        int power;

        for (power = 0; power < 5; power++) {
                Transport *t;
                Visit v;

                assert_true(load(&xflash, name, power));
                t = visit_loader(&v, play_hear);
                assert_int_equal(v.id.target_config, BOOT_SECURE_BOOT | BOOT_SLA | BOOT_DAA);
                if (power < 3) {
                        make_agent();
                        assert_int_equal(boot_send_da(t, &v.id, 0x200000, stage1, rec.agent_size,
                                                 power == 1 ? 0 : 0x100, &v.failure),
                                -EACCES);
                        assert_int_equal(v.failure.id, ERROR_AUTH_REQUIRED);
                } else if (power == 3)
                        assert_int_equal(boot_jump_da(t, 0x200000, &v.failure), -ENODEV);
                visit_end(&v, name);
        }
        assert_false(load(&xflash, name, power));
}

TEST_MAIN(cmocka_unit_test(test_sessions), cmocka_unit_test(test_locked_agent),
        cmocka_unit_test(test_loader), cmocka_unit_test(test_fused_loader))
