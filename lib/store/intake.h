/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* From bytes in memory to a chunk that is stored or staged (doc/store.md 6).
 *
 * The caller copies a piece of a partition into an item and submits it. On one of two threads its
 * hash is computed and, when a chunk of that name exists, the stored bytes are compared with it:
 * equal ones are reused, damaged ones are linked into quarantine and stored anew. What is new is
 * compressed, decoded again, and written to a file of its own in the session's stage folder, which
 * the checkpoint later makes durable and renames into place.
 *
 * Items are taken back in the order of submission, whatever order the threads finish in. */

#include "store/journal.h"
#include "store/pool.h"
#include "store/store.h"

enum {
        INTAKE_ITEMS = 4, /* in flight: 4 MiB of copies */
        INTAKE_THREADS = 2,
};

typedef struct Intake Intake;

typedef struct IntakeItem {
        Task task;
        Intake *intake;
        uint8_t *data; /* CHUNK_SIZE bytes, the caller fills in */
        size_t size;
        size_t part; /* for the caller */
        unsigned pass;
        uint64_t chunk;
        bool zero, ff;             /* all bytes are 00, FF */
        const ChunkHash *expected; /* not NULL: a chunk of this hash is known to be stored */

        /* the result */
        int err;
        ChunkHash hash;
        ChunkKind kind;
        int fd;          /* of the staged file, for new and healed ones; else -1 */
        unsigned stage;  /* its name in the stage folder */
        uint64_t stored; /* its size */
        Failure failure;
} IntakeItem;

/* `stage` is the stage folder; both stay the caller's. */
int intake_new(const Store *s, int stage, Intake **ret);
/* Waits for what is in flight, throws it away. */
Intake *intake_free(Intake *in);
DEFINE_CLEANUP(Intake, intake_free)

/* An item to fill, or NULL when all are in flight: take the oldest back first. */
IntakeItem *intake_slot(Intake *in);
/* The same item again: the one that intake_submit will take. */
IntakeItem *intake_next(Intake *in);
/* Gives it to the threads. */
void intake_submit(Intake *in);
/* The oldest item in flight once it is done; waits for it when `wait`. NULL when there is none. Its
 * result is the caller's to look at and its fd the caller's to take until intake_release. */
IntakeItem *intake_head(Intake *in, bool wait);
void intake_release(Intake *in);
/* The chunk of zeros is stored: items of zeros need no thread from now on. */
void intake_zero_known(Intake *in);

/* Links the file of a damaged chunk into quarantine/, so that replacing it loses nothing. */
void quarantine_chunk(const Store *s, const ChunkHash *hash);
