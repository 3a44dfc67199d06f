/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "peer.h"

#include "protocol/handshake.h"

static int shake(const char *script, Failure *f)
{
        Peer p;
        int r = handshake(peer_script(&p, script), HANDSHAKE_WINDOW_MS, f);

        peer_done(&p);
        return r;
}

/* As a preloader does it: READY until the host speaks, the first A0 swallowed, then each token
 * answered by its complement. */
static void test_preloader(void **state)
{
        assert_int_equal(shake("< 52 45 41 44 59\n"
                               "> a0\n"
                               "< 52 45 41 44 59\n" /* was under way */
                               "> a0\n"
                               "< 5f\n"
                               "> 0a\n"
                               "< f5\n"
                               "> 50\n"
                               "< af\n"
                               "> 05\n"
                               "< fa\n",
                                 NULL),
                0);
}

static void test_boot_rom_answers_at_once(void **state)
{
        assert_int_equal(shake("> a0\n< 5f\n> 0a\n< f5\n> 50\n< af\n> 05\n< fa\n", NULL), 0);
}

static void test_ready_in_any_pieces(void **state)
{
        assert_int_equal(shake("< 59\n< 52 45\n< 41 44 59 52\n"
                               "> a0\n< 45 41 44 59 52 45 41 44 59 5f\n"
                               "> 0a\n< f5\n> 50\n< af\n> 05\n< fa\n",
                                 NULL),
                0);
}

/* Older phones answer a surplus A0 with A1 and start over. */
static void test_start_over_after_a_wrong_token(void **state)
{
        assert_int_equal(shake("> a0\n"
                               "> a0\n"
                               "< 5f a1\n"
                               "> 0a\n"
                               "< 0b\n"
                               "> a0\n"
                               "< 5f\n> 0a\n< f5\n> 50\n< af\n> 05\n< fa\n",
                                 NULL),
                0);
}

/* Too slow: it is back at READY, and again swallows the first A0. */
static void test_start_over_after_falling_back(void **state)
{
        assert_int_equal(shake("> a0\n< 5f\n> 0a\n"
                               "< 52 45 41 44 59\n"
                               "> a0\n"
                               "> a0\n"
                               "< 5f\n> 0a\n< f5\n> 50\n< af\n> 05\n< fa\n",
                                 NULL),
                0);
        /* or it fell silent in the middle */
        assert_int_equal(shake("> a0\n< 5f\n> 0a\n< f5\n> 50\n"
                               "> a0\n< 5f\n> 0a\n< f5\n> 50\n< af\n> 05\n< fa\n",
                                 NULL),
                0);
}

static void test_already_in_the_command_loop(void **state)
{
        assert_int_equal(shake("> a0\n< a0\n", NULL), 1);
        /* every A0 is echoed */
        assert_int_equal(shake("> a0\n> a0\n> a0\n< a0 a0 a0\n", NULL), 1);
}

static void test_never_answered(void **state)
{
        Failure f = { 0 };
        Peer p;

        peer_script(&p, "> a0\n> a0\n> a0\n> a0\n> a0\n> a0\n> a0\n> a0\n> a0\n> a0\n");
        assert_int_equal(handshake(&p.transport, 50, &f), -ETIMEDOUT);
        assert_int_equal(f.id, ERROR_HANDSHAKE_TIMEOUT);
        assert_non_null(strstr(f.text, "still runs on it"));
        assert_true(f.hint[0]);
        peer_free(&p.transport);

        /* one that says READY is a loader, and no agent that was left running */
        f = (Failure){ 0 };
        peer_script(&p,
                "< 52 45 41 44 59\n> a0\n< 52 45 41 44 59\n> a0\n> a0\n> a0\n> a0\n> a0\n> a0\n> "
                "a0\n");
        assert_int_equal(handshake(&p.transport, 50, &f), -ETIMEDOUT);
        assert_null(strstr(f.text, "still runs on it"));
        peer_free(&p.transport);
}

static void test_unplugged(void **state)
{
        static const char *const scripts[] = { "! gone", "> a0\n! gone", "> a0\n< 5f\n! gone",
                "> a0\n< 5f\n> 0a\n< f5\n! gone",
                "> a0\n< 5f\n> 0a\n< f5\n> 50\n< af\n> 05\n! gone" };

        for (size_t i = 0; i < ELEMENTS(scripts); i++) {
                Failure f = { 0 };

                assert_int_equal(shake(scripts[i], &f), -ENODEV);
                assert_int_equal(f.id, ERROR_DEVICE_GONE);
        }
}

static void hear_and_babble(Peer *p, const uint8_t *data, size_t size)
{
        uint8_t noise[4096];

        memset(noise, *(uint8_t *)p->model, sizeof(noise));
        peer_say(p, noise, sizeof(noise));
}

/* A device that talks all the time, sense or not, ends in an error, too. */
static void test_babble(void **state)
{
        uint8_t noise[] = { 0x00, 'R', 0x0b };

        for (size_t i = 0; i < ELEMENTS(noise); i++) {
                Failure f = { 0 };
                Peer p;

                peer_init(&p, hear_and_babble);
                p.model = &noise[i];
                assert_true(handshake(&p.transport, 60, &f) < 0);
                assert_true(f.id == ERROR_HANDSHAKE_TIMEOUT || f.id == ERROR_PROTOCOL_VIOLATION);
                peer_free(&p.transport);
        }
}

static int refuse(void *userdata)
{
        return -ECANCELED;
}

static void test_canceled(void **state)
{
        Failure f = { 0 };
        Peer p;

        peer_script(&p, "> a0\n")->tick = refuse;
        assert_int_equal(handshake(&p.transport, 1000, &f), -ECANCELED);
        assert_int_equal(f.id, ERROR_CANCELED);
        peer_done(&p);
}

TEST_MAIN(cmocka_unit_test(test_preloader), cmocka_unit_test(test_boot_rom_answers_at_once),
        cmocka_unit_test(test_ready_in_any_pieces),
        cmocka_unit_test(test_start_over_after_a_wrong_token),
        cmocka_unit_test(test_start_over_after_falling_back),
        cmocka_unit_test(test_already_in_the_command_loop), cmocka_unit_test(test_never_answered),
        cmocka_unit_test(test_unplugged), cmocka_unit_test(test_babble),
        cmocka_unit_test(test_canceled))
