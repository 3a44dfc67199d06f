/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "peer.h"

#include "protocol/legacy-wire.h"

/* A word and its answer. */
static void test_exchange(void **state)
{
        Peer p;
        Transport *t = peer_script(&p,
                "> 12 34 56 78\n> 01 02 03 04 05 06 07 08\n< 5a\n"
                "< ab\n< 00 05\n< 00 00 0b c4\n");
        uint8_t byte;
        uint16_t half;
        uint32_t word;

        assert_int_equal(legacy_send_be32(t, 0x12345678, NULL), 0);
        assert_int_equal(legacy_send_be64(t, 0x0102030405060708, NULL), 0);
        assert_int_equal(legacy_expect_ack(t, 1, "a test", NULL), 0);
        assert_int_equal(legacy_receive_u8(t, &byte, 1, "a test", NULL), 0);
        assert_int_equal(legacy_receive_be16(t, &half, "a test", NULL), 0);
        assert_int_equal(legacy_receive_be32(t, &word, "a test", NULL), 0);
        assert_int_equal(byte, 0xab);
        assert_int_equal(half, 5);
        assert_int_equal(word, 0xbc4);
        peer_done(&p);
}

static void test_refusals(void **state)
{
        Peer p;
        Transport *t = peer_script(&p, "< a5 00 00 0b dc\n< bb\n< 5b\n");
        Failure f = {};

        /* refused: the status and its meaning; the link is in step */
        assert_int_equal(legacy_expect_ack(t, 1, "data was read", &f), -EREMOTEIO);
        assert_int_equal(f.id, ERROR_DEVICE_REFUSED);
        assert_int_equal(f.status, 0xbdc);
        assert_non_null(strstr(f.text, "address is out of range"));
        f = (Failure){};
        assert_int_equal(legacy_expect_ack(t, 1, "data was read", &f), -EOPNOTSUPP);
        f = (Failure){};
        assert_int_equal(legacy_expect_ack(t, 1, "data was read", &f), -EPROTO);
        assert_int_equal(f.id, ERROR_PROTOCOL_VIOLATION);
        f = (Failure){};
        assert_int_equal(legacy_expect_ack(t, 1, "data was read", &f), -ETIMEDOUT);
        assert_non_null(strstr(f.text, "data was read"));
        peer_done(&p);

        /* a status that may be the other way round is shown both ways */
        t = peer_script(&p, "< a5 dc 0b 00 00\n! gone\n");
        f = (Failure){};
        assert_int_equal(legacy_expect_ack(t, 1, "data was read", &f), -EREMOTEIO);
        assert_non_null(strstr(f.text, "0xdc0b0000"));
        assert_non_null(strstr(f.text, "0xbdc"));
        f = (Failure){};
        assert_int_equal(legacy_expect_ack(t, 1, "data was read", &f), -ENODEV);
        assert_int_equal(f.id, ERROR_DEVICE_GONE);
        peer_done(&p);
}

/* The same number means different things by generation. */
static void test_numberings(void **state)
{
        assert_string_equal(legacy_status_text(LEGACY_STATUS_2012, 0xbc3), "NOR not found");
        assert_string_equal(legacy_status_text(LEGACY_STATUS_PHONE, 0xbc3), "DRAM is not set up");
        assert_null(legacy_status_text(LEGACY_STATUS_PHONE, 0x12345));
}

TEST_MAIN(cmocka_unit_test(test_exchange), cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_numberings))
