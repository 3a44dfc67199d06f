/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "transport/stream.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "basic/clock.h"

/* Messages are received one behind the other into a flat buffer that starts over when it was read
 * empty, and not at all while less than a whole message would fit: so a reader who stops consuming
 * stops the phone. */
typedef struct Stream {
        Transport transport; /* first */
        int fd;
        bool gone;
        size_t head, tail;
        uint8_t fifo[STREAM_FIFO_SIZE];
} Stream;

static Stream *stream_of(Transport *t)
{
        return (Stream *)t;
}

/* Errors of a socket whose peer went away, in whatever way. */
static int stream_fault(Stream *s)
{
        s->gone = true;
        return -ENODEV;
}

static int stream_send(Stream *s, const uint8_t *data, size_t size, uint64_t deadline)
{
        struct pollfd p = { .fd = s->fd, .events = POLLOUT };
        ssize_t n;
        int r;

        for (;;) {
                n = send(s->fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
                if (n == (ssize_t)size)
                        return 0;
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0 && errno != EAGAIN && errno != ENOBUFS)
                        return stream_fault(s);
                r = transport_poll(&s->transport, &p, 1, deadline);
                if (r < 0)
                        return r;
                if (r == 0)
                        return -ETIMEDOUT;
        }
}

static int stream_write(Transport *t, const struct iovec *pieces, size_t n, unsigned timeout_ms)
{
        Stream *s = stream_of(t);
        uint64_t deadline = deadline_after_ms(timeout_ms);
        int r;

        if (s->gone)
                return -ENODEV;
        for (size_t i = 0; i < n; i++) {
                const uint8_t *data = pieces[i].iov_base;

                for (size_t sent = 0, part; sent < pieces[i].iov_len; sent += part) {
                        part = MIN(pieces[i].iov_len - sent, (size_t)STREAM_MESSAGE_MAX);
                        r = stream_send(s, data + sent, part, deadline);
                        if (r < 0)
                                return r;
                }
        }
        return 0;
}

/* Takes every message that is there and fits. */
static void stream_drain(Stream *s)
{
        ssize_t n;

        if (s->head == s->tail)
                s->head = s->tail = 0;
        while (!s->gone && STREAM_FIFO_SIZE - s->tail >= STREAM_MESSAGE_MAX) {
                n = recv(s->fd, s->fifo + s->tail, STREAM_MESSAGE_MAX, MSG_DONTWAIT | MSG_TRUNC);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0 && errno == EAGAIN)
                        return;
                if (n <= 0 || n > STREAM_MESSAGE_MAX) {
                        s->gone = true;
                        return;
                }
                s->transport.transfers_in++;
                if (n == STREAM_ZLP_SIZE && memcmp(s->fifo + s->tail, STREAM_ZLP, (size_t)n) == 0)
                        continue;
                s->tail += (size_t)n;
                s->transport.bytes_in += (size_t)n;
        }
}

static int stream_fill(Transport *t, unsigned timeout_ms)
{
        Stream *s = stream_of(t);
        uint64_t deadline = deadline_after_ms(timeout_ms);
        int r;

        if (s->head != s->tail)
                return 1;
        for (;;) {
                struct pollfd p = { .fd = s->fd, .events = POLLIN };

                /* also when bytes are there already: a phone that is always ahead must not keep
                 * the caller from hearing anybody else */
                r = s->gone ? 0 : transport_poll(t, &p, 1, deadline);
                if (r < 0)
                        return r;
                stream_drain(s);
                if (s->head != s->tail)
                        return 1;
                if (s->gone)
                        return -ENODEV;
                if (r == 0)
                        return -ETIMEDOUT;
        }
}

static struct iovec stream_peek(Transport *t)
{
        Stream *s = stream_of(t);

        return (struct iovec){ .iov_base = s->fifo + s->head, .iov_len = s->tail - s->head };
}

static void stream_consume(Transport *t, size_t size)
{
        stream_of(t)->head += size;
}

static Transport *stream_free(Transport *t)
{
        Stream *s = stream_of(t);

        fd_close(s->fd);
        free(s);
        return NULL;
}

static const TransportOps stream_ops = {
        .write = stream_write,
        .fill = stream_fill,
        .peek = stream_peek,
        .consume = stream_consume,
        .free = stream_free,
};

int stream_new(int fd, Transport **ret)
{
        Stream *s = malloc(sizeof(*s));

        if (!s) {
                fd_close(fd);
                return -ENOMEM;
        }
        transport_init(&s->transport, &stream_ops);
        s->fd = fd;
        s->gone = false;
        s->head = s->tail = 0;
        *ret = &s->transport;
        return 0;
}
