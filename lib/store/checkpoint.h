/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Making chunks durable (doc/store.md 6.3).
 *
 * Chunks collect in a batch; a checkpoint flushes their staged files, renames them into
 * chunks.castr, flushes the folders, and only then writes the journal lines that name them. It runs
 * on its own thread while the next batch collects: at most one is under way, so that at most two
 * batches can be lost. After any error nothing more is accepted, since after a failed flush nobody
 * knows what is on the disk. */

#include "store/intake.h"

enum {
        CHECKPOINT_CHUNKS = 64, /* and so at most 64 MiB */
        CHECKPOINT_SECONDS = 10,
        CHECKPOINT_FLUSHERS = 4, /* threads that wait for fsync */
};

typedef struct Checkpoint Checkpoint;

/* Everything stays the caller's. `file_of` gives the file name of a part for the journal. */
typedef struct CheckpointSetup {
        const Store *store;
        int stage;
        Journal *journal;
        Pool *flushers;
        const char *(*file_of)(void *userdata, size_t part);
        void *userdata;
} CheckpointSetup;

/* 0, -ENOMEM, or -EAGAIN when its thread cannot be made. */
int checkpoint_new(const CheckpointSetup *setup, Checkpoint **ret);
/* Waits for the one under way; what is collected is thrown away. */
Checkpoint *checkpoint_free(Checkpoint *c);
DEFINE_CLEANUP(Checkpoint, checkpoint_free)

/* Adds the chunk of an item and takes its file. A chunk that is already waiting in a batch is
 * dropped and the item's kind becomes reused. Starts a checkpoint when the batch is full. */
int checkpoint_add(Checkpoint *c, IntakeItem *item, Failure *f);
/* Starts one for what is collected, unless one is under way: then it starts as soon as that is
 * done and checkpoint_poll is called. */
int checkpoint_start(Checkpoint *c, Failure *f);
/* Looks after time and errors; to be called now and then. */
int checkpoint_poll(Checkpoint *c, Failure *f);
/* All that was added is durable, or an error. */
int checkpoint_flush(Checkpoint *c, Failure *f);
/* Bytes of the partitions that are durable. */
uint64_t checkpoint_durable(const Checkpoint *c);
