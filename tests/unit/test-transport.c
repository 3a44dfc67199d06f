/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "basic/clock.h"
#include "transport/transport.h"

/* A transport whose FIFO consists of given fragments; one more appears with every fill. */
typedef struct Fake {
        Transport transport;
        const char *const *fragments;
        size_t n, next, pos;
        char written[64];
        size_t n_written, n_pieces;
        uint64_t expected;
} Fake;

static int fake_write(Transport *t, const struct iovec *pieces, size_t n, unsigned timeout_ms)
{
        Fake *f = (Fake *)t;

        for (size_t i = 0; i < n; i++) {
                memcpy(f->written + f->n_written, pieces[i].iov_base, pieces[i].iov_len);
                f->n_written += pieces[i].iov_len;
                f->n_pieces++;
        }
        return 0;
}

static struct iovec fake_peek(Transport *t)
{
        Fake *f = (Fake *)t;

        if (f->next == 0 || f->fragments[f->next - 1][f->pos] == 0)
                return (struct iovec){ 0 };
        return (struct iovec){ (void *)(uintptr_t)(f->fragments[f->next - 1] + f->pos),
                strlen(f->fragments[f->next - 1] + f->pos) };
}

static int fake_fill(Transport *t, unsigned timeout_ms)
{
        Fake *f = (Fake *)t;

        if (f->next == f->n)
                return -ETIMEDOUT;
        f->next++;
        f->pos = 0;
        return 1;
}

static void fake_consume(Transport *t, size_t size)
{
        ((Fake *)t)->pos += size;
}

static Transport *fake_free(Transport *t)
{
        return NULL;
}

static const TransportOps fake_ops = { .write = fake_write,
        .fill = fake_fill,
        .peek = fake_peek,
        .consume = fake_consume,
        .free = fake_free };

static Transport *fake(Fake *f, const char *const *fragments, size_t n)
{
        *f = (Fake){ .fragments = fragments, .n = n };
        transport_init(&f->transport, &fake_ops);
        return &f->transport;
}

/* Where packets begin and end means nothing: a read takes what it asked for, from as many of them
 * as it needs, and leaves the rest for the next one. */
static void test_reads_do_not_see_packets(void **state)
{
        static const char *const fragments[] = { "R", "EA", "DY_f", "a" };
        char out[8] = { 0 };
        Fake f;
        Transport *t = fake(&f, fragments, ELEMENTS(fragments));

        assert_int_equal(transport_read(t, out, 5, 100), 0);
        assert_string_equal(out, "READY");
        assert_int_equal(transport_read_some(t, out, 8, 100), 2);
        assert_memory_equal(out, "_f", 2);
        assert_int_equal(transport_read_some(t, out, 8, 100), 1);
        assert_int_equal(transport_read(t, out, 1, 100), -ETIMEDOUT);
        assert_null(transport_free(t));
        assert_null(transport_free(NULL));
}

static void test_pieces_are_transfers(void **state)
{
        Fake f;
        Transport *t = fake(&f, NULL, 0);
        struct iovec pieces[] = { { (char[]){ "head" }, 4 }, { (char[]){ "payload" }, 7 } };

        assert_int_equal(transport_write_pieces(t, pieces, 2, 100), 0);
        assert_int_equal(transport_write(t, "!", 1, 100), 0);
        assert_int_equal(f.n_pieces, 3);
        assert_int_equal(t->transfers_out, 3);
        assert_int_equal(t->bytes_out, 12);
        assert_memory_equal(f.written, "headpayload!", 12);
        transport_expect(t, 17); /* an implementation need not care */
}

typedef struct Ticks {
        Transport *transport;
        int n, fail_at, fd;
} Ticks;

static int count_tick(void *userdata)
{
        Ticks *k = userdata;
        char c;

        k->n++;
        if (k->fd >= 0)
                (void)!read(k->fd, &c, 1);
        return k->n == k->fail_at ? -ECANCELED : 0;
}

/* While somebody waits for the phone, the one who watches is called in between. */
static void test_tick_while_waiting(void **state)
{
        int pipe_fd[2], data[2];
        Fake f;
        Transport *t = fake(&f, NULL, 0);
        Ticks k = { .transport = t, .fd = -1 };
        struct pollfd p;

        assert_return_code(pipe(pipe_fd), errno);
        assert_return_code(pipe(data), errno);
        t->tick = count_tick;
        t->userdata = &k;
        p = (struct pollfd){ .fd = data[0], .events = POLLIN };
        assert_int_equal(transport_poll(t, &p, 1, deadline_after_ms(0)), 0);
        assert_int_equal(k.n, 1);

        /* at once when the watched descriptor is readable, without ending the wait */
        k.fd = t->watch_fd = pipe_fd[0];
        assert_int_equal(write(pipe_fd[1], "x", 1), 1);
        assert_int_equal(transport_poll(t, &p, 1, deadline_after_ms(20)), 0);
        assert_int_equal(k.n, 2);

        /* beside data, too */
        assert_int_equal(write(pipe_fd[1], "x", 1), 1);
        assert_int_equal(write(data[1], "x", 1), 1);
        assert_int_equal(transport_poll(t, &p, 1, deadline_after_ms(1000)), 1);
        assert_int_equal(transport_poll(t, &p, 1, deadline_after_ms(1000)), 1);
        assert_int_equal(k.n, 3);

        /* its error is the wait's */
        k.fail_at = 4;
        assert_int_equal(write(pipe_fd[1], "x", 1), 1);
        transport_poll(t, &p, 1, deadline_after_ms(1000));
        assert_int_equal(transport_poll(t, &p, 1, deadline_after_ms(1000)), -ECANCELED);
        for (int i = 0; i < 2; i++) {
                close(pipe_fd[i]);
                close(data[i]);
        }
}

TEST_MAIN(cmocka_unit_test(test_reads_do_not_see_packets),
        cmocka_unit_test(test_pieces_are_transfers), cmocka_unit_test(test_tick_while_waiting))
