/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A backup while it is being made: incoming/<backup-id>.
 *
 *   session.json   which phone, which plan, when
 *   journal        what is durable so far
 *   stage/         chunks on their way into chunks.castr
 *   final/         the folder that becomes the backup; its index files grow while chunks come
 *   critical/      the same for the backup of the critical set, which is committed first
 *
 * The caller reads the phone in the order of the plan and hands over chunk after chunk: the critical
 * set in two passes (a third for parts that differ), the rest in one. Memory does not depend on the
 * size of the phone: index entries and journal lines go to their files, and of a partition only the
 * running checksum is kept.
 *
 * One thread calls; a session that is freed before session_commit leaves its chunks and nothing
 * else. */

#include "store/backup.h"
#include "store/checkpoint.h"
#include "store/commit.h"
#include "store/plan.h"

typedef struct SessionSetup {
        const Store *store;
        const Plan *plan;
        const Manifest *head;   /* everything but regions and parts; its id names the session */
        const Manifest *parent; /* what this backup is compared with; NULL */
        const char *boot_id;    /* of the host */
        const CommitReport *reports; /* go into the backup as they are */
        size_t n_reports;
} SessionSetup;

typedef struct Session Session;

/* Makes the folder and its files, durably. Store, plan, parent and reports stay the caller's. */
int session_begin(const SessionSetup *setup, Session **ret, Failure *f);
/* Throws away what was not committed, but not the chunks that are whole. */
Session *session_free(Session *s);
DEFINE_CLEANUP(Session, session_free)

/* Memory for the next chunk, CHUNK_SIZE bytes; may wait for the threads. */
int session_buffer(Session *s, uint8_t **ret, Failure *f);
/* Hands the chunk over that was put there: number `chunk` of part `part` (index in plan->parts) in
 * pass 0 to 2. Chunks of a part come in order. */
int session_push(Session *s, size_t part, unsigned pass, uint64_t chunk, Failure *f);
/* Notes bytes of the part that could not be read and are zeros in its chunks. -E2BIG when there
 * are too many. */
int session_bad(Session *s, size_t part, unsigned pass, const ManifestBad *bad, Failure *f);
/* Notes that the phone refused this part as a whole; nothing of it was pushed. */
void session_unreadable(Session *s, size_t part, const char *error);
/* Takes finished work from the threads, starts checkpoints that are due. */
int session_poll(Session *s, Failure *f);

/* After two passes of the critical set: does the part need a third? Waits for the threads. */
int session_differs(Session *s, size_t part, bool *ret, Failure *f);
/* After all passes of the critical set: writes its indexes. */
int session_settle(Session *s, Failure *f);
/* Commits the critical set as a backup of its own, which is read-only to the caller afterwards. */
int session_commit_critical(
        Session *s, const char *id, uint64_t seq, int64_t now, const Manifest **ret, Failure *f);
/* Changes the sequence number, when the critical set has taken the first one. */
void session_renumber(Session *s, uint64_t seq);
/* Commits the whole. The session's folder is gone afterwards. */
int session_commit(Session *s, int64_t now, const Manifest **ret, Failure *f);
/* What is whole becomes durable, as far as the disk allows; for sessions that end early. */
void session_save(Session *s);

/* Bytes of partitions that are durable. */
uint64_t session_durable(const Session *s);
/* A descriptor of the journal, which outlives the folder: what was stored anew. */
int session_journal(const Session *s);
/* Bytes of it that are durable. */
uint64_t session_journal_size(const Session *s);

/* Removes the leftovers of sessions that nobody works on: those of committed backups and, as long as
 * sessions cannot be resumed, the interrupted ones. Chunks stay. Returns how many were removed. */
int session_sweep(const Store *s, Failure *f);
