/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "xflash-peer.h"

static unsigned replugs;

static int replug(void *userdata, Transport **ret, Failure *f)
{
        replugs++;
        return userdata ? -ENODEV : 0;
}

/* The settings of the board, whole: the agent chooses among its entries. */
static void test_memory(void **state)
{
        static const uint8_t block[16] = "MTK_BLOADER_INFO";
        const DramSettings dram = { .block = block, .size = sizeof block, .version = 20 };
        Peer p;
        DaSession *s = running_session(&p,
                COMMAND("0a 00 01 00") HOST_WORD("10 00 00 00") HOST("10 00 00 00", "*16")
                        PHONE_OK);

        s->target.dram = &dram;
        assert_int_equal(xflash_set_up_memory(s, NULL), 0);
        peer_done(&p);
        da_session_free(s);
}

/* Settings of another version are refused, and the person is told whose to bring. */
static void test_other_version(void **state)
{
        static const uint8_t block[16] = "MTK_BLOADER_INFO";
        const DramSettings dram = { .block = block, .size = sizeof block };
        Failure f = {};
        Peer p;
        DaSession *s = running_session(&p,
                COMMAND("0a 00 01 00") HOST_WORD("10 00 00 00") HOST("10 00 00 00", "*16")
                        PHONE_WORD("50 00 04 c0"));

        s->target.dram = &dram;
        assert_int_equal(xflash_set_up_memory(s, &f), -EACCES);
        assert_int_equal(f.status, 0xc0040050);
        assert_true(f.hint[0]);
        peer_done(&p);
        da_session_free(s);
}

static void test_none(void **state)
{
        Failure f = {};
        Peer p;
        DaSession *s = running_session(&p, "");

        assert_int_equal(xflash_set_up_memory(s, &f), -ENOKEY);
        assert_int_equal(f.id, ERROR_NO_DOWNLOAD_AGENT);
        peer_done(&p);
        da_session_free(s);
}

#define SPEED(length, text) CONTROL("0b 00 04 00") PHONE(length, text) PHONE_OK
#define FULL SPEED("0a 00 00 00", "66 75 6c 6c 2d 73 70 65 65 64")
#define HIGH SPEED("0a 00 00 00", "68 69 67 68 2d 73 70 65 65 64")

static void test_speed(void **state)
{
        static const struct {
                const char *script;
                bool there; /* somebody to find the phone again */
                unsigned replugs;
        } cases[] = {
                { "", false, 0 },
                { HIGH, true, 0 },
                { CONTROL_UNKNOWN("0b 00 04 00"), true, 0 },
                { FULL COMMAND("0b 00 01 00") HOST_WORD("00 00 00 00") PHONE_OK, true, 1 },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                Peer p;
                DaSession *s = running_session(&p, cases[i].script);

                replugs = 0;
                if (cases[i].there)
                        s->target.replug = replug;
                assert_int_equal(xflash_speed_up(s, NULL), 0);
                assert_int_equal(replugs, cases[i].replugs);
                peer_done(&p);
                da_session_free(s);
        }
}

/* It does not come back. */
static void test_speed_lost(void **state)
{
        Peer p;
        DaSession *s =
                running_session(&p, FULL COMMAND("0b 00 01 00") HOST_WORD("00 00 00 00") PHONE_OK);

        s->target.replug = replug;
        s->target.userdata = s;
        assert_int_equal(xflash_speed_up(s, NULL), -ENODEV);
        assert_true(s->lost);
        peer_done(&p);
        da_session_free(s);
}

TEST_MAIN(cmocka_unit_test(test_memory), cmocka_unit_test(test_other_version),
        cmocka_unit_test(test_none), cmocka_unit_test(test_speed),
        cmocka_unit_test(test_speed_lost))
