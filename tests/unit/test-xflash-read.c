/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "xflash-peer.h"

#include "protocol/xflash-status.h"

#define DATA(length, times, byte) PHONE_OK "< " HEAD(length) "\n< *" times " " byte "\n"
#define ACK HOST_WORD("00 00 00 00")
#define STOP HOST_WORD("02 00 01 c0")

static int read_user(Peer *p, DaSession **s, const char *script, uint64_t offset, uint64_t size,
        Reader *r, Failure *f)
{
        *s = running_session(p, script);
        return da_session_read(
                *s, storage_region(&(*s)->storage, REGION_USER), offset, size, reader_take, r, f);
}

/* Command, parameters, then for every packet a status, the bytes and the host's acknowledgement;
 * the status behind the last acknowledgement is the final one. */
static void test_read(void **state)
{
        static Reader r;
        DaSession *s;
        Peer p;

        r = (Reader){ 0 };
        assert_int_equal(read_user(&p, &s,
                                 READ_USER("00 80 00 00", "00 05 00 00")
                                         PHONE_OK DATA("00 04 00 00", "1024", "aa")
                                                 ACK DATA("00 01 00 00", "256", "bb") ACK PHONE_OK,
                                 0x8000, 0x500, &r, NULL),
                0);
        assert_int_equal(r.n, 0x500);
        assert_int_equal(r.data[0x3ff], 0xaa);
        assert_int_equal(r.data[0x400], 0xbb);
        peer_done(&p);
        da_session_free(s);
}

/* However the phone cuts its bytes, with logs in between, and with a last packet that looks like a
 * status. */
static void test_any_packets(void **state)
{
        static Reader r;

        for (size_t packet = 1; packet < 600; packet += 37) {
                DaSession *s;
                Peer p;

                r = (Reader){ 0 };
                s = running_session(&p,
                        READ_USER("00 00 00 00", "04 04 00 00") PHONE_LOG PHONE_OK PHONE_LOG DATA(
                                "00 04 00 00", "1024", "aa") ACK PHONE_OK PHONE_LOG
                        "< " HEAD("04 00 00 00") "\n< 30 00 04 c0\n" ACK PHONE_OK);
                p.packet = packet;
                assert_int_equal(da_session_read(s, storage_region(&s->storage, REGION_USER), 0,
                                         0x404, reader_take, &r, NULL),
                        0);
                assert_int_equal(r.n, 0x404);
                assert_int_equal(r.data[0x403], 0xc0);
                peer_done(&p);
                da_session_free(s);
        }
}

/* A sink that has had enough is left alone until the packet is over; then the host says so instead
 * of acknowledging, and the agent repeats it. */
static void test_cancel(void **state)
{
        static Reader r;
        DaSession *s;
        Failure f = { 0 };
        Peer p;

        r = (Reader){ .stop_at = 300 };
        s = running_session(&p,
                READ_USER("00 00 00 00", "00 00 08 00") PHONE_OK DATA("00 04 00 00", "1024", "aa")
                        STOP PHONE_WORD("02 00 01 c0")
                /* and the next command works */
                READ_USER("00 00 00 00", "04 00 00 00") PHONE_OK DATA("04 00 00 00", "4", "01")
                        ACK PHONE_OK);
        p.packet = 100;
        assert_int_equal(da_session_read(s, storage_region(&s->storage, REGION_USER), 0, 0x80000,
                                 reader_take, &r, &f),
                -ECANCELED);
        assert_false(failure_is_set(&f)); /* whoever stopped knows why */
        assert_int_equal(r.n, 300);
        assert_false(s->lost);
        r = (Reader){ 0 };
        assert_int_equal(da_session_read(s, storage_region(&s->storage, REGION_USER), 0, 4,
                                 reader_take, &r, &f),
                0);
        peer_done(&p);
        da_session_free(s);
}

static void test_cancel_in_the_last_packet(void **state)
{
        static Reader r;
        DaSession *s;
        Peer p;

        r = (Reader){ .stop_at = 4 };
        assert_int_equal(read_user(&p, &s,
                                 READ_USER("00 00 00 00", "04 00 00 00") PHONE_OK DATA(
                                         "04 00 00 00", "4", "01") STOP PHONE_WORD("02 00 01 c0"),
                                 0, 4, &r, NULL),
                -ECANCELED);
        peer_done(&p);
        da_session_free(s);
}

static void check_refused(const char *script, size_t got, uint32_t status, ErrorId id)
{
        static Reader r;
        DaSession *s;
        Failure f = { 0 };
        Peer p;
        int error;

        r = (Reader){ 0 };
        error = read_user(&p, &s, script, 0, 0x1000, &r, &f);
        assert_true(error == -EACCES || error == -ERANGE);
        assert_int_equal(r.n, got);
        assert_int_equal(f.status, status);
        assert_int_equal(f.id, id);
        assert_false(s->lost); /* the next command may follow */
        peer_done(&p);
        da_session_free(s);
}

#define READ4K READ_USER("00 00 00 00", "00 10 00 00")
#define KB(byte) DATA("00 04 00 00", "1024", byte)
#define EMMC_ERROR PHONE_WORD("30 00 04 c0")

/* The agent gives up: at the command, at the parameters, in front of a packet (once or twice), or
 * at the very end. */
static void test_errors(void **state)
{
        check_refused(HOST_WORD("05 00 01 00") PHONE_WORD("03 00 01 c0"), 0, 0xC0010003,
                ERROR_DEVICE_REFUSED);
        check_refused(READ4K PHONE_WORD("0b 00 04 c0"), 0, 0xC004000B, ERROR_OUT_OF_RANGE);
        check_refused(READ4K PHONE_WORD("0c 00 03 c0"), 0, 0xC003000C, ERROR_DEVICE_REFUSED);
        check_refused(READ4K PHONE_OK EMMC_ERROR, 0, 0xC0040030, ERROR_DEVICE_REFUSED);
        check_refused(READ4K PHONE_OK EMMC_ERROR EMMC_ERROR, 0, 0xC0040030, ERROR_DEVICE_REFUSED);
        check_refused(
                READ4K PHONE_OK KB("01") ACK EMMC_ERROR, 1024, 0xC0040030, ERROR_DEVICE_REFUSED);
        check_refused(READ4K PHONE_OK KB("01") ACK EMMC_ERROR EMMC_ERROR, 1024, 0xC0040030,
                ERROR_DEVICE_REFUSED);
        check_refused(READ4K PHONE_OK KB("01") ACK KB("02") ACK EMMC_ERROR EMMC_ERROR, 2048,
                0xC0040030, ERROR_DEVICE_REFUSED);
        check_refused(READ4K PHONE_OK KB("01") ACK KB("02") ACK KB("03")
                              ACK EMMC_ERROR PHONE_LOG EMMC_ERROR,
                3072, 0xC0040030, ERROR_DEVICE_REFUSED);
        /* all bytes came, but the agent does not stand for them */
        check_refused(READ4K PHONE_OK KB("01") ACK KB("02") ACK KB("03") ACK KB("04")
                              ACK EMMC_ERROR,
                4096, 0xC0040030, ERROR_DEVICE_REFUSED);
}

static void check_lost(const char *script, int error, ErrorId id)
{
        static Reader r;
        DaSession *s;
        Failure f = { 0 };
        Peer p;

        r = (Reader){ 0 };
        assert_int_equal(read_user(&p, &s, script, 0, 0x1000, &r, &f), error);
        assert_int_equal(f.id, id);
        assert_true(s->lost);
        peer_free(&p.transport);
        da_session_free(s);
}

static void test_nonsense(void **state)
{
        check_lost(READ4K PHONE_OK PHONE_OK "< " HEAD("01 10 00 00") "\n< *4097 00\n", -EPROTO,
                ERROR_PROTOCOL_VIOLATION); /* more than was asked for */
        check_lost(READ4K PHONE_OK PHONE_OK "< " HEAD("00 00 00 00") "\n", -EPROTO,
                ERROR_PROTOCOL_VIOLATION);
        check_lost(READ4K PHONE_OK PHONE_OK "< " HEAD("ff ff ff ff") "\n", -EPROTO,
                ERROR_PROTOCOL_VIOLATION);
        check_lost(READ4K PHONE_OK
                "< ef ee ee fe 01 00 00 00 08 00 00 00 00 00 00 00 00 00 00 00\n",
                -EPROTO, ERROR_PROTOCOL_VIOLATION);
        check_lost(READ4K PHONE_OK "< 00 11 22 33 44 55 66 77 88 99 aa bb\n", -EPROTO,
                ERROR_PROTOCOL_VIOLATION);
        check_lost(READ4K PHONE_OK PHONE_OK "< " HEAD("00 10 00 00") "\n< *4095 00\n", -ETIMEDOUT,
                ERROR_PROTOCOL_VIOLATION); /* a byte was lost on the way */
        check_lost(READ4K PHONE_OK, -ETIMEDOUT, ERROR_PROTOCOL_VIOLATION);
        check_lost(READ4K PHONE_OK EMMC_ERROR "! gone", -EACCES, ERROR_DEVICE_REFUSED);
}

static void test_a_wrong_echo_of_the_stop(void **state)
{
        static Reader r;
        DaSession *s;
        Peer p;

        r = (Reader){ .stop_at = 4 };
        assert_int_equal(read_user(&p, &s,
                                 READ_USER("00 00 00 00", "04 00 00 00")
                                         PHONE_OK DATA("04 00 00 00", "4", "01") STOP PHONE_OK,
                                 0, 4, &r, NULL),
                -EPROTO);
        assert_true(s->lost);
        peer_free(&p.transport);
        da_session_free(s);
}

/* Packets longer than the agent announced could not be canceled in time. */
static void test_packets_are_bounded(void **state)
{
        static Reader r;
        DaSession *s;
        Peer p;

        r = (Reader){ 0 };
        s = running_session(&p,
                READ_USER("00 00 00 00", "00 10 00 00") PHONE_OK PHONE_OK
                "< " HEAD("00 10 00 00") "\n< *4096 00\n");
        s->storage.packet_size = 2048;
        assert_int_equal(da_session_read(s, storage_region(&s->storage, REGION_USER), 0, 0x1000,
                                 reader_take, &r, NULL),
                -EPROTO);
        peer_free(&p.transport);
        da_session_free(s);
}

/* Unplugged behind any byte of the conversation. */
static void test_unplugged_anywhere(void **state)
{
        static const char script[] = READ_USER("00 00 00 00", "20 00 00 00") PHONE_OK DATA(
                "10 00 00 00", "16", "aa") ACK DATA("10 00 00 00", "16", "bb") ACK PHONE_OK;
        const size_t all = 16 + 16 + 2 * (16 + 12 + 16) + 16;
        static Reader r;

        for (size_t n = 1; n < all; n++) {
                DaSession *s = NULL;
                Failure f = { 0 };
                Peer p;

                r = (Reader){ 0 };
                s = running_session(&p, script);
                p.hang_up = n;
                assert_int_equal(da_session_read(s, storage_region(&s->storage, REGION_USER), 0, 32,
                                         reader_take, &r, &f),
                        -ENODEV);
                assert_int_equal(f.id, ERROR_DEVICE_GONE);
                assert_true(s->lost);
                peer_free(&p.transport);
                da_session_free(s);
        }
}

TEST_MAIN(cmocka_unit_test(test_read), cmocka_unit_test(test_any_packets),
        cmocka_unit_test(test_cancel), cmocka_unit_test(test_cancel_in_the_last_packet),
        cmocka_unit_test(test_errors), cmocka_unit_test(test_nonsense),
        cmocka_unit_test(test_a_wrong_echo_of_the_stop), cmocka_unit_test(test_packets_are_bounded),
        cmocka_unit_test(test_unplugged_anywhere))
