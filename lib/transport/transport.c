/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "transport/transport.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "basic/clock.h"

Transport *transport_free(Transport *t)
{
        return t ? t->ops->free(t) : NULL;
}

void transport_init(Transport *t, const TransportOps *ops)
{
        *t = (Transport){ .ops = ops, .watch_fd = -1 };
}

int transport_write_pieces(Transport *t, const struct iovec *pieces, size_t n, unsigned timeout_ms)
{
        int r;

        assert(n > 0 && n <= TRANSPORT_PIECES_MAX);
        for (size_t i = 0; i < n; i++)
                assert(pieces[i].iov_len > 0); /* a zero-length packet puts a phone out of step */

        r = t->ops->write(t, pieces, n, timeout_ms);
        if (r < 0)
                return r;
        for (size_t i = 0; i < n; i++)
                t->bytes_out += pieces[i].iov_len;
        t->transfers_out += n;
        return 0;
}

int transport_write(Transport *t, const void *data, size_t size, unsigned timeout_ms)
{
        const struct iovec piece = { .iov_base = (void *)(uintptr_t)data, .iov_len = size };

        return transport_write_pieces(t, &piece, 1, timeout_ms);
}

ssize_t transport_read_some(Transport *t, void *data, size_t size, unsigned timeout_ms)
{
        struct iovec have = transport_peek(t);
        size_t n;
        int r;

        if (have.iov_len == 0) {
                r = transport_fill(t, timeout_ms);
                if (r < 0)
                        return r;
                have = transport_peek(t);
        }
        n = MIN(have.iov_len, size);
        memcpy(data, have.iov_base, n);
        transport_consume(t, n);
        return (ssize_t)n;
}

int transport_read(Transport *t, void *data, size_t size, unsigned timeout_ms)
{
        uint64_t deadline = deadline_after_ms(timeout_ms);
        uint8_t *out = data;
        ssize_t n;

        while (size > 0) {
                n = transport_read_some(t, out, size, deadline_left_ms(deadline));
                if (n < 0)
                        return (int)n;
                out += n;
                size -= (size_t)n;
        }
        return 0;
}

void transport_expect(Transport *t, uint64_t size)
{
        if (t->ops->expect)
                t->ops->expect(t, size);
}

int transport_poll(Transport *t, struct pollfd *fds, nfds_t n, uint64_t deadline)
{
        struct pollfd all[TRANSPORT_FDS_MAX + 1];
        bool watch;
        int r;

        assert(n <= TRANSPORT_FDS_MAX);
        for (;;) {
                uint64_t now = clock_usec();
                uint64_t until = deadline;

                if (t->tick) {
                        if (now >= t->next_tick) {
                                t->next_tick = now + TRANSPORT_TICK_MS * 1000;
                                r = t->tick(t->userdata);
                                if (r < 0)
                                        return r;
                        }
                        until = MIN(until, t->next_tick);
                }

                watch = t->tick && t->watch_fd >= 0;
                memcpy(all, fds, n * sizeof(*fds));
                all[n] = (struct pollfd){ .fd = t->watch_fd, .events = POLLIN };
                r = poll(all, n + watch, (int)deadline_left_ms(until));
                if (r < 0 && errno != EINTR)
                        return -errno;
                if (r < 0)
                        continue;
                watch = watch && all[n].revents;
                if (watch)
                        t->next_tick = 0;
                memcpy(fds, all, n * sizeof(*fds));
                if (r > watch)
                        return r - watch;
                if (!watch && clock_usec() >= deadline)
                        return 0;
        }
}
