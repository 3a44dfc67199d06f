/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The keeper's end of the data channel: it asks the worker for bytes and gets them through the ring.
 *
 * Up to VERB_READS_MAX requests are outstanding and are served in order; the answers are events in
 * that order. The worker is not trusted: a message that does not fit what was asked (tag, order,
 * place, length, slot) ends the job. The bytes themselves may still change while they are looked
 * at, so whoever takes an event copies them before it looks. */

#include "daemon/keeper/control.h"
#include "daemon/keeper/facts.h"
#include "wire/ring.h"
#include "wire/verbs.h"

enum {
        FEED_FACTS_SECONDS = 60,          /* for all that is said before END */
        FEED_SILENCE_SECONDS = 300,       /* without any message while something is asked for */
        FEED_READ_MAX = 64 * 1024 * 1024, /* bytes of one request */
};

typedef enum FeedKind {
        FEED_CHUNK, /* a piece is in the slot; whole, or the last one before a failure */
        FEED_DONE,  /* the oldest request was served whole */
        FEED_FAIL,  /* it ended early, with the cause */
} FeedKind;

typedef struct FeedEvent {
        FeedKind kind;
        const uint8_t *data; /* in the ring, until feed_release */
        uint32_t slot;
        uint64_t offset; /* in the region: of the piece, or of the first byte not read */
        size_t size;
        Failure failure;
} FeedEvent;

typedef struct FeedRead {
        uint32_t tag;
        uint64_t next, end; /* what is still to come of it, in the region */
        bool cut;           /* a piece was shorter than it should be: only a failure may follow */
} FeedRead;

typedef struct Feed {
        int socket;
        Ring ring;
        Control *control;
        FeedRead reads[VERB_READS_MAX]; /* outstanding: a ring */
        size_t first, n;
        uint32_t next_tag;
        bool held; /* a slot was handed out and not released */
        /* called about once a second and before each wait; a negative value ends the wait */
        int (*tick)(void *userdata, Failure *f);
        void *userdata;
} Feed;

/* Takes the socket and maps the ring, whose descriptor stays the caller's. */
int feed_open(Feed *feed, int socket, int ring, Control *control, Failure *f);
/* Tells the worker to stop what it reads, and closes the channel. */
void feed_close(Feed *feed);

/* All calls below return -ECANCELED when the control says stop, -EPIPE with ERROR_INTERRUPTED when
 * the worker is gone, -EBADMSG with ERROR_PROTOCOL_VIOLATION. */
int feed_facts(Feed *feed, Facts *facts, Failure *f);
static inline bool feed_full(const Feed *feed)
{
        return feed->n == VERB_READS_MAX;
}
static inline bool feed_idle(const Feed *feed)
{
        return feed->n == 0;
}
/* Asks for bytes of a region, at most FEED_READ_MAX; not when feed_full. */
int feed_request(Feed *feed, const char *region, uint64_t offset, uint64_t size, Failure *f);
/* The next answer; not when feed_idle. */
int feed_next(Feed *feed, FeedEvent *ret, Failure *f);
/* Gives the slot of a FEED_CHUNK back. */
int feed_release(Feed *feed, const FeedEvent *e, Failure *f);
/* Takes all outstanding requests back and waits until none is. */
int feed_abort(Feed *feed, Failure *f);
