/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Recordings of legacy agents (recording.h). A read is answered in the recorded form whatever its
 * address: contents and their sums are made up. */

#include "recording.h"

#include "protocol/da-legacy.h"
#include "protocol/legacy-wire.h"

enum { PACKET = 0x100000, CMD_READ = 0xd6, AREA = 4 * 1024 * 1024, USER_BASE = 3 * AREA };
#define USER_SIZE UINT64_C(0x3a3e00000)

static bool linear;      /* the agent knows one address space */
static bool same_config; /* our settings are the recorded host's */
static uint8_t part;     /* that was chosen last */

/* ---- the stages ---- */

static bool begins_command(size_t i)
{
        static const uint8_t commands[] = { 0x60, 0x72, CMD_READ, 0xd9 };
        const Step *s = &rec.steps[i];

        /* behind an answer, or behind the last acknowledgement of a read */
        return s->shown && s->size == 1 && (!s[-1].host || step_says(i - 1, "5a")) &&
                memchr(commands, s->known[0], 4);
}

static void find_stages(void)
{
        size_t i = 0;

        while (i < rec.n && (rec.steps[i].host || !step_says(i, "c0")))
                i++;
        rec.begin[START] = i;
        while (i < rec.n && (rec.steps[i].host || !step_says(i, "00000bc30008")))
                i++;
        rec.begin[STAGE1] = i + 1;
        rec.begin[STAGE2] = rec.begin[_STAGES] = rec.n;
}

static bool matches(const Step *s, size_t k)
{
        const uint8_t *said = rec.said[k].data;

        if (s->size != rec.said[k].size)
                return false;
        /* the host's system and the address change nothing in the form of an answer */
        if (rec.said[0].data[0] == CMD_READ && (k == 3 || (k == 1 && said[0] == 0x0b)))
                return true;
        return memcmp(s->known, said, s->size) == 0;
}

/* ---- answers ---- */

static uint8_t content(uint8_t area, uint64_t offset)
{
        static const uint8_t boot[] = "EMMC_BOOT\0\0\0";

        if (area == 1 && offset < sizeof(boot) - 1)
                return boot[offset];
        if (area == 8 && (offset == 510 || offset == 511))
                return offset == 510 ? 0x55 : 0xaa;
        return (uint8_t)(offset * 7 + (offset >> 9) + area);
}

static uint8_t content_at(uint64_t address)
{
        if (!linear)
                return content(part, address);
        if (address >= USER_BASE)
                return content(8, address - USER_BASE);
        return content((uint8_t)(1 + address / AREA), address % AREA);
}

/* Byte `at` of what a read brings: packets, each with the sum of its bytes. */
static uint8_t read_byte(uint64_t address, uint64_t length, uint64_t at)
{
        uint64_t packet = at / (PACKET + 2), inside = at % (PACKET + 2);
        uint64_t size = MIN(length - packet * PACKET, (uint64_t)PACKET);
        static uint64_t summed = UINT64_MAX;
        static uint16_t sum;
        uint64_t start = address + packet * PACKET;

        if (inside < size)
                return content_at(start + inside);
        if (inside == size || summed != start)
                for (uint64_t i = sum = 0; i < size; i++)
                        sum = (uint16_t)(sum + content_at(start + i));
        summed = start;
        return (uint8_t)(inside == size ? sum >> 8 : sum);
}

static void fill_read(size_t step, uint8_t *data)
{
        uint64_t address =
                (uint64_t)get_be32(rec.said[3].data) << 32 | get_be32(rec.said[3].data + 4);
        uint64_t length =
                (uint64_t)get_be32(rec.said[4].data) << 32 | get_be32(rec.said[4].data + 4);
        uint64_t at = 0;
        bool acknowledged = false;

        for (size_t i = rec.current; i < step; i++) {
                at += !rec.steps[i].host && acknowledged ? rec.steps[i].size : 0;
                acknowledged |= !rec.steps[i].host;
        }
        if (!acknowledged) {
                data[0] = LEGACY_ACK;
                return;
        }
        for (size_t i = 0; i < rec.steps[step].size; i++)
                data[i] = read_byte(address, length, at + i);
}

static uint8_t *put64(uint8_t *p, uint64_t value)
{
        put_be32(p, (uint32_t)(value >> 32));
        put_be32(p + 4, (uint32_t)value);
        return p + 8;
}

/* A report of the recorded length: its form follows from that and from the hello's count. */
static void fill_report(const Step *s, uint8_t *data)
{
        unsigned ids = get_be16(rec.steps[rec.begin[START]].known + 5);
        size_t rest = s->size - 214 - 2 * ids, wide = rest >= 8 ? 8 : 4;
        uint8_t *p = data + 28;

        assert_true(rest == 4 || rest == 8 || rest == 12);
        put_be32(p, 0xbc4);
        p += 7 + wide;
        put_be16(p, (uint16_t)ids);
        p += 2 + 2 * ids + 9 + 4;
        for (int i = 0; i < 3; i++)
                p = put64(p, AREA);
        p = put64(p + 32, USER_SIZE);
        memcpy(p,
                "S\0\1\x15"
                "MEMI4\x12\x10"
                "CR\0\xab"
                "Q",
                16);
        p += 16 + 8 + 28 + 4;
        put_be32(p, 0x40000);
        p[8] = 2;
        put64(p + 10, 1 * GiB);
        data[s->size - 10] = LEGACY_ACK;
        data[s->size - 1] = LEGACY_SOC_OK;
}

static void fill(size_t step, uint8_t *data)
{
        const Step *s = &rec.steps[step];

        if (rec.stage == START && s->size > 200)
                fill_report(s, data);
        else if (rec.stage != START && rec.said[0].data[0] == CMD_READ)
                fill_read(step, data);
        else if (s->size == 1)
                data[0] = LEGACY_ACK;
}

static bool say_nothing(Peer *p, const uint8_t *data, size_t size)
{
        return false;
}

static bool next_stage(void)
{
        return false;
}

static const RecordedFamily legacy = {
        .version = 1,
        .find_stages = find_stages,
        .begins = begins_command,
        .matches = matches,
        .fill = fill,
        .say_default = say_nothing,
        .next_stage = next_stage,
};

/* ---- playing ---- */

static size_t start_step, start_heard; /* in the start-up, which is one conversation */

/* Some hosts send a structure in pieces: there only bytes count. */
static void hear_start(Peer *p, const uint8_t *data, size_t size)
{
        size_t wanted = 0, at = 0, end = start_step;

        for (; end < rec.begin[STAGE1] && rec.steps[end].host; end++) {
                const Step *s = &rec.steps[end];

                for (size_t i = 0; i < s->n_known && same_config; i++, at++)
                        if (at >= start_heard && at < start_heard + size &&
                                data[at - start_heard] != s->known[i])
                                p->problem = "other settings than the recorded ones";
                wanted += s->size;
        }
        start_heard += size;
        if (start_heard > wanted)
                p->problem = "more than the agent takes";
        if (start_heard < wanted)
                return;
        for (; end < rec.begin[STAGE1] && !rec.steps[end].host; end++)
                say_step(p, end);
        start_step = end;
        start_heard = 0;
        if (end == rec.begin[STAGE1])
                rec.stage = STAGE1;
}

static void hear(Peer *p, const uint8_t *data, size_t size)
{
        if (rec.stage == START) {
                hear_start(p, data, size);
                return;
        }
        if (rec.n_said == 1 && rec.said[0].data[0] == 0x60)
                part = data[0];
        play_hear(p, data, size);
        if (rec.stage == START) {
                start_step = rec.begin[START] + 1;
                start_heard = 0;
        }
}

/* ---- the host ---- */

/* Its addresses are the recorded ones, too. */
static void make_agent(void)
{
        uint8_t head[12] = {};
        size_t n = 0, send_da = 0;

        while (!(rec.steps[send_da].host && step_says(send_da, "d7")))
                send_da++;

        for (size_t i = rec.begin[START]; i < rec.begin[STAGE1] && n < 12; i++) {
                const Step *s = &rec.steps[i];

                /* the 12 bytes in front of the first answer to payload */
                if (!s->host)
                        n = 0;
                else if (s->shown && s->size <= 12 - n) {
                        memcpy(head + n, s->known, s->size);
                        n += s->size;
                        if (n == 12 && get_be32(head + 8) != 0x1000)
                                n = 0;
                }
        }
        assert_int_equal(n, 12);
        set_agent(DA_LEGACY, get_be32(rec.steps[send_da + 2].known), get_be32(head),
                get_be32(head + 4));
}

typedef struct Wanted {
        uint8_t area;
        uint64_t offset, size;
} Wanted;

static int check(void *userdata, const uint8_t *data, size_t size)
{
        Wanted *w = userdata;

        assert_true(size <= w->size);
        for (size_t i = 0; i < size; i++)
                if (data[i] != content(w->area, w->offset + i))
                        fail_msg("byte 0x%llx is %02x", (unsigned long long)w->offset + i, data[i]);
        w->offset += size;
        w->size -= size;
        return 0;
}

/* Does every recorded read again. */
static size_t repeat_reads(DaSession *s)
{
        uint8_t chosen = 0;
        size_t n = 0;

        for (size_t i = rec.begin[STAGE1]; i + 4 < rec.n; i++) {
                const Step *command = &rec.steps[i];
                const Region *region;
                Wanted w;
                Failure f = {};

                if (!command->host || !begins_command(i))
                        continue;
                if (command->known[0] == 0x60)
                        chosen = rec.steps[i + 2].known[0];
                if (command->known[0] != CMD_READ)
                        continue;
                w = (Wanted){ .area = chosen,
                        .offset = get_be32(command[3].known + 4),
                        .size = get_be32(command[4].known + 4) };
                if (linear && w.offset >= USER_BASE)
                        w = (Wanted){ 8, w.offset - USER_BASE, w.size };
                else if (linear)
                        w.area = 1;
                region = storage_region(&s->storage, w.area == 1 ? REGION_BOOT1 : REGION_USER);
                if (s->ops->read(s, region, w.offset, w.size, check, &w, &f) < 0)
                        fail_msg("%s", f.text);
                assert_int_equal(w.size, 0);
                n++;
        }
        return n;
}

static void test_sessions(void **state)
{
        static const struct {
                const char *name;
                uint16_t hw_code;
                const char *version;
                size_t reads;
                bool linear, other_settings;
        } sessions[] = {
                { "legacy-mt6572-2015-linear", 0x6572, "4.2 (chip 88)", 3, true },
                { "legacy-mt6582-2015-config-word", 0x6582, "4.2 (chip 87)", 3 },
                { "legacy-mt6592-2015-20-bytes", 0x6592, "4.2 (chip 8A)", 3 },
                { "legacy-mt6735-linux-host-byte", 0x0321, "4.2 (chip 93)", 3 },
                { "legacy-mt8127-2015-extra-word", 0x8127, "4.2 (chip 8D)", 3 },
                { "legacy-mt8135-2015-region-index-1", 0x8135, "3.2 (chip 89)", 3, true },
                { "mtkclient-mt6735", 0x0321, "4.2 (chip 93)", 8, .other_settings = true },
        };

        for (size_t i = 0; i < ELEMENTS(sessions); i++)
                for (size_t k = 0; k < ELEMENTS(visit_packets); k++) {
                        DaSession *s;
                        Visit v;

                        assert_true(load(&legacy, sessions[i].name, 0));
                        linear = sessions[i].linear;
                        same_config = !sessions[i].other_settings;
                        part = 0;
                        make_agent();
                        s = visit(&v, hear, sessions[i].name, visit_packets[k]);
                        assert_int_equal(v.id.hw_code, sessions[i].hw_code);
                        assert_int_equal(s->storage.type, STORAGE_EMMC);
                        assert_string_equal(s->storage.da_version, sessions[i].version);
                        assert_true(storage_region(&s->storage, REGION_USER)->size == USER_SIZE);
                        assert_true(storage_region(&s->storage, REGION_BOOT2)->size == AREA);
                        assert_memory_equal(s->storage.cid, "\x15\1\0SIMEMC", 9);
                        assert_int_equal(repeat_reads(s), sessions[i].reads);
                        if (same_config)
                                assert_int_equal(
                                        da_session_finish(s, DA_FINISH_OFF, &v.failure), 0);
                        assert_all_met(sessions[i].name);
                        visit_end(&v, sessions[i].name);
                }
}

TEST_MAIN(cmocka_unit_test(test_sessions))
