/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* One job's reads, served to a keeper over its data channel and ring (wire/verbs.h).
 *
 * What the phone sends goes straight into the current slot; a full slot is the keeper's until it is
 * freed. When no slot is free nothing is taken from the phone any more, which then waits: the disk
 * never loses a byte, and a slow one is no reason to give up. Reads are served in order. An ABORT,
 * and the end of the channel, stop the current one at the next border of a packet; whatever reads
 * were asked for before an ABORT are answered Canceled. */

#include "daemon/worker/control.h"
#include "daemon/worker/facts.h"
#include "wire/ring.h"

typedef struct JobRead {
        uint64_t tag, offset, length;
        char region[24];
        bool aborted;
} JobRead;

typedef struct Job {
        Control *control;
        int channel; /* -1 closed */
        Ring ring;
        bool busy[RING_SLOTS_MAX];     /* the keeper's */
        JobRead reads[VERB_READS_MAX]; /* asked for, oldest first; the first is being served */
        size_t n_reads;
        bool broken; /* the keeper broke the rules */

        /* of the read that is being served */
        int slot;      /* being filled, -1 none */
        size_t filled; /* bytes in it */
        uint64_t next; /* offset of the first byte not yet handed on */
} Job;

/* Takes the descriptors out of a JOB message and listens to the channel. 0; -EINVAL when they are
 * not what they should be. */
int job_open(Job *j, Control *c, Message *order);
/* Closes the channel: the keeper sees the end. Accepts a job that never was opened. */
void job_close(Job *j);

/* Tells the facts and serves until the keeper closes the channel, or an end is wanted, or the phone
 * cannot be read any more. 0; -ECANCELED an end is wanted; an error of the session with f set. */
int job_run(Job *j, DaSession *s, const Facts *facts, Failure *f);
