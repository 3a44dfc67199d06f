/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Packets, their speed, and the faults that a phone can be given. */

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "basic/fd.h"
#include "model-rig.h"

static void packet_borders_mean_nothing(void **state)
{
        static const char *const seeds[] = { "split=1", "split=2", "split=77", "zlps=5" };
        for (size_t i = 0; i < ELEMENTS(seeds); i++) {
                Rig *r = RIG("mt6765", seeds[i]);
                rig_start_agent(r);
                rig_read_compare(r, 8, "user.img", 100, 3 * MiB);
                assert_int_equal(r->zlps > 0, i == 3);
                assert_int_equal(model_breaches(r->model), 0);
                rig_free(r);
        }
}

static void small_answers_by_controller(void **state)
{
        for (int pairs = 0; pairs < 2; pairs++) {
                Rig *r = RIG("mt6765", pairs ? "packets=pairs" : "packets=bytes");
                rig_start_agent(r);
                r->packets = 0;
                rig_word(r, 0x10009);
                assert_int_equal(rig_status(r), 0);
                assert_int_equal(r->packets, pairs ? 2 : 16);
                rig_free(r);
        }
}

static void the_wire_can_be_paced(void **state)
{
        Rig *r = RIG("mt6765", "pace=40");
        rig_start_agent(r);
        uint64_t begin = r->now;
        rig_read_compare(r, 8, "user.img", 0, 16 * MiB);
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
                rig_start_agent(r);
                assert_int_equal(rig_read_begin(r, 8, 0, 4 * MiB), 0);
                assert_int_equal(rig_status(r), 0);
                assert_int_equal(rig_get_frame(r, data, 2 * MiB), 2 * MiB);
                r->error = 0;
                rig_word(r, 0);
                assert_int_equal(rig_status(r), 0);
                assert_true(rig_have(r, 12));
                rig_drop(r, 12);
                rig_run(r, 200);
                assert_int_equal(r->n_in, 2 * MiB - (size_t)cases[i].less);
                assert_int_equal(r->error, cases[i].error);
                assert_int_equal(model_attached(r->model), !cases[i].gone);
                assert_int_equal(model_returns(r->model), cases[i].returns);
                if (cases[i].less == 1 * MiB && r->error == 0) {
                        /* it hangs until somebody says that it goes on */
                        model_go_on(r->model);
                        rig_run(r, 200);
                        assert_int_equal(r->n_in, 2 * MiB);
                }
                free(data);
                rig_free(r);
        }
}

static void faults_in_the_phone(void **state)
{
        /* a status */
        Rig *r = RIG("mt6765", "fault=status@read-params=0xc0040007");
        rig_start_agent(r);
        assert_int_equal(rig_read_begin(r, 8, 0, 512), 0xc0040007);
        rig_free(r);

        /* frames that cannot be */
        r = RIG("mt6765", "fault=magic@cmd:010005");
        rig_start_agent(r);
        rig_word(r, 0x10005);
        assert_true(rig_have(r, 12));
        assert_int_not_equal(get_le32(r->in), 0xfeeeeeef);
        rig_free(r);
        r = RIG("mt6765", "fault=length@chunk=0xfffffff0");
        rig_start_agent(r);
        assert_int_equal(rig_read_begin(r, 8, 0, 4096), 0);
        assert_true(rig_have(r, 16));
        assert_int_equal(get_le32(r->in + 8), 0xfffffff0);
        rig_free(r);

        /* a bit of the data */
        r = RIG("mt6765", "fault=flip@1000000");
        rig_start_agent(r);
        uint8_t *data = malloc(2 * MiB), *want = malloc(2 * MiB);
        char path[600];
        snprintf(path, sizeof(path), "%s/user.img", r->config.flash);
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
        assert_int_equal(fd_pread_full(fd, want, 2 * MiB, 0), 0);
        assert_int_equal(rig_read_begin(r, 8, 0, 2 * MiB), 0);
        assert_int_equal(rig_status(r), 0);
        rig_get_frame(r, data, 2 * MiB);
        size_t differ = 0;
        for (size_t i = 0; i < 2 * MiB; i++)
                differ += data[i] != want[i];
        assert_int_equal(differ, 1);
        free(data);
        free(want);
        rig_free(r);

        /* the sum of the agent */
        r = RIG("mt6765", "fault=checksum@agent-data");
        rig_handshake(r);
        uint8_t agent[512] = { 0x12, 0x34 };
        rig_send_agent(r, agent, sizeof(agent));
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
                const uint8_t *stage1 = rig_region(r, 1, &size);
                rig_plug(r);
                if (model_attached(r->model))
                        rig_control(r, 0x2120);
                /* without asserts: the session just stops somewhere */
                static const uint8_t tokens[] = { 0xa0, 0xa0, 0x0a, 0x50, 0x05 };
                for (size_t i = 0; i < sizeof(tokens) && model_attached(r->model); i++) {
                        rig_try_out(r, tokens + i, 1);
                        rig_run(r, 30);
                }
                static const uint8_t head[] = { 0xfd, 0xd8, 0xe1, 0xd7 };
                for (size_t i = 0; i < sizeof(head) && model_attached(r->model); i++) {
                        rig_try_out(r, head + i, 1);
                        rig_run(r, 2);
                }
                uint8_t n[12] = { 0, 0x20, 0, 0 };
                put_be32(n + 4, (uint32_t)size);
                put_be32(n + 8, 0x100);
                rig_try_out(r, n, 12);
                rig_try_out(r, stage1, size);
                rig_run(r, 20);
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
        rig_start_agent(r);
        OUT(r, 0xef, 0xee, 0xee, 0xfe, 1, 0, 0, 0, 4, 0, 0, 0, 9, 0, 1, 0); /* joined */
        assert_int_equal(model_breaches(r->model), 1);
        assert_true(rig_logged(r, "step 1 listen"));
        assert_true(rig_logged(r, "step"));
        rig_free(r);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(packet_borders_mean_nothing),
                cmocka_unit_test(small_answers_by_controller),
                cmocka_unit_test(the_wire_can_be_paced),
                cmocka_unit_test(faults_on_the_wire),
                cmocka_unit_test(faults_in_the_phone),
                cmocka_unit_test(the_cable_is_pulled_at_every_step),
                cmocka_unit_test(strictness_is_counted),
        };
        return cmocka_run_group_tests_name("model-wire", tests, rig_set_up, rig_tear_down);
}
