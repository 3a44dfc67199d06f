/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "xflash-peer.h"

/* A getter: command, control code, value, closing status. */
static void test_get(void **state)
{
        uint8_t data[8];
        size_t size;
        Peer p;
        DaSession *s = running_session(
                &p, CONTROL("05 00 04 00") PHONE("03 00 00 00", "31 2e 30") PHONE_OK);

        assert_int_equal(xflash_get(s, XFLASH_GET_DA_VERSION, data, sizeof(data), &size, NULL), 1);
        assert_int_equal(size, 3);
        assert_memory_equal(data, "1.0", 3);
        peer_done(&p);
        da_session_free(s);
}

static void check_absent(const char *script)
{
        uint8_t data[8];
        size_t size;
        Failure f = { 0 };
        Peer p;
        DaSession *s = running_session(&p, script);

        assert_int_equal(
                xflash_get(s, XFLASH_GET_BATTERY_VOLTAGE, data, sizeof(data), &size, &f), 0);
        assert_false(failure_is_set(&f));
        assert_false(s->lost);
        peer_done(&p);
        da_session_free(s);
}

/* Three ways of having nothing to say; the agent stays usable after each. */
static void test_no_value(void **state)
{
        check_absent(CONTROL_UNKNOWN("0f 00 04 00"));
        check_absent(CONTROL("0f 00 04 00") PHONE_WORD("06 00 04 c0"));
        check_absent(CONTROL("0f 00 04 00") PHONE_WORD("e8 0f 00 00") PHONE_WORD("01 00 04 c0"));
}

static void test_long_values_are_cut(void **state)
{
        uint8_t data[2];
        size_t size;
        Peer p;
        DaSession *s =
                running_session(&p, CONTROL("0f 00 04 00") PHONE("08 00 00 00", "*8 07") PHONE_OK);

        assert_int_equal(xflash_get(s, XFLASH_GET_BATTERY_VOLTAGE, data, 2, &size, NULL), 1);
        assert_int_equal(size, 2);
        peer_done(&p);
        da_session_free(s);
}

static void test_set(void **state)
{
        Peer p;
        DaSession *s = running_session(&p,
                CONTROL("03 00 02 00") HOST_WORD("00 00 00 00")
                        PHONE_OK CONTROL_UNKNOWN("03 00 02 00"));

        assert_int_equal(xflash_set(s, XFLASH_SET_CHECKSUM_LEVEL, "\0\0\0", 4, NULL), 1);
        assert_int_equal(xflash_set(s, XFLASH_SET_CHECKSUM_LEVEL, "\0\0\0", 4, NULL), 0);
        peer_done(&p);
        da_session_free(s);
}

static void check_lost(const char *script, int error, ErrorId id)
{
        uint8_t data[8];
        size_t size;
        Failure f = { 0 };
        Peer p;
        DaSession *s = running_session(&p, script);

        assert_int_equal(xflash_get(s, XFLASH_GET_DA_VERSION, data, 8, &size, &f), error);
        assert_int_equal(f.id, id);
        assert_true(s->lost);
        assert_int_equal(da_session_finish(s, DA_FINISH_REBOOT, NULL), -EPROTO);
        peer_free(&p.transport);
        da_session_free(s);
}

static void test_out_of_step(void **state)
{
        check_lost(HOST_WORD("09 00 01 00"), -ETIMEDOUT, ERROR_PROTOCOL_VIOLATION);
        check_lost(HOST_WORD("09 00 01 00") "< *16 00\n", -EPROTO, ERROR_PROTOCOL_VIOLATION);
        check_lost(COMMAND("09 00 01 00") HOST_WORD("05 00 04 00") "! gone", -ENODEV,
                ERROR_DEVICE_GONE);
        check_lost(CONTROL("05 00 04 00") PHONE("01 10 00 00", "*4097 00"), -EPROTO,
                ERROR_PROTOCOL_VIOLATION);
        check_lost(CONTROL("05 00 04 00") PHONE("03 00 00 00", "31 2e 30"), -ETIMEDOUT,
                ERROR_PROTOCOL_VIOLATION);
}

static void test_refused_command(void **state)
{
        uint8_t data[8];
        size_t size;
        Failure f = { 0 };
        Peer p;
        DaSession *s = running_session(&p, HOST_WORD("09 00 01 00") PHONE_WORD("03 00 01 c0"));

        assert_int_equal(xflash_get(s, XFLASH_GET_DA_VERSION, data, 8, &size, &f), -EACCES);
        assert_int_equal(f.status, 0xC0010003);
        assert_false(s->lost);
        peer_done(&p);
        da_session_free(s);
}

TEST_MAIN(cmocka_unit_test(test_get), cmocka_unit_test(test_no_value),
        cmocka_unit_test(test_long_values_are_cut), cmocka_unit_test(test_set),
        cmocka_unit_test(test_out_of_step), cmocka_unit_test(test_refused_command))
