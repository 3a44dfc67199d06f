/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "transport/stream.h"

typedef struct Pair {
        Transport *transport;
        int phone;
} Pair;

static Pair pair_open(void)
{
        Pair p;
        int fds[2];

        assert_return_code(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), errno);
        assert_int_equal(stream_new(fds[0], &p.transport), 0);
        p.phone = fds[1];
        return p;
}

static void pair_close(Pair *p)
{
        transport_free(p->transport);
        if (p->phone >= 0)
                close(p->phone);
}

static void say(const Pair *p, const void *data, size_t size)
{
        assert_int_equal(send(p->phone, data, size, MSG_NOSIGNAL), size);
}

static size_t hear(const Pair *p, void *data, size_t size)
{
        ssize_t n = recv(p->phone, data, size, MSG_DONTWAIT);

        assert_true(n >= 0);
        return (size_t)n;
}

/* A message is a packet; packets make one stream of bytes, empty ones vanish, and the closed socket
 * is the unplugged phone, after everything it still said. */
static void test_messages_are_packets(void **state)
{
        Pair p = pair_open();
        char in[8] = { 0 };
        uint8_t out[8];

        assert_int_equal(transport_write(p.transport, "\xa0", 1, 100), 0);
        assert_int_equal(hear(&p, out, sizeof(out)), 1);
        assert_int_equal(out[0], 0xa0);

        say(&p, "RE", 2);
        say(&p, STREAM_ZLP, STREAM_ZLP_SIZE);
        say(&p, "ADY", 3);
        say(&p, "_", 1);
        close(p.phone);
        p.phone = -1;
        assert_int_equal(transport_read(p.transport, in, 5, 1000), 0);
        assert_string_equal(in, "READY");
        assert_int_equal(transport_read(p.transport, in, 1, 1000), 0);
        assert_int_equal(transport_read(p.transport, in, 1, 1000), -ENODEV);
        assert_int_equal(transport_write(p.transport, "x", 1, 100), -ENODEV);
        assert_int_equal(transport_read(p.transport, in, 1, 0), -ENODEV);
        assert_int_equal(p.transport->bytes_in, 6);
        assert_int_equal(p.transport->transfers_in, 4);
        pair_close(&p);
}

static void test_silence_is_a_timeout(void **state)
{
        Pair p = pair_open();
        char in[4];

        assert_int_equal(transport_read(p.transport, in, 1, 0), -ETIMEDOUT);
        assert_int_equal(transport_read(p.transport, in, 1, 10), -ETIMEDOUT);
        say(&p, "ab", 2);
        assert_int_equal(transport_read(p.transport, in, 4, 10), -ETIMEDOUT);
        pair_close(&p);
}

static void test_only_an_empty_packet_is_nothing(void **state)
{
        Pair p = pair_open();
        char in[32];

        say(&p, STREAM_ZLP, STREAM_ZLP_SIZE);
        assert_int_equal(transport_read(p.transport, in, 1, 10), -ETIMEDOUT);
        say(&p, STREAM_ZLP "x", STREAM_ZLP_SIZE + 1); /* longer: data */
        say(&p, STREAM_ZLP, STREAM_ZLP_SIZE - 1);
        assert_int_equal(transport_read(p.transport, in, 16, 1000), 0);
        assert_memory_equal(in, STREAM_ZLP "x", 9);
        pair_close(&p);
}

static void test_long_transfers_are_split(void **state)
{
        Pair p = pair_open();
        size_t size = 2 * STREAM_MESSAGE_MAX + 7;
        _cleanup_free_ uint8_t *data = malloc(size);
        _cleanup_free_ uint8_t *out = malloc(size);

        assert_non_null(data);
        assert_non_null(out);
        memset(data, 0x5a, size);
        data[size - 1] = 1;
        assert_int_equal(transport_write(p.transport, data, size, 1000), 0);
        assert_int_equal(hear(&p, out, size), STREAM_MESSAGE_MAX);
        assert_int_equal(hear(&p, out, size), STREAM_MESSAGE_MAX);
        assert_int_equal(hear(&p, out, size), 7);
        assert_int_equal(out[6], 1);

        /* exactly whole messages: no empty one behind them */
        assert_int_equal(transport_write(p.transport, data, STREAM_MESSAGE_MAX, 1000), 0);
        assert_int_equal(hear(&p, out, size), STREAM_MESSAGE_MAX);
        assert_int_equal(recv(p.phone, out, size, MSG_DONTWAIT), -1);
        pair_close(&p);
}

/* A phone that takes nothing is a time-out, not a hang. */
static void test_write_to_a_deaf_phone(void **state)
{
        Pair p = pair_open();
        _cleanup_free_ uint8_t *data = calloc(1, 8 * MiB);

        assert_non_null(data);
        assert_int_equal(transport_write(p.transport, data, 8 * MiB, 20), -ETIMEDOUT);
        close(p.phone);
        p.phone = -1;
        assert_int_equal(transport_write(p.transport, data, 8 * MiB, 1000), -ENODEV);
        pair_close(&p);
}

/* A reader who does not consume stops the phone: at most the FIFO is taken. */
static void test_back_pressure(void **state)
{
        Pair p = pair_open();
        _cleanup_free_ uint8_t *data = calloc(1, 64 * KiB);
        size_t said = 0;

        assert_non_null(data);
        for (int i = 0; i < 64; i++) {
                while (send(p.phone, data, 64 * KiB, MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
                        said += 64 * KiB;
                assert_int_equal(transport_fill(p.transport, 100), 1);
        }
        assert_true(transport_peek(p.transport).iov_len <= STREAM_FIFO_SIZE);
        assert_true(said < 2 * MiB);
        for (size_t left = said, n; left > 0; left -= n) {
                assert_int_equal(transport_fill(p.transport, 1000), 1);
                n = MIN(transport_peek(p.transport).iov_len, left);
                transport_consume(p.transport, n);
        }
        pair_close(&p);
}

static void test_a_packet_too_long_is_the_end(void **state)
{
        Pair p = pair_open();
        _cleanup_free_ uint8_t *data = calloc(1, STREAM_MESSAGE_MAX + 1);
        char in;

        assert_non_null(data);
        say(&p, "a", 1);
        say(&p, data, STREAM_MESSAGE_MAX + 1);
        assert_int_equal(transport_read(p.transport, &in, 1, 1000), 0);
        assert_int_equal(transport_read(p.transport, &in, 1, 1000), -ENODEV);
        pair_close(&p);
}

static int refuse(void *userdata)
{
        return -ECANCELED;
}

/* A phone that is always ahead does not keep the caller from hearing others. */
static void test_tick_beside_data(void **state)
{
        Pair p = pair_open();
        char in;

        say(&p, "a", 1);
        p.transport->tick = refuse;
        assert_int_equal(transport_read(p.transport, &in, 1, 1000), -ECANCELED);
        p.transport->tick = NULL;
        assert_int_equal(transport_read(p.transport, &in, 1, 1000), 0);
        pair_close(&p);
}

TEST_MAIN(cmocka_unit_test(test_messages_are_packets), cmocka_unit_test(test_silence_is_a_timeout),
        cmocka_unit_test(test_only_an_empty_packet_is_nothing),
        cmocka_unit_test(test_long_transfers_are_split),
        cmocka_unit_test(test_write_to_a_deaf_phone), cmocka_unit_test(test_back_pressure),
        cmocka_unit_test(test_a_packet_too_long_is_the_end),
        cmocka_unit_test(test_tick_beside_data))
