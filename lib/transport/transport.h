/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A byte stream to a phone.
 *
 * In both directions packet borders carry no meaning to a caller: bytes that arrive go into one
 * FIFO, and a read takes exactly what it asks for and leaves the rest. Outgoing bytes are written in
 * pieces, each one bulk transfer, because some phones want header and payload apart.
 *
 * Faults are final. Unplug in its many forms (no such device, I/O error on a transfer, failure to
 * submit, closed socket) is -ENODEV; a link on which bytes were lost (overflow, a stall that does
 * not clear) is -EIO. What had arrived before the fault can still be read; after it every call
 * returns the same error. */

#include <poll.h>
#include <sys/uio.h>

#include "basic/cleanup.h"

enum {
        TRANSPORT_TICK_MS = 100,
        TRANSPORT_PIECES_MAX = 4,
        TRANSPORT_FDS_MAX = 8,
};

typedef struct Transport Transport;

typedef struct TransportOps {
        int (*write)(Transport *t, const struct iovec *pieces, size_t n, unsigned timeout_ms);
        /* Waits until at least one byte is in the FIFO (1), the time is over (-ETIMEDOUT) or the link
         * has a fault and the FIFO is empty. Runs the event loop meanwhile. */
        int (*fill)(Transport *t, unsigned timeout_ms);
        /* What lies in the FIFO in one piece; size 0 when empty. Valid until consume or fill. */
        struct iovec (*peek)(Transport *t);
        void (*consume)(Transport *t, size_t size);
        void (*expect)(Transport *t, uint64_t size); /* may be NULL */
        Transport *(*free)(Transport *t);
} TransportOps;

struct Transport {
        const TransportOps *ops;
        /* Called from write and fill about every TRANSPORT_TICK_MS and when watch_fd is readable, so
         * that a caller who waits for the phone hears the daemon, too; it must take everything from
         * watch_fd. A negative value ends the call with that error. May be NULL. */
        int (*tick)(void *userdata);
        void *userdata;
        int watch_fd;       /* -1 none */
        uint64_t next_tick; /* microseconds, monotonic */
        uint64_t bytes_in, bytes_out;
        uint64_t transfers_in, transfers_out; /* for the benches */
};

Transport *transport_free(Transport *t);
DEFINE_CLEANUP(Transport, transport_free)

/* One OUT transfer of at least one byte. 0; -ETIMEDOUT (part of it may have left); -EPIPE: the
 * endpoint was stalled and is usable again, what happened to the bytes is unknown; a fault; or what
 * tick returned. */
int transport_write(Transport *t, const void *data, size_t size, unsigned timeout_ms);
/* Several transfers (at most TRANSPORT_PIECES_MAX, none empty), queued back to back. */
int transport_write_pieces(Transport *t, const struct iovec *pieces, size_t n, unsigned timeout_ms);
/* Exactly size bytes; timeout_ms is for the whole call. After an error the bytes that did come are
 * gone: half an answer is of no use to anybody. */
int transport_read(Transport *t, void *data, size_t size, unsigned timeout_ms);
/* At least 1 and at most size bytes: their count, or a negative error. timeout_ms 0 only looks. */
ssize_t transport_read_some(Transport *t, void *data, size_t size, unsigned timeout_ms);

/* Access without a copy, for bulk data: fill until 1, then look at peek and give back with consume. */
static inline int transport_fill(Transport *t, unsigned timeout_ms)
{
        return t->ops->fill(t, timeout_ms);
}
static inline struct iovec transport_peek(Transport *t)
{
        return t->ops->peek(t);
}
static inline void transport_consume(Transport *t, size_t size)
{
        t->ops->consume(t, size);
}
/* Says that the phone is certain to send `size` more bytes, counted from the read position, before
 * it waits for the host again. Without it everything works, only slower: a transport then queues
 * one-packet transfers, because a phone ends a run of whole packets without any mark and a longer
 * transfer would never complete. */
void transport_expect(Transport *t, uint64_t size);

/* For implementations: sets the fields that are not the implementation's own. */
void transport_init(Transport *t, const TransportOps *ops);
/* For implementations: sleeps until one of fds (at most TRANSPORT_FDS_MAX) is ready and returns how
 * many are, 0 when the deadline has passed, or the negative value of tick. */
int transport_poll(Transport *t, struct pollfd *fds, nfds_t n, uint64_t deadline);
