/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "peer.h"

#include "protocol/legacy-hello.h"

#define CONFIG "> ff 01 00 08 00 70 07 ff ff 01 00 00 00 00 02 01 02 00\n"
#define CONFIG_6583 "> ff 01 00 08 00 70 07 ff ff 01 00 00 00 00 02 00 02 00\n"
#define HELLO_5                                                                                    \
        "< c0\n< 00 00 0b c0\n< 00 05\n< 00 00 00 00 00 00 00 00 00 00\n< 00 00 00 00\n"           \
        "< 53 00 01 15 4d 45 4d 49 34 12 10 43 00 00 78 56\n> 5a\n< 04\n< 02\n< 93\n"
#define STAGE_2                                                                                    \
        "> 40 00 00 00 00 00 10 10 00 00 10 00\n< 5a\n> *4096\n< 5a\n> *16\n< 5a\n< 5a\n> 5a\n"
/* 228 bytes: five ids, 32-bit NAND size */
#define REPORT_5                                                                                   \
        "< 00 00 0b c3\n< *24 00\n"                                                                \
        "< 00 00 0b c4 00 ff ff 00 00 00 00 00 05\n< *19 00\n"                                     \
        "< 00 00 00 00 00 00 00 00 00 40 00 00\n< *56 00\n"                                        \
        "< 53 00 01 15 4d 45 4d 49 34 12 10 43 00 00 78 56\n< *8 00\n"                             \
        "< 00 00 0c 4f\n< *24 00\n< *38 00\n"

static uint8_t second[0x1010];

static LegacyStart start_of(uint16_t hw_code)
{
        return (LegacyStart){ .hw_code = hw_code,
                .brom_version = 0xff,
                .bl_version = 1,
                .second = second,
                .second_size = sizeof second,
                .second_address = 0x40000000 };
}

/* MT6735 as recorded: hello, 18 bytes of configuration, DRAM status, second stage in packets of
 * 4 KiB, report. */
static void test_two_stages(void **state)
{
        Peer p;
        Transport *t = peer_script(&p,
                HELLO_5 CONFIG "< 00 00 00 00\n" STAGE_2 REPORT_5
                               "< 5a\n< 00 00 0c 0c\n< 00 00 04 09\n< c1\n");
        LegacyStart start = start_of(0x0321);
        LegacyHello h;
        Failure f = {};

        assert_int_equal(legacy_hello(t, &start, &h, &f), 0);
        peer_done(&p);
        assert_false(h.single_stage);
        assert_int_equal(h.n_nand_ids, 5);
        assert_int_equal(h.chip, 0x93);
        assert_int_equal(h.n_words, 0);
        assert_true(h.report.boot1 == 0x400000);
        assert_memory_equal(h.report.cid, "\x15\x01\x00SIMEMC\x10\x12\x34", 12);
}

/* An agent that stays silent gets configuration words, one at a time, by what is known of its chip;
 * an unknown one zeros. */
static void test_config_word(void **state)
{
        static const struct {
                uint16_t hw_code;
                const char *script;
                unsigned n_words;
        } chips[] = {
                { 0x6583,
                        HELLO_5 CONFIG_6583 "> 00 00 00 00\n< 00 00 00 00\n" STAGE_2 REPORT_5
                                            "< 5a\n< 00 00 0c 0c\n< 00 00 04 09\n< c1\n",
                        1 },
                { 0x6582,
                        HELLO_5 CONFIG "> 00 00 00 01\n< 00 00 00 00\n" STAGE_2 REPORT_5
                                       "< 5a\n< 00 00 0c 0c\n< 00 00 04 09\n< c1\n",
                        1 },
                { 0x8590,
                        HELLO_5 CONFIG "> 00 00 00 00\n< 00 00 00 00\n" STAGE_2 REPORT_5
                                       "< 5a\n< 00 00 0c 0c\n< 00 00 04 09\n< c1\n",
                        1 },
                { 0x6580,
                        HELLO_5 CONFIG "> 00 00 00 01\n> 46 46 00 00\n> 00 00 00 00\n"
                                       "> 00 00 00 00\n> 00 00 00 00\n> ff 00 00 00\n"
                                       "< 00 00 00 00\n" STAGE_2 REPORT_5
                                       "< 5a\n< 00 00 0c 0c\n< 00 00 04 09\n< c1\n",
                        6 },
        };

        for (size_t i = 0; i < ELEMENTS(chips); i++) {
                Peer p;
                Transport *t = peer_script(&p, chips[i].script);
                LegacyStart start = start_of(chips[i].hw_code);
                LegacyHello h;

                assert_int_equal(legacy_hello(t, &start, &h, NULL), 0);
                peer_done(&p);
                assert_int_equal(h.n_words, chips[i].n_words);
        }
}

/* In boot ROM mode nobody has set up the memory of a 6583: the same word says so, and it asks. */
static void test_word_from_boot_rom(void **state)
{
        Peer p;
        Transport *t = peer_script(&p, HELLO_5 CONFIG_6583 "> 00 00 00 01\n< 00 00 0b bf\n");
        LegacyStart start = start_of(0x6583);
        LegacyHello h;
        Failure f = {};

        start.brom = true;
        assert_int_equal(legacy_hello(t, &start, &h, &f), -ENOKEY);
        assert_int_equal(f.id, ERROR_NO_DOWNLOAD_AGENT);
        peer_done(&p);
}

/* The wait before a word is long: a word too early is taken for the head of the second stage. */
static void test_patience(void **state)
{
        Peer p;
        Transport *t = peer_script(&p, HELLO_5 CONFIG "> 00 00 00 01\n! gone\n");
        LegacyStart start = start_of(0x6582);
        LegacyHello h;

        assert_int_equal(legacy_hello(t, &start, &h, NULL), -ENODEV);
        assert_true(p.timeout_max >= 3000);
        peer_done(&p);
}

/* An agent that wants more words than anybody knows is given up. */
static void test_endless_silence(void **state)
{
        Peer p;
        Transport *t = peer_script(&p, HELLO_5 CONFIG "> *4\n> *4\n> *4\n> *4\n> *4\n> *4\n> *4\n");
        LegacyStart start = start_of(0x6571);
        LegacyHello h;
        Failure f = {};

        assert_int_equal(legacy_hello(t, &start, &h, &f), -ETIMEDOUT);
        assert_int_equal(f.id, ERROR_PROTOCOL_VIOLATION);
        peer_done(&p);
}

/* MT6592 says 20 bytes more behind a good status. */
static void test_dram_extras(void **state)
{
        Peer p;
        Transport *t = peer_script(&p,
                HELLO_5 CONFIG "< 00 00 00 00\n< 00 00 00 04\n< *16 00\n" STAGE_2 REPORT_5
                               "< 5a\n< 00 00 0c 0c\n< 00 00 04 09\n< c1\n");
        LegacyStart start = start_of(0x6592);
        LegacyHello h;

        assert_int_equal(legacy_hello(t, &start, &h, NULL), 0);
        peer_done(&p);
}

/* One stage, MT6577 of the capture: table of NAND devices instead of a second stage. */
static void test_one_stage(void **state)
{
        Peer p;
        Transport *t = peer_script(&p,
                "< c0\n< 03\n< 02\n< 84\n> ff 01 00 08 00 70 07 ff ff 02\n< 5a\n< 00 00 00 34\n"
                "> 00 00 00 02\n< 5a\n> *52\n< 69\n> *52\n< 69\n"
                "< 00 00 0b c3\n< *54 00\n< 00 00 00 00 00 10 00 00\n< *28 00\n< e9 00 00 00\n"
                "< *78 00\n< 5a\n< 00 00 0c 06\n< 00 00 04 09\n< c1\n");
        LegacyStart start = start_of(0x6575);
        LegacyHello h;

        start.second_size = 104;
        assert_int_equal(legacy_hello(t, &start, &h, NULL), 0);
        peer_done(&p);
        assert_true(h.single_stage);
        assert_int_equal(h.chip, 0x84);
        assert_true(h.report.user == 0xe9000000);

        /* the phone may know its device and stop the table */
        t = peer_script(&p,
                "< c0 03 02 84\n> *10\n< 5a 00 00 00 34\n> 00 00 00 02\n< 5a\n> *52\n< 5a\n! "
                "gone\n");
        assert_int_equal(legacy_hello(t, &start, &h, NULL), -ENODEV);
        peer_done(&p);
}

static void test_table_of_another_size(void **state)
{
        Peer p;
        Transport *t = peer_script(&p, "< c0 03 02 84\n> *10\n< 5a 00 00 00 38\n");
        LegacyStart start = start_of(0x6575);
        LegacyHello h;
        Failure f = {};

        start.second_size = 104;
        assert_int_equal(legacy_hello(t, &start, &h, &f), -EINVAL);
        assert_int_equal(f.id, ERROR_NO_DOWNLOAD_AGENT);
        assert_true(f.hint[0]);
        peer_done(&p);
}

/* Started by the boot ROM, an agent asks for memory settings; without them the person is told. */
static void test_no_dram(void **state)
{
        Peer p;
        Transport *t = peer_script(&p, HELLO_5 CONFIG "< 00 00 0b c3\n");
        LegacyStart start = start_of(0x0321);
        LegacyHello h;
        Failure f = {};

        assert_int_equal(legacy_hello(t, &start, &h, &f), -ENOKEY);
        assert_int_equal(f.id, ERROR_NO_DOWNLOAD_AGENT);
        assert_non_null(strstr(f.hint, "agents import preloader"));
        peer_done(&p);
}

static void test_failures(void **state)
{
        static const struct {
                const char *script;
                int error;
                ErrorId id;
        } cases[] = {
                { "< c0 05\n", -EPROTO, ERROR_PROTOCOL_VIOLATION },
                { "< ff 00\n", -EPROTO, ERROR_PROTOCOL_VIOLATION },
                { "", -ETIMEDOUT, ERROR_PROTOCOL_VIOLATION },
                { "< c0 00 00 0b c0 ff ff\n", -EPROTO, ERROR_PROTOCOL_VIOLATION },
                { HELLO_5 CONFIG "< 00 00 0b ba\n", -EREMOTEIO, ERROR_DEVICE_REFUSED },
                { HELLO_5 CONFIG "< 00 00 00 00\n> *12\n< a5 00 00 04 10\n", -EREMOTEIO,
                        ERROR_DEVICE_REFUSED },
                { HELLO_5 CONFIG "< 00 00 00 00\n> *12\n< 5a\n> *4096\n< 5a\n> *16\n< 5a\n< 96\n",
                        -EPROTO, ERROR_PROTOCOL_VIOLATION },
                { HELLO_5 CONFIG "< 00 00 00 00\n" STAGE_2 "< *240 00\n", -EPROTO,
                        ERROR_PROTOCOL_VIOLATION },
                { HELLO_5 CONFIG "< 00 00 00 00\n" STAGE_2 REPORT_5
                                 "< 5a\n< 00 00 0c 0c\n< 00 00 04 09\n< cf\n",
                        -EREMOTEIO, ERROR_DEVICE_REFUSED },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                Peer p;
                Transport *t = peer_script(&p, cases[i].script);
                LegacyStart start = start_of(0x0321);
                LegacyHello h;
                Failure f = {};

                assert_int_equal(legacy_hello(t, &start, &h, &f), cases[i].error);
                assert_int_equal(f.id, cases[i].id);
                assert_null(p.problem);
                peer_free(t);
        }
}

TEST_MAIN(cmocka_unit_test(test_two_stages), cmocka_unit_test(test_config_word),
        cmocka_unit_test(test_word_from_boot_rom), cmocka_unit_test(test_patience),
        cmocka_unit_test(test_endless_silence), cmocka_unit_test(test_dram_extras),
        cmocka_unit_test(test_one_stage), cmocka_unit_test(test_table_of_another_size),
        cmocka_unit_test(test_no_dram), cmocka_unit_test(test_failures))
