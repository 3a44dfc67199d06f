/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The simulated phone under a clock of the test's own: what it answers, when, and what it says of a
 * host that breaks the rules. */

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "basic/bytes.h"
#include "basic/fd.h"
#include "chips.h"
#include "gen-agent.h"
#include "gen-flash.h"
#include "model.h"

enum { TICK_US = 1000, IN_MAX = 4 * 1024 * 1024, PATIENCE_MS = 3000 };

static char top[] = "/tmp/test-model.XXXXXX";

/* a host with a FIFO, in the model's own time */
typedef struct Rig {
        Model *model;
        PhoneConfig config;
        uint64_t now;
        uint8_t *agent; /* container file for its chip */
        uint8_t *in;
        size_t n_in;
        size_t packets, zlps;
        int error;     /* the last thing that was wrong on the wire */
        bool collects; /* IN tokens are sent all the time */
} Rig;

static void run_for(Rig *r, uint64_t ms);

static Rig *rig_new(const char *chip, const char *const *words)
{
        Rig *r = calloc(1, sizeof(*r));
        r->in = malloc(IN_MAX);
        r->now = 1000000;
        r->collects = true;
        assert_int_equal(config_init(&r->config, chip), 0);
        snprintf(r->config.flash, sizeof(r->config.flash), "%s/%s", top,
                r->config.chip->ufs ? "ufs" : "emmc");
        snprintf(r->config.log, sizeof(r->config.log), "%s/log", top);
        for (; words && *words; words++)
                assert_int_equal(config_set(&r->config, *words), 0);
        AgentSpec agent = { .codes = { r->config.chip->da_code }, .n_codes = 1, .seed = 1 };
        size_t size;
        assert_int_equal(agent_make(&agent, &r->agent, &size), 0);
        unlink(r->config.log);
        assert_int_equal(model_new(&r->config, &r->model), 0);
        model_run(r->model, r->now);
        return r;
}
#define RIG(chip, ...) rig_new(chip, (const char *const[]){ __VA_ARGS__ __VA_OPT__(, ) NULL })

static void rig_free(Rig *r)
{
        model_free(r->model);
        free(r->agent);
        free(r->in);
        free(r);
}

static void collect(Rig *r)
{
        for (;;) {
                bool end;
                ssize_t n = model_in(r->model, r->in + r->n_in, IN_MAX - r->n_in, &end);
                if (n == -EAGAIN)
                        return;
                if (n < 0) {
                        r->error = (int)n;
                        if (n == -EPIPE || n == -ENODEV)
                                return;
                        continue;
                }
                size_t max = model_usb(r->model)->max_packet;
                r->packets += n ? ((size_t)n + max - 1) / max : 1;
                r->zlps += !n;
                r->n_in += (size_t)n;
        }
}

static void run_for(Rig *r, uint64_t ms)
{
        for (uint64_t i = 0; i < ms; i++) {
                r->now += TICK_US;
                model_run(r->model, r->now);
                if (r->collects)
                        collect(r);
        }
}

static void control(Rig *r, unsigned request)
{
        uint8_t setup[8] = { (uint8_t)(request >> 8), (uint8_t)request }, data[7] = {};
        uint64_t when;
        setup[6] = request == 0x2120 ? 7 : 0;
        setup[2] = request == 0x0009;
        assert_true(model_control(r->model, setup, data, sizeof(data), &when) >= 0);
}

static void plug(Rig *r)
{
        model_power_on(r->model);
        control(r, 0x0009);
}

static bool try_out(Rig *r, const void *data, size_t size)
{
        size_t pos = 0;
        for (int ms = 0; ms < PATIENCE_MS; ms++) {
                size_t taken;
                int k = model_out(r->model, (const uint8_t *)data + pos, size - pos, &taken);
                pos += taken;
                if (k < 0 && k != -EAGAIN)
                        return false;
                if (!k && pos == size) {
                        if (r->collects)
                                collect(r);
                        return true;
                }
                run_for(r, 1);
        }
        return false;
}

static void out(Rig *r, const void *data, size_t size)
{
        assert_true(try_out(r, data, size));
}

static bool have(Rig *r, size_t n)
{
        collect(r);
        for (int ms = 0; ms < PATIENCE_MS && r->n_in < n && model_attached(r->model); ms++)
                run_for(r, 1);
        return r->n_in >= n;
}

static void drop(Rig *r, size_t n)
{
        memmove(r->in, r->in + n, r->n_in - n);
        r->n_in -= n;
}

static void expect(Rig *r, const void *data, size_t size)
{
        assert_true(have(r, size));
        assert_memory_equal(r->in, data, size);
        drop(r, size);
}
#define EXPECT(r, ...)                                                                             \
        expect(r, (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))
#define OUT(r, ...)                                                                                \
        out(r, (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))

static void expect_silence(Rig *r, uint64_t ms)
{
        run_for(r, ms);
        assert_int_equal(r->n_in, 0);
}

static bool logged(Rig *r, const char *text)
{
        _cleanup_close_ int fd = open(r->config.log, O_RDONLY | O_CLOEXEC);
        _cleanup_free_ char *all = NULL;
        size_t size;
        return fd >= 0 && fd_read_all(fd, 1 << 20, &all, &size) == 0 && strstr(all, text);
}

/* ---- a well-behaved host ---- */

static void handshake(Rig *r)
{
        plug(r);
        control(r, 0x2120);
        OUT(r, 0xa0);
        run_for(r, 50);
        r->n_in = 0;
        OUT(r, 0xa0);
        EXPECT(r, 0x5f);
        OUT(r, 0x0a);
        EXPECT(r, 0xf5);
        OUT(r, 0x50);
        EXPECT(r, 0xaf);
        OUT(r, 0x05);
        EXPECT(r, 0xfa);
}

static void send_agent(Rig *r, const uint8_t *stage1, size_t size)
{
        uint8_t n[4];
        OUT(r, 0xd7);
        EXPECT(r, 0xd7);
        OUT(r, 0, 0x20, 0, 0);
        EXPECT(r, 0, 0x20, 0, 0);
        put_be32(n, (uint32_t)size);
        out(r, n, 4);
        expect(r, n, 4);
        OUT(r, 0, 0, 1, 0);
        EXPECT(r, 0, 0, 1, 0, 0, 0);
        out(r, stage1, size);
}

static void jump(Rig *r)
{
        OUT(r, 0xd5);
        EXPECT(r, 0xd5);
        OUT(r, 0, 0x20, 0, 0);
        EXPECT(r, 0, 0x20, 0, 0, 0, 0);
}

static void frame(Rig *r, const void *data, size_t size)
{
        uint8_t h[12] = { 0xef, 0xee, 0xee, 0xfe, 1 };
        put_le32(h + 8, (uint32_t)size);
        out(r, h, sizeof(h));
        out(r, data, size);
}

static void word(Rig *r, uint32_t v)
{
        uint8_t d[4];
        put_le32(d, v);
        frame(r, d, 4);
}

static uint32_t get_frame(Rig *r, uint8_t *data, size_t room)
{
        assert_true(have(r, 12));
        assert_int_equal(get_le32(r->in), 0xfeeeeeef);
        uint32_t n = get_le32(r->in + 8);
        drop(r, 12);
        assert_true(n <= room && have(r, n));
        memcpy(data, r->in, n);
        drop(r, n);
        return n;
}

static uint32_t status(Rig *r)
{
        uint8_t d[4];
        assert_int_equal(get_frame(r, d, 4), 4);
        return get_le32(d);
}

static uint8_t *region(Rig *r, size_t i, size_t *ret_size)
{
        const uint8_t *e = r->agent + 0x6c + 0x14 + 20 * i;
        *ret_size = get_le32(e + 4);
        return r->agent + get_le32(e);
}

static void start_stage1(Rig *r, uint32_t host_os)
{
        uint8_t env[20] = { 3, 0, 0, 0, 1 };
        size_t size;
        const uint8_t *stage1 = region(r, 1, &size);
        handshake(r);
        send_agent(r, stage1, size);
        assert_true(have(r, 4));
        assert_int_equal(get_be16(r->in + 2), 0);
        drop(r, 4);
        jump(r);
        EXPECT(r, 0xc0);
        frame(r, "SYNC", 4);
        word(r, 0x10100);
        put_le32(env + 8, host_os);
        frame(r, env, sizeof(env));
        assert_int_equal(status(r), 0);
        word(r, 0x10101);
        word(r, 0);
        assert_int_equal(status(r), 0);
        assert_int_equal(status(r), 0x434e5953);
}

static void start_stage2(Rig *r)
{
        uint8_t where[16] = {};
        size_t size;
        const uint8_t *stage2 = region(r, 2, &size);
        word(r, 0x10008);
        assert_int_equal(status(r), 0);
        put_le32(where, 0x40000000);
        put_le64(where + 8, size - 0x100);
        frame(r, where, sizeof(where));
        frame(r, stage2, size - 0x100);
}

static void start_agent(Rig *r)
{
        start_stage1(r, 0);
        start_stage2(r);
        assert_int_equal(status(r), 0);
        assert_int_equal(status(r), 0x434e5953);
}

static uint32_t read_begin(Rig *r, uint32_t section, uint64_t address, uint64_t size)
{
        uint8_t block[56] = { r->config.chip->ufs ? 0x30 : 1 };
        put_le32(block + 4, section);
        put_le64(block + 8, address);
        put_le64(block + 16, size);
        word(r, 0x10005);
        assert_int_equal(status(r), 0);
        frame(r, block, sizeof(block));
        return status(r);
}

static void read_compare(
        Rig *r, uint32_t section, const char *file, uint64_t address, uint64_t size)
{
        char path[600];
        uint8_t *want = malloc(2 * MiB), *got = malloc(2 * MiB);
        snprintf(path, sizeof(path), "%s/%s", r->config.flash, file);
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
        assert_int_equal(read_begin(r, section, address, size), 0);
        while (size) {
                assert_int_equal(status(r), 0);
                uint32_t n = get_frame(r, got, 2 * MiB);
                assert_true(n && n <= size);
                assert_int_equal(fd_pread_full(fd, want, n, address), 0);
                assert_memory_equal(got, want, n);
                word(r, 0);
                address += n;
                size -= n;
        }
        assert_int_equal(status(r), 0);
        free(want);
        free(got);
}

/* ---- listening ---- */

static void a_phone_is_read(void **state)
{
        Rig *r = RIG("mt6765");
        start_agent(r);
        read_compare(r, 8, "user.img", 0, 5 * MiB + 12345);
        read_compare(r, 1, "boot1.img", 0, 4 * MiB);
        word(r, 0x10007);
        assert_int_equal(status(r), 0);
        frame(r, (uint8_t[24]){ 1 }, 24);
        assert_int_equal(status(r), 0);
        assert_int_equal(model_breaches(r->model), 0);
        /* it resets, listens again, and boots when nobody speaks to it */
        run_for(r, 250);
        assert_false(model_attached(r->model));
        assert_true(model_returns(r->model));
        run_for(r, 550);
        assert_true(model_attached(r->model));
        control(r, 0x0009);
        run_for(r, 2600);
        assert_false(model_attached(r->model));
        assert_false(model_returns(r->model));
        assert_int_equal(model_boots(r->model), 1);
        rig_free(r);
}

static void ready_needs_the_line_coding(void **state)
{
        Rig *r = RIG("mt6765");
        plug(r);
        expect_silence(r, 200);
        control(r, 0x2120);
        run_for(r, 201);
        /* one every 20 ms as long as they are taken */
        assert_in_range(r->n_in / 5, 9, 11);
        assert_int_equal(r->packets, r->n_in / 5);
        assert_memory_equal(r->in, "READYREADY", 10);
        /* not taken, each holds the phone up for 300 ms */
        r->collects = false;
        run_for(r, 900);
        r->n_in = 0;
        collect(r);
        assert_int_equal(r->n_in, 5);
        rig_free(r);
}

static void a_pulled_cable(void **state)
{
        /* while it listens it starts again; in its command loop it waits on */
        Rig *r = RIG("mt6765");
        plug(r);
        run_for(r, 2000);
        model_unplug(r->model);
        run_for(r, 2000);
        model_replug(r->model);
        control(r, 0x0009);
        run_for(r, 2000);
        assert_true(model_attached(r->model));
        rig_free(r);
        r = RIG("mt6765");
        handshake(r);
        model_unplug(r->model);
        run_for(r, 60000);
        model_replug(r->model);
        control(r, 0x0009);
        OUT(r, 0xfd);
        EXPECT(r, 0xfd, 0x07, 0x66, 0, 0);
        rig_free(r);
}

static void the_window_ends(void **state)
{
        Rig *r = RIG("mt6765", "window_ms=1000");
        plug(r);
        run_for(r, 990);
        assert_true(model_attached(r->model));
        run_for(r, 40);
        assert_false(model_attached(r->model));
        assert_int_equal(model_boots(r->model), 1);
        rig_free(r);

        r = RIG("mt6765", "window_ms=1000", "android=1");
        plug(r);
        run_for(r, 2000);
        assert_true(model_attached(r->model));
        assert_int_equal(model_usb(r->model)->product, 0x2008);
        rig_free(r);

        /* no host at all */
        r = RIG("mt6765");
        model_power_on(r->model);
        run_for(r, 7990);
        assert_true(model_attached(r->model));
        run_for(r, 20);
        assert_int_equal(model_boots(r->model), 1);
        rig_free(r);
}

static void the_first_a0_is_swallowed(void **state)
{
        Rig *r = RIG("mt6765");
        plug(r);
        /* all four in one packet are one chunk: thrown away as a whole */
        OUT(r, 0xa0, 0x0a, 0x50, 0x05);
        expect_silence(r, 100);
        OUT(r, 0xa0);
        EXPECT(r, 0x5f);
        /* again after a good one: no answer, no harm */
        OUT(r, 0xa0);
        expect_silence(r, 20);
        OUT(r, 0x0a);
        EXPECT(r, 0xf5);
        OUT(r, 0x50);
        EXPECT(r, 0xaf);
        OUT(r, 0x05);
        EXPECT(r, 0xfa);
        assert_int_equal(model_breaches(r->model), 0);
        rig_free(r);
}

static void a_wrong_token_starts_over(void **state)
{
        Rig *r = RIG("mt6765");
        plug(r);
        OUT(r, 0xa0);
        run_for(r, 30);
        OUT(r, 0xa0);
        EXPECT(r, 0x5f);
        OUT(r, 0x50);
        EXPECT(r, 0x51);
        OUT(r, 0x0a);
        EXPECT(r, 0x0b);
        OUT(r, 0xa0);
        EXPECT(r, 0x5f);
        assert_int_equal(model_breaches(r->model), 2);
        assert_true(logged(r, "breach token"));
        rig_free(r);
}

static void tokens_have_300_ms(void **state)
{
        Rig *r = RIG("mt6765");
        plug(r);
        control(r, 0x2120);
        OUT(r, 0xa0);
        run_for(r, 30);
        r->n_in = 0;
        OUT(r, 0xa0);
        EXPECT(r, 0x5f);
        run_for(r, 310);
        EXPECT(r, 'R', 'E', 'A', 'D', 'Y');
        /* the window is still the first one */
        run_for(r, 2200);
        assert_int_equal(model_boots(r->model), 1);
        rig_free(r);
}

static void words_of_eight_letters(void **state)
{
        Rig *r = RIG("mt6765");
        plug(r);
        out(r, "AT+GCAP\r", 8);
        run_for(r, 50);
        /* what a modem program sends makes nobody boot: it is a command that is not known */
        EXPECT(r, 'A', 'T', '+', 'U', 'N', 'K', 'O', 'N', 'W', 'N');
        for (const char *c = "ABCDEFGH"; *c; c++) {
                out(r, c, 1);
                run_for(r, 25);
        }
        assert_false(model_attached(r->model));
        assert_int_equal(model_boots(r->model), 1);
        rig_free(r);

        r = RIG("mt6765");
        plug(r);
        out(r, "METAMETA", 8);
        run_for(r, 19);
        EXPECT(r, 'A', 'T', 'E', 'M', 'A', 'T', 'E', 'M');
        assert_true(logged(r, "mode meta"));
        rig_free(r);
}

static void control_requests_wait_for_a_round(void **state)
{
        static const uint8_t get_device[8] = { 0x80, 6, 0, 1, 0, 0, 18, 0 };
        Rig *r = RIG("mt6765");
        uint8_t data[18];
        uint64_t when, most = 0;
        plug(r);
        for (int i = 0; i < 100; i++) {
                run_for(r, 7);
                assert_int_equal(
                        model_control(r->model, get_device, data, sizeof(data), &when), 18);
                assert_true(when >= r->now && when <= r->now + 20000);
                most = MAX(most, when - r->now);
        }
        assert_true(most > 15000);
        rig_free(r);
        r = RIG("mt6765");
        handshake(r);
        assert_int_equal(model_control(r->model, get_device, data, sizeof(data), &when), 18);
        assert_int_equal(when, r->now);
        rig_free(r);
}

/* ---- commands ---- */

static void the_watchdog_lets_it_go(void **state)
{
        Rig *r = RIG("mt6765");
        handshake(r);
        OUT(r, 0xd4);
        EXPECT(r, 0xd4);
        OUT(r, 0x10, 0, 0x70, 0);
        EXPECT(r, 0x10, 0, 0x70, 0);
        OUT(r, 0, 0, 0, 1);
        EXPECT(r, 0, 0, 0, 1, 0, 0);
        OUT(r, 0x22, 0, 0, 0x14);
        EXPECT(r, 0x22, 0, 0, 0x14, 0, 0);
        OUT(r, 0xd4);
        EXPECT(r, 0xd4);
        OUT(r, 0x10, 0, 0x70, 0x14);
        EXPECT(r, 0x10, 0, 0x70, 0x14);
        OUT(r, 0, 0, 0, 1);
        EXPECT(r, 0, 0, 0, 1, 0, 0);
        OUT(r, 0, 0, 0x12, 0x09);
        run_for(r, 20);
        assert_false(model_attached(r->model));
        run_for(r, 600);
        assert_true(model_attached(r->model));
        run_for(r, 8100);
        assert_int_equal(model_boots(r->model), 1);
        rig_free(r);
}

static void registers_have_a_white_list(void **state)
{
        static const struct {
                uint8_t op;
                uint32_t address, count;
                uint16_t status;
        } refused[] = {
                { 0xd1, 0x10007001, 1, 0xffff },
                { 0xd1, 0x10007000, 0, 0xfffe },
                { 0xd1, 0xfffffffc, 2, 0xfffd },
                { 0xd1, 0x00000000, 1, 0x1000 },
                { 0xd1, 0x10007ffc, 2, 0x1000 },
                { 0xd0, 0x10007001, 1, 0xffff },
                { 0xd4, 0x00200000, 1, 0x1001 },
                { 0xd4, 0x11c50000, 1, 0x1001 },
        };
        Rig *r = RIG("mt6765");
        handshake(r);
        for (size_t i = 0; i < ELEMENTS(refused); i++) {
                uint8_t n[4], s[2];
                OUT(r, refused[i].op);
                EXPECT(r, refused[i].op);
                put_be32(n, refused[i].address);
                out(r, n, 4);
                expect(r, n, 4);
                put_be32(n, refused[i].count);
                out(r, n, 4);
                expect(r, n, 4);
                s[0] = (uint8_t)(refused[i].status >> 8);
                s[1] = (uint8_t)refused[i].status;
                expect(r, s, 2);
                expect_silence(r, 5);
        }
        OUT(r, 0xfd);
        EXPECT(r, 0xfd, 0x07, 0x66, 0, 0);
        rig_free(r);
}

static void optional_commands(void **state)
{
        static const uint8_t some[] = { 0xe1, 0xe7, 0xfb };
        Rig *r = RIG("mt6765", "optional=0");
        handshake(r);
        for (size_t i = 0; i < sizeof(some); i++) {
                OUT(r, some[i]);
                EXPECT(r, some[i]);
                expect_silence(r, 20);
        }
        rig_free(r);

        /* ids differ between phones and stay the same for one */
        uint8_t ids[3][16];
        static const char *const serials[] = { "serial=1", "serial=2", "serial=1" };
        for (size_t i = 0; i < 3; i++) {
                r = RIG("mt6765", serials[i]);
                handshake(r);
                OUT(r, 0xe1);
                EXPECT(r, 0xe1, 0, 0, 0, 16);
                assert_true(have(r, 18));
                memcpy(ids[i], r->in, 16);
                rig_free(r);
        }
        assert_memory_not_equal(ids[0], ids[1], 16);
        assert_memory_equal(ids[0], ids[2], 16);
}

static void agents_are_refused(void **state)
{
        static const struct {
                const char *words[2];
                size_t size;
                uint16_t status;
        } cases[] = {
                { { "target_config=7", "refuse_agent=1" }, 10000, 0x7024 },
                { { "target_config=1", "refuse_agent=0" }, 300000, 0x1d10 },
                { { "target_config=0", "refuse_agent=1" }, 10000, 0 },
                { { "target_config=7", "refuse_agent=0" }, 10000, 0 },
        };
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                Rig *r = RIG("mt6765", cases[i].words[0], cases[i].words[1]);
                uint8_t *agent = calloc(1, cases[i].size);
                agent[0] = 0x12;
                agent[1] = 0x34;
                handshake(r);
                send_agent(r, agent, cases[i].size);
                EXPECT(r, 0x34, 0x12, (uint8_t)(cases[i].status >> 8), (uint8_t)cases[i].status);
                run_for(r, 600);
                assert_int_equal(model_attached(r->model), cases[i].status == 0);
                assert_int_equal(model_returns(r->model), cases[i].status != 0);
                free(agent);
                rig_free(r);
        }
        /* a jump without an agent */
        Rig *r = RIG("mt6765");
        handshake(r);
        OUT(r, 0xd5);
        EXPECT(r, 0xd5);
        OUT(r, 0, 0x20, 0, 0);
        EXPECT(r, 0, 0x20, 0, 0, 0x70, 0x24);
        assert_int_equal(model_breaches(r->model), 1);
        rig_free(r);
}

/* ---- XFlash ---- */

static void stages_belong_together(void **state)
{
        size_t size;
        Rig *r = RIG("mt6765");
        region(r, 2, &size)[1000] ^= 1;
        start_stage1(r, 0);
        start_stage2(r);
        assert_int_equal(status(r), 0xc0070004);
        /* and stage 1 goes on */
        word(r, 0x10009);
        assert_int_equal(status(r), 0);
        rig_free(r);

        /* an agent of another chip does not start */
        Rig *other = RIG("mt6761");
        r = RIG("mt6765");
        const uint8_t *stage1 = region(other, 1, &size);
        handshake(r);
        send_agent(r, stage1, size);
        assert_true(have(r, 4));
        drop(r, 4);
        jump(r);
        expect_silence(r, 1000);
        rig_free(r);
        rig_free(other);
}

static void any_agent_of_others_is_accepted(void **state)
{
        Rig *r = RIG("mt6765");
        size_t size;
        uint8_t *stage = region(r, 1, &size);
        memset(stage, 0x5a, size);
        stage = region(r, 2, &size);
        memset(stage, 0xa5, size);
        start_agent(r);
        assert_int_equal(model_breaches(r->model), 0);
        rig_free(r);
}

static void read_packets_by_host_system(void **state)
{
        for (uint32_t os = 0; os < 2; os++) {
                Rig *r = RIG("mt6765");
                uint8_t d[8];
                start_stage1(r, os);
                start_stage2(r);
                assert_int_equal(status(r), 0);
                assert_int_equal(status(r), 0x434e5953);
                word(r, 0x10009);
                assert_int_equal(status(r), 0);
                word(r, 0x40007);
                assert_int_equal(status(r), 0);
                assert_int_equal(get_frame(r, d, 8), 8);
                assert_int_equal(status(r), 0);
                assert_int_equal(get_le32(d), 0x200000);
                assert_int_equal(get_le32(d + 4), os ? 0x10000 : 0x200000);
                read_compare(r, 8, "user.img", 1, 3 * 65536 + 7);
                assert_int_equal(logged(r, "tolerated host-os"), os == 1);
                assert_int_equal(model_breaches(r->model), 0);
                rig_free(r);
        }
}

static void reads_are_checked(void **state)
{
        Rig *r = RIG("mt6765");
        start_agent(r);
        assert_int_equal(read_begin(r, 8, 32 * MiB, 1), 0xc004000b);
        assert_int_equal(read_begin(r, 8, 32 * MiB - 1, 2), 0xc004000b);
        assert_int_equal(read_begin(r, 8, UINT64_MAX - 10, 100), 0xc004000b);
        assert_int_equal(read_begin(r, 3, 0, 512), 0xc003000c);
        assert_int_equal(read_begin(r, 99, 0, 512), 0xc003000c);
        /* nothing: two statuses */
        assert_int_equal(read_begin(r, 8, 0, 0), 0);
        assert_int_equal(status(r), 0);
        read_compare(r, 8, "user.img", 32 * MiB - 777, 777);
        rig_free(r);

        r = RIG("mt6785-ufs");
        start_agent(r);
        read_compare(r, 3, "lu2.img", 0, 1 * MiB);
        read_compare(r, 1, "lu0.img", 0, 65536);
        assert_int_equal(read_begin(r, 8, 0, 512), 0xc003000c);
        rig_free(r);
}

static void a_read_can_be_canceled(void **state)
{
        Rig *r = RIG("mt6765");
        uint8_t *data = malloc(2 * MiB);
        start_agent(r);
        assert_int_equal(read_begin(r, 8, 0, 8 * MiB), 0);
        assert_int_equal(status(r), 0);
        get_frame(r, data, 2 * MiB);
        word(r, 0xc0010002);
        assert_int_equal(status(r), 0xc0010002);
        read_compare(r, 8, "user.img", 4096, 4096);
        assert_int_equal(model_breaches(r->model), 0);
        free(data);
        rig_free(r);
}

static void storage_errors(void **state)
{
        uint8_t *data = malloc(2 * MiB);
        /* in the first chunk: one status; from the third on: two */
        for (unsigned chunk = 0; chunk < 4; chunk++) {
                char fault[64];
                snprintf(fault, sizeof(fault), "fault=storage@%u=0xc0040030",
                        chunk * 2 * 1024 * 1024 + 5);
                Rig *r = RIG("mt6765", fault);
                start_agent(r);
                assert_int_equal(read_begin(r, 8, 0, 9 * MiB), 0);
                for (unsigned i = 0; i < chunk; i++) {
                        assert_int_equal(status(r), 0);
                        get_frame(r, data, 2 * MiB);
                        word(r, 0);
                }
                assert_int_equal(status(r), 0xc0040030);
                if (chunk >= 2)
                        assert_int_equal(status(r), 0xc0040030);
                expect_silence(r, 20);
                rig_free(r);
        }
        free(data);
}

static void a_locked_agent_reads_nothing(void **state)
{
        Rig *r = RIG("mt6768-sla", "target_config=0");
        uint8_t d[64];
        start_agent(r);
        word(r, 0x10009);
        assert_int_equal(status(r), 0);
        word(r, 0x40016);
        assert_int_equal(status(r), 0);
        assert_int_equal(get_frame(r, d, sizeof(d)), 4);
        assert_int_equal(get_le32(d), 1);
        assert_int_equal(status(r), 0);
        word(r, 0x10009);
        assert_int_equal(status(r), 0);
        word(r, 0x40001);
        assert_int_equal(status(r), 0xc0010004);
        word(r, 0x10005);
        assert_int_equal(status(r), 0xc0010003);
        rig_free(r);
}

/* ---- hosts that break the rules ---- */

static void joined(Rig *r)
{
        OUT(r, 0xef, 0xee, 0xee, 0xfe, 1, 0, 0, 0, 4, 0, 0, 0, 9, 0, 1, 0);
}
static void zero_length(Rig *r)
{
        out(r, "", 0);
}
static void no_magic(Rig *r)
{
        OUT(r, 0, 0xee, 0xee, 0xfe, 1, 0, 0, 0, 4, 0, 0, 0);
}
static void too_long(Rig *r)
{
        OUT(r, 0xef, 0xee, 0xee, 0xfe, 1, 0, 0, 0, 8, 0, 0, 0);
}
static void early_command(Rig *r)
{
        r->collects = false;
        word(r, 0x10009);
        word(r, 0x40005);
        r->collects = true;
}
static void early_ack(Rig *r)
{
        uint8_t block[56] = { 1, 0, 0, 0, 8 };
        block[17] = 2;
        word(r, 0x10005);
        assert_int_equal(status(r), 0);
        r->collects = false;
        frame(r, block, sizeof(block));
        word(r, 0);
        r->collects = true;
}
static void write_data(Rig *r)
{
        uint8_t block[56] = { 1, 0, 0, 0, 8 };
        block[17] = 2;
        word(r, 0x10004);
        assert_int_equal(status(r), 0);
        frame(r, block, sizeof(block));
        assert_int_equal(status(r), 0xc002000c);
}
static void format(Rig *r)
{
        word(r, 0x10003);
        assert_int_equal(status(r), 0xc002000c);
}
static void long_shutdown(Rig *r)
{
        word(r, 0x10007);
        assert_int_equal(status(r), 0);
        OUT(r, 0xef, 0xee, 0xee, 0xfe, 1, 0, 0, 0, 32, 0, 0, 0);
}

static void breaches_are_named(void **state)
{
        static const struct {
                void (*run)(Rig *r);
                const char *line;
                bool stuck;
        } cases[] = {
                { joined, "breach joined", true },
                { zero_length, "breach zlp", true },
                { no_magic, "breach magic", true },
                { too_long, "breach frame", true },
                { early_command, "breach early", false },
                { early_ack, "breach early", false },
                { write_data, "breach write", false },
                { format, "breach write", false },
                { long_shutdown, "breach frame", true },
        };
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                Rig *r = RIG("mt6765");
                start_agent(r);
                assert_int_equal(model_breaches(r->model), 0);
                cases[i].run(r);
                run_for(r, 100);
                assert_int_equal(model_breaches(r->model), 1);
                assert_true(logged(r, cases[i].line));
                /* a device that is out of step never answers again */
                assert_int_equal(logged(r, "stuck"), cases[i].stuck);
                rig_free(r);
        }
}

static void a_wrong_sync_halts(void **state)
{
        Rig *r = RIG("mt6765");
        size_t size;
        const uint8_t *stage1 = region(r, 1, &size);
        handshake(r);
        send_agent(r, stage1, size);
        assert_true(have(r, 4));
        drop(r, 4);
        /* zero-length packets while the agent is sent are a harmless habit */
        out(r, "", 0);
        assert_int_equal(model_breaches(r->model), 0);
        assert_true(logged(r, "tolerated zlp"));
        jump(r);
        EXPECT(r, 0xc0);
        frame(r, "SINK", 4);
        assert_true(logged(r, "breach sync"));
        expect_silence(r, 500);
        rig_free(r);
}

static void no_storage_no_sync(void **state)
{
        Rig *r = RIG("mt6765", "storage=0");
        uint8_t env[20] = { 3, 0, 0, 0, 1 };
        size_t size;
        const uint8_t *stage1 = region(r, 1, &size);
        handshake(r);
        send_agent(r, stage1, size);
        assert_true(have(r, 4));
        drop(r, 4);
        jump(r);
        EXPECT(r, 0xc0);
        frame(r, "SYNC", 4);
        word(r, 0x10100);
        frame(r, env, sizeof(env));
        assert_int_equal(status(r), 0);
        word(r, 0x10101);
        word(r, 0);
        assert_int_equal(status(r), 0);
        expect_silence(r, 2000);
        rig_free(r);
}

/* ---- the wire ---- */

static void packet_borders_mean_nothing(void **state)
{
        static const char *const seeds[] = { "split=1", "split=2", "split=77", "zlps=5" };
        for (size_t i = 0; i < ELEMENTS(seeds); i++) {
                Rig *r = RIG("mt6765", seeds[i]);
                start_agent(r);
                read_compare(r, 8, "user.img", 100, 3 * MiB);
                assert_int_equal(r->zlps > 0, i == 3);
                assert_int_equal(model_breaches(r->model), 0);
                rig_free(r);
        }
}

static void small_answers_by_controller(void **state)
{
        for (int pairs = 0; pairs < 2; pairs++) {
                Rig *r = RIG("mt6765", pairs ? "packets=pairs" : "packets=bytes");
                start_agent(r);
                r->packets = 0;
                word(r, 0x10009);
                assert_int_equal(status(r), 0);
                assert_int_equal(r->packets, pairs ? 2 : 16);
                rig_free(r);
        }
}

static void the_wire_can_be_paced(void **state)
{
        Rig *r = RIG("mt6765", "pace=40");
        start_agent(r);
        uint64_t begin = r->now;
        read_compare(r, 8, "user.img", 0, 16 * MiB);
        /* 16 MiB at 40 MB/s are 419 ms, less a burst; the rest is the test's tick at each answer */
        assert_in_range(r->now - begin, 415000, 470000);
        rig_free(r);
}

/* Which fault a read of 4 MiB meets at 3 MiB and what the host then sees. */
static void faults_on_the_wire(void **state)
{
        static const struct {
                const char *word;
                int error;
                int64_t less; /* bytes that are missing at the end */
                bool gone, returns;
        } cases[] = {
                { "fault=short@3145728=100", 0, 0, false, false },
                { "fault=zlp@3145728", 0, 0, false, false },
                { "fault=lose@3145728=12", 0, 500, false, false },
                { "fault=babble@3145728", -EOVERFLOW, 512, false, false },
                { "fault=line@3145728", -EPROTO, 512, false, false },
                { "fault=garbage@3145728=7", 0, -7, false, false },
                { "fault=stall@3145728", -EPIPE, 1 * MiB, false, false },
                { "fault=hang@3145728", 0, 1 * MiB, false, false },
                { "fault=hang@3145728=50", 0, 0, false, false },
                { "fault=slow@3145728=2000", 0, 0, false, false },
                { "fault=unplug@3145728", -ENODEV, 1 * MiB, true, false },
                { "fault=unplug@3145728=300", -ENODEV, 1 * MiB, true, true },
                { "fault=reboot@3145728", -ENODEV, 1 * MiB, true, true },
        };
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                Rig *r = RIG("mt6765", cases[i].word);
                uint8_t *data = malloc(2 * MiB);
                start_agent(r);
                assert_int_equal(read_begin(r, 8, 0, 4 * MiB), 0);
                assert_int_equal(status(r), 0);
                assert_int_equal(get_frame(r, data, 2 * MiB), 2 * MiB);
                r->error = 0;
                word(r, 0);
                assert_int_equal(status(r), 0);
                assert_true(have(r, 12));
                drop(r, 12);
                run_for(r, 200);
                assert_int_equal(r->n_in, 2 * MiB - (size_t)cases[i].less);
                assert_int_equal(r->error, cases[i].error);
                assert_int_equal(model_attached(r->model), !cases[i].gone);
                assert_int_equal(model_returns(r->model), cases[i].returns);
                free(data);
                rig_free(r);
        }
}

static void faults_in_the_phone(void **state)
{
        /* a status */
        Rig *r = RIG("mt6765", "fault=status@read-params=0xc0040007");
        start_agent(r);
        assert_int_equal(read_begin(r, 8, 0, 512), 0xc0040007);
        rig_free(r);

        /* frames that cannot be */
        r = RIG("mt6765", "fault=magic@cmd:010005");
        start_agent(r);
        word(r, 0x10005);
        assert_true(have(r, 12));
        assert_int_not_equal(get_le32(r->in), 0xfeeeeeef);
        rig_free(r);
        r = RIG("mt6765", "fault=length@chunk=0xfffffff0");
        start_agent(r);
        assert_int_equal(read_begin(r, 8, 0, 4096), 0);
        assert_true(have(r, 16));
        assert_int_equal(get_le32(r->in + 8), 0xfffffff0);
        rig_free(r);

        /* a bit of the data */
        r = RIG("mt6765", "fault=flip@1000000");
        start_agent(r);
        uint8_t *data = malloc(2 * MiB), *want = malloc(2 * MiB);
        char path[600];
        snprintf(path, sizeof(path), "%s/user.img", r->config.flash);
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
        assert_int_equal(fd_pread_full(fd, want, 2 * MiB, 0), 0);
        assert_int_equal(read_begin(r, 8, 0, 2 * MiB), 0);
        assert_int_equal(status(r), 0);
        get_frame(r, data, 2 * MiB);
        size_t differ = 0;
        for (size_t i = 0; i < 2 * MiB; i++)
                differ += data[i] != want[i];
        assert_int_equal(differ, 1);
        free(data);
        free(want);
        rig_free(r);

        /* the sum of the agent */
        r = RIG("mt6765", "fault=checksum@agent-data");
        handshake(r);
        uint8_t agent[512] = { 0x12, 0x34 };
        send_agent(r, agent, sizeof(agent));
        EXPECT(r, 0x35, 0x13);
        rig_free(r);
}

/* Every step of a whole session can be the last one: the phone is gone, and nothing else breaks. */
static void the_cable_is_pulled_at_every_step(void **state)
{
        unsigned steps = 0;
        for (unsigned step = 1; step < 200; step++) {
                char fault[32];
                snprintf(fault, sizeof(fault), "fault=unplug@#%u", step);
                Rig *r = RIG("mt6765", fault);
                size_t size;
                const uint8_t *stage1 = region(r, 1, &size);
                plug(r);
                if (model_attached(r->model))
                        control(r, 0x2120);
                /* without asserts: the session just stops somewhere */
                static const uint8_t tokens[] = { 0xa0, 0xa0, 0x0a, 0x50, 0x05 };
                for (size_t i = 0; i < sizeof(tokens) && model_attached(r->model); i++) {
                        try_out(r, tokens + i, 1);
                        run_for(r, 30);
                }
                static const uint8_t head[] = { 0xfd, 0xd8, 0xe1, 0xd7 };
                for (size_t i = 0; i < sizeof(head) && model_attached(r->model); i++) {
                        try_out(r, head + i, 1);
                        run_for(r, 2);
                }
                uint8_t n[12] = { 0, 0x20, 0, 0 };
                put_be32(n + 4, (uint32_t)size);
                put_be32(n + 8, 0x100);
                try_out(r, n, 12);
                try_out(r, stage1, size);
                run_for(r, 20);
                bool done = model_attached(r->model);
                rig_free(r);
                if (done)
                        break;
                steps = step;
        }
        assert_in_range(steps, 8, 30);
}

static void strictness_is_counted(void **state)
{
        Rig *r = RIG("mt6765", "strict=1", "trace=1");
        start_agent(r);
        joined(r);
        assert_int_equal(model_breaches(r->model), 1);
        assert_true(logged(r, "step 1 listen"));
        assert_true(logged(r, "step"));
        rig_free(r);
}

/* ---- configuration and generators ---- */

static void words_of_a_configuration(void **state)
{
        static const char *const bad[] = { "", "window_ms", "window_ms=", "window_ms=x",
                "window_ms=12x", "strict=2", "ids=some", "nothing=1", "fault=", "fault=unplug",
                "fault=unplug@", "fault=explode@1", "fault=unplug@12x", "fault=status@a#x",
                "fault=status@1=y",
                "fault=status@a_name_that_is_much_too_long_for_a_step_of_any_kind" };
        PhoneConfig c;
        int keep = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY | O_CLOEXEC);
        assert_int_equal(config_init(&c, "mt9999"), -ENOENT);
        assert_int_equal(config_init(&c, "MT6765"), 0);
        dup2(null, STDERR_FILENO);
        for (size_t i = 0; i < ELEMENTS(bad); i++)
                assert_int_equal(config_set(&c, bad[i]), -EINVAL);
        dup2(keep, STDERR_FILENO);
        close(keep);
        close(null);
        assert_int_equal(config_set(&c, "window_ms=0x10"), 0);
        assert_int_equal(c.window_ms, 16);
        assert_int_equal(config_set(&c, "fault=status@chunk#3=0x11"), 0);
        assert_int_equal(c.n_faults, 1);
        assert_string_equal(c.faults[0].step, "chunk");
        assert_int_equal(c.faults[0].place, 3);
        assert_int_equal(c.faults[0].value, 0x11);
}

static uint64_t sum_of(const char *dir, const char *file)
{
        char path[600];
        uint64_t h = 1;
        uint8_t data[4096];
        ssize_t n;
        snprintf(path, sizeof(path), "%s/%s", dir, file);
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
        assert_true(fd >= 0);
        while ((n = read(fd, data, sizeof(data))) > 0)
                for (ssize_t i = 0; i < n; i++)
                        h = (h ^ data[i]) * 0x100000001b3;
        return h;
}

static void flashes_are_the_same_for_a_seed(void **state)
{
        static const struct {
                uint64_t seed, generation;
        } specs[] = { { 1, 0 }, { 1, 0 }, { 2, 0 }, { 1, 1 } };
        uint64_t users[4], boots[4];
        for (size_t i = 0; i < 4; i++) {
                FlashSpec s;
                char dir[100];
                flash_spec_init(&s);
                s.user_size = 16 * MiB;
                s.seed = specs[i].seed;
                s.generation = specs[i].generation;
                snprintf(dir, sizeof(dir), "%s/made%zu", top, i);
                assert_int_equal(flash_make(dir, &s), 0);
                users[i] = sum_of(dir, "user.img");
                boots[i] = sum_of(dir, "boot1.img");
        }
        assert_true(users[0] == users[1] && boots[0] == boots[1]);
        assert_true(users[0] != users[2] && boots[0] != boots[2]);
        assert_true(users[0] != users[3] && boots[0] == boots[3]);
}

static int set_up(void **state)
{
        FlashSpec s;
        char dir[100];
        if (!mkdtemp(top))
                return -1;
        flash_spec_init(&s);
        s.user_size = 32 * MiB;
        snprintf(dir, sizeof(dir), "%s/emmc", top);
        if (flash_make(dir, &s) < 0)
                return -1;
        s.ufs = true;
        snprintf(dir, sizeof(dir), "%s/ufs", top);
        return flash_make(dir, &s);
}

static int tear_down(void **state)
{
        return tree_remove_at(AT_FDCWD, top);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_phone_is_read),
                cmocka_unit_test(ready_needs_the_line_coding),
                cmocka_unit_test(a_pulled_cable),
                cmocka_unit_test(the_window_ends),
                cmocka_unit_test(the_first_a0_is_swallowed),
                cmocka_unit_test(a_wrong_token_starts_over),
                cmocka_unit_test(tokens_have_300_ms),
                cmocka_unit_test(words_of_eight_letters),
                cmocka_unit_test(control_requests_wait_for_a_round),
                cmocka_unit_test(the_watchdog_lets_it_go),
                cmocka_unit_test(registers_have_a_white_list),
                cmocka_unit_test(optional_commands),
                cmocka_unit_test(agents_are_refused),
                cmocka_unit_test(stages_belong_together),
                cmocka_unit_test(any_agent_of_others_is_accepted),
                cmocka_unit_test(read_packets_by_host_system),
                cmocka_unit_test(reads_are_checked),
                cmocka_unit_test(a_read_can_be_canceled),
                cmocka_unit_test(storage_errors),
                cmocka_unit_test(a_locked_agent_reads_nothing),
                cmocka_unit_test(breaches_are_named),
                cmocka_unit_test(a_wrong_sync_halts),
                cmocka_unit_test(no_storage_no_sync),
                cmocka_unit_test(packet_borders_mean_nothing),
                cmocka_unit_test(small_answers_by_controller),
                cmocka_unit_test(the_wire_can_be_paced),
                cmocka_unit_test(faults_on_the_wire),
                cmocka_unit_test(faults_in_the_phone),
                cmocka_unit_test(the_cable_is_pulled_at_every_step),
                cmocka_unit_test(strictness_is_counted),
                cmocka_unit_test(words_of_a_configuration),
                cmocka_unit_test(flashes_are_the_same_for_a_seed),
        };
        return cmocka_run_group_tests_name("model", tests, set_up, tear_down);
}
