/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A byte stream to a phone.
 *
 * In both directions packet borders carry no meaning to a caller: bytes that arrive go into one
 * FIFO, and a read takes exactly what it asks for and leaves the rest. A sent piece is one bulk
 * transfer: protocols whose devices want header and payload apart write them with two calls.
 * All faults of the link (unplug in its many forms) end as -ENODEV, for ever. */

#include <sys/uio.h>

#include "basic/cleanup.h"

typedef struct Transport Transport;

typedef struct TransportOps {
        /* Queues one OUT transfer and waits until it is taken, at most timeout_ms. */
        int (*write)(Transport *t, const void *data, size_t size, unsigned timeout_ms);
        /* Waits until at least one byte is in the FIFO (1), the time is over (-ETIMEDOUT) or the
         * phone is gone (-ENODEV). Runs the event loop meanwhile. */
        int (*fill)(Transport *t, unsigned timeout_ms);
        /* What lies in the FIFO in one piece; size 0 when empty. Valid until consume or fill. */
        struct iovec (*peek)(Transport *t);
        void (*consume)(Transport *t, size_t size);
        Transport *(*free)(Transport *t);
} TransportOps;

struct Transport {
        const TransportOps *ops;
        /* Called from write and fill about every 100 ms and at every wake-up of watch_fd, so that a
         * caller who waits for the phone hears the daemon, too. A negative value ends the call with
         * that error. May be NULL. */
        int (*tick)(void *userdata);
        void *userdata;
        int watch_fd; /* -1 none */
        uint64_t bytes_in, bytes_out;
        unsigned transfers_in, transfers_out; /* host round trips for the bench */
};

Transport *transport_free(Transport *t);
DEFINE_CLEANUP(Transport, transport_free)

/* One OUT transfer. 0, -ENODEV, -ETIMEDOUT, -EPIPE (stalled), or what tick returned. */
int transport_write(Transport *t, const void *data, size_t size, unsigned timeout_ms);
/* Exactly size bytes; timeout_ms is for the whole call. On -ETIMEDOUT what came stays in the FIFO. */
int transport_read(Transport *t, void *data, size_t size, unsigned timeout_ms);
/* At least 1 and at most size bytes: their count, or a negative error. timeout_ms 0 only looks. */
ssize_t transport_read_some(Transport *t, void *data, size_t size, unsigned timeout_ms);
/* Throws the FIFO away: only between READY tokens and the first answer of a handshake. */
void transport_flush(Transport *t);
