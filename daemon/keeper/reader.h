/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Reading the phone part by part into a session.
 *
 * What is to be read is a list of runs (a part in a pass). Requests go out ahead of the answers,
 * across the borders of runs, so that the wire never waits for us; chunks come back in order.
 *
 * When a request fails and the phone is still there, it is repeated from the chunk that failed, three
 * times; then that chunk is read in halves down to one block. What is unreadable in the end is
 * stored as zeros and noted. A part of which the phone refuses every place that is tried is noted
 * as unreadable as a whole. */

#include "daemon/keeper/feed.h"
#include "store/session.h"

enum {
        READER_TRIES = 3,
        READER_CHUNK_FAULTS_MAX = 128, /* failed requests within one chunk, then its rest is bad */
        READER_FAULTS_MAX = 2048,      /* of the whole job, then it ends */
};

typedef struct ReaderRun {
        size_t part; /* index in plan->parts */
        unsigned pass;
} ReaderRun;

typedef struct Reader {
        Feed *feed;
        Session *session;
        const Plan *plan;
        Control *control;
        ReaderRun *runs;
        size_t n_runs, runs_size;
        struct {
                size_t run;
                uint64_t offset; /* in the part */
        } ask, get;              /* where the next request and the next chunk are */
        unsigned tries;          /* of the request at `get` */
        unsigned faults;
        uint64_t done, total; /* bytes */
} Reader;

/* Everything stays the caller's. The total is what the plan foresees: the critical set twice. */
void reader_init(Reader *r, Feed *feed, Session *session, const Plan *plan, Control *control);
void reader_done(Reader *r);
/* Appends a run; a third pass adds to the total. 0 or -ENOMEM. */
int reader_add(Reader *r, size_t part, unsigned pass, Failure *f);
/* Sends as many requests as may be outstanding. */
int reader_ask(Reader *r, Failure *f);
/* Reads until the last run is in the session. */
int reader_run(Reader *r, Failure *f);
