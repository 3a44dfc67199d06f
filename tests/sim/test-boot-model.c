/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A phone that listens, and what its preloader does when it is told to. */

#include <errno.h>
#include <string.h>

#include "model-rig.h"

/* ---- listening ---- */

static void a_phone_is_read(void **state)
{
        Rig *r = RIG("mt6765");
        rig_start_agent(r);
        rig_read_compare(r, 8, "user.img", 0, 5 * MiB + 12345);
        rig_read_compare(r, 1, "boot1.img", 0, 4 * MiB);
        rig_word(r, 0x10007);
        assert_int_equal(rig_status(r), 0);
        rig_frame(r, (uint8_t[24]){ 1 }, 24);
        assert_int_equal(rig_status(r), 0);
        assert_int_equal(model_breaches(r->model), 0);
        /* it resets, listens again, and boots when nobody speaks to it */
        rig_run(r, 250);
        assert_false(model_attached(r->model));
        assert_true(model_returns(r->model));
        rig_run(r, 550);
        assert_true(model_attached(r->model));
        rig_control(r, 0x0009);
        rig_run(r, 2600);
        assert_false(model_attached(r->model));
        assert_false(model_returns(r->model));
        assert_int_equal(model_boots(r->model), 1);
        rig_free(r);
}

static void ready_needs_the_line_coding(void **state)
{
        Rig *r = RIG("mt6765");
        rig_plug(r);
        rig_expect_silence(r, 200);
        rig_control(r, 0x2120);
        rig_run(r, 201);
        /* one every 20 ms as long as they are taken */
        assert_in_range(r->n_in / 5, 9, 11);
        assert_int_equal(r->packets, r->n_in / 5);
        assert_memory_equal(r->in, "READYREADY", 10);
        /* not taken, each holds the phone up for 300 ms */
        r->collects = false;
        rig_run(r, 900);
        r->n_in = 0;
        rig_collect(r);
        assert_int_equal(r->n_in, 5);
        rig_free(r);
}

static void a_pulled_cable(void **state)
{
        /* while it listens it starts again; in its command loop it waits on */
        Rig *r = RIG("mt6765");
        rig_plug(r);
        rig_run(r, 2000);
        model_unplug(r->model);
        rig_run(r, 2000);
        model_replug(r->model);
        rig_control(r, 0x0009);
        rig_run(r, 2000);
        assert_true(model_attached(r->model));
        rig_free(r);
        r = RIG("mt6765");
        rig_handshake(r);
        model_unplug(r->model);
        rig_run(r, 60000);
        model_replug(r->model);
        rig_control(r, 0x0009);
        OUT(r, 0xfd);
        EXPECT(r, 0xfd, 0x07, 0x66, 0, 0);
        rig_free(r);
}

static void the_window_ends(void **state)
{
        Rig *r = RIG("mt6765", "window_ms=1000");
        rig_plug(r);
        rig_run(r, 990);
        assert_true(model_attached(r->model));
        rig_run(r, 40);
        assert_false(model_attached(r->model));
        assert_int_equal(model_boots(r->model), 1);
        rig_free(r);

        r = RIG("mt6765", "window_ms=1000", "android=1");
        rig_plug(r);
        rig_run(r, 2000);
        assert_true(model_attached(r->model));
        assert_int_equal(model_usb(r->model)->product, 0x2008);
        rig_free(r);

        /* ended by hand */
        r = RIG("mt6765", "window_ms=600000");
        rig_plug(r);
        rig_run(r, 30000);
        assert_true(model_attached(r->model));
        assert_int_equal(model_change(r->model, "window_ms=x"), -EINVAL);
        assert_int_equal(model_change(r->model, "window_ms=0"), 0);
        rig_run(r, 30);
        assert_int_equal(model_boots(r->model), 1);
        rig_free(r);

        /* another one after a reset */
        r = RIG("mt6765", "window_ms=600000", "again_ms=200", "reboot_ms=10",
                "fault=reboot@tokens");
        rig_plug(r);
        OUT(r, 0xa0);
        rig_run(r, 50);
        assert_int_equal(model_boots(r->model), 0);
        rig_control(r, 0x0009);
        rig_run(r, 190);
        assert_int_equal(model_boots(r->model), 0);
        rig_run(r, 30);
        assert_int_equal(model_boots(r->model), 1);
        rig_free(r);

        /* no host at all */
        r = RIG("mt6765");
        model_power_on(r->model);
        rig_run(r, 7990);
        assert_true(model_attached(r->model));
        rig_run(r, 20);
        assert_int_equal(model_boots(r->model), 1);
        rig_free(r);
}

static void the_first_a0_is_swallowed(void **state)
{
        Rig *r = RIG("mt6765");
        rig_plug(r);
        /* all four in one packet are one chunk: thrown away as a whole */
        OUT(r, 0xa0, 0x0a, 0x50, 0x05);
        rig_expect_silence(r, 100);
        OUT(r, 0xa0);
        EXPECT(r, 0x5f);
        /* again after a good one: no answer, no harm */
        OUT(r, 0xa0);
        rig_expect_silence(r, 20);
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
        rig_plug(r);
        OUT(r, 0xa0);
        rig_run(r, 30);
        OUT(r, 0xa0);
        EXPECT(r, 0x5f);
        OUT(r, 0x50);
        EXPECT(r, 0x51);
        OUT(r, 0x0a);
        EXPECT(r, 0x0b);
        OUT(r, 0xa0);
        EXPECT(r, 0x5f);
        assert_int_equal(model_breaches(r->model), 2);
        assert_true(rig_logged(r, "breach token"));
        rig_free(r);
}

static void tokens_have_300_ms(void **state)
{
        Rig *r = RIG("mt6765");
        rig_plug(r);
        rig_control(r, 0x2120);
        OUT(r, 0xa0);
        rig_run(r, 30);
        r->n_in = 0;
        OUT(r, 0xa0);
        EXPECT(r, 0x5f);
        rig_run(r, 310);
        EXPECT(r, 'R', 'E', 'A', 'D', 'Y');
        /* the window is still the first one */
        rig_run(r, 2200);
        assert_int_equal(model_boots(r->model), 1);
        rig_free(r);

        /* or as many as a busy machine needs */
        r = RIG("mt6765", "tokens_ms=1000");
        rig_plug(r);
        OUT(r, 0xa0);
        rig_run(r, 30);
        OUT(r, 0xa0);
        EXPECT(r, 0x5f);
        rig_run(r, 900);
        OUT(r, 0x0a);
        EXPECT(r, 0xf5);
        rig_free(r);
}

static void words_of_eight_letters(void **state)
{
        Rig *r = RIG("mt6765");
        rig_plug(r);
        rig_out(r, "AT+GCAP\r", 8);
        rig_run(r, 50);
        /* what a modem program sends makes nobody boot: it is a command that is not known */
        EXPECT(r, 'A', 'T', '+', 'U', 'N', 'K', 'O', 'N', 'W', 'N');
        for (const char *c = "ABCDEFGH"; *c; c++) {
                rig_out(r, c, 1);
                rig_run(r, 25);
        }
        assert_false(model_attached(r->model));
        assert_int_equal(model_boots(r->model), 1);
        rig_free(r);

        r = RIG("mt6765");
        rig_plug(r);
        rig_out(r, "METAMETA", 8);
        rig_run(r, 19);
        EXPECT(r, 'A', 'T', 'E', 'M', 'A', 'T', 'E', 'M');
        assert_true(rig_logged(r, "mode meta"));
        rig_free(r);
}

static void control_requests_wait_for_a_round(void **state)
{
        static const uint8_t get_device[8] = { 0x80, 6, 0, 1, 0, 0, 18, 0 };
        Rig *r = RIG("mt6765");
        uint8_t data[18];
        uint64_t when, most = 0;
        rig_plug(r);
        for (int i = 0; i < 100; i++) {
                rig_run(r, 7);
                assert_int_equal(
                        model_control(r->model, get_device, data, sizeof(data), &when), 18);
                assert_true(when >= r->now && when <= r->now + 20000);
                most = MAX(most, when - r->now);
        }
        assert_true(most > 15000);
        rig_free(r);
        r = RIG("mt6765");
        rig_handshake(r);
        assert_int_equal(model_control(r->model, get_device, data, sizeof(data), &when), 18);
        assert_int_equal(when, r->now);
        rig_free(r);
}

/* ---- commands ---- */

static void the_watchdog_lets_it_go(void **state)
{
        Rig *r = RIG("mt6765");
        rig_handshake(r);
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
        rig_run(r, 20);
        assert_false(model_attached(r->model));
        rig_run(r, 600);
        assert_true(model_attached(r->model));
        rig_run(r, 8100);
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
        rig_handshake(r);
        for (size_t i = 0; i < ELEMENTS(refused); i++) {
                uint8_t n[4], s[2];
                OUT(r, refused[i].op);
                EXPECT(r, refused[i].op);
                put_be32(n, refused[i].address);
                rig_out(r, n, 4);
                rig_expect(r, n, 4);
                put_be32(n, refused[i].count);
                rig_out(r, n, 4);
                rig_expect(r, n, 4);
                s[0] = (uint8_t)(refused[i].status >> 8);
                s[1] = (uint8_t)refused[i].status;
                rig_expect(r, s, 2);
                rig_expect_silence(r, 5);
        }
        OUT(r, 0xfd);
        EXPECT(r, 0xfd, 0x07, 0x66, 0, 0);
        rig_free(r);
}

static void optional_commands(void **state)
{
        static const uint8_t some[] = { 0xe1, 0xe7, 0xfb };
        Rig *r = RIG("mt6765", "optional=0");
        rig_handshake(r);
        for (size_t i = 0; i < sizeof(some); i++) {
                OUT(r, some[i]);
                EXPECT(r, some[i]);
                rig_expect_silence(r, 20);
        }
        rig_free(r);

        /* ids differ between phones and stay the same for one */
        uint8_t ids[3][16];
        static const char *const serials[] = { "serial=1", "serial=2", "serial=1" };
        for (size_t i = 0; i < 3; i++) {
                r = RIG("mt6765", serials[i]);
                rig_handshake(r);
                OUT(r, 0xe1);
                EXPECT(r, 0xe1, 0, 0, 0, 16);
                assert_true(rig_have(r, 18));
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
                rig_handshake(r);
                rig_send_agent(r, agent, cases[i].size);
                EXPECT(r, 0x34, 0x12, (uint8_t)(cases[i].status >> 8), (uint8_t)cases[i].status);
                rig_run(r, 600);
                assert_int_equal(model_attached(r->model), cases[i].status == 0);
                assert_int_equal(model_returns(r->model), cases[i].status != 0);
                free(agent);
                rig_free(r);
        }
        /* a jump without an agent */
        Rig *r = RIG("mt6765");
        rig_handshake(r);
        OUT(r, 0xd5);
        EXPECT(r, 0xd5);
        OUT(r, 0, 0x20, 0, 0);
        EXPECT(r, 0, 0x20, 0, 0, 0x70, 0x24);
        assert_int_equal(model_breaches(r->model), 1);
        rig_free(r);
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
        };
        return cmocka_run_group_tests_name("boot-model", tests, rig_set_up, rig_tear_down);
}
