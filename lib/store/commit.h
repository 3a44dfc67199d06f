/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* From a finished session to a backup that exists (doc/store.md 7).
 *
 * A folder below incoming/ is filled with everything the backup consists of, each file and folder is
 * flushed, and one rename puts it into backups/. Before that rename nobody sees anything; after it
 * and the flush of the folders the backup is committed. The chunks are durable before this begins. */

#include "store/chunk.h"
#include "store/manifest.h"
#include "store/store.h"

/* A text for people beside the data: report/<name> */
typedef struct CommitReport {
        const char *name, *text;
} CommitReport;

typedef struct Commit {
        const Store *store;
        int session;        /* incoming/<id> */
        const char *folder; /* its folder that is filled and renamed: "final", "critical" */
        int index;          /* folder with the index files when they have to be copied, else -1 */
        const Manifest *manifest;
        const CommitReport *reports;
        size_t n_reports;
        ChunkCodec *codec;
} Commit;

/* Fills the folder: indexes, plain images (read back from the stored chunks), reports, manifest,
 * sums. */
int commit_prepare(const Commit *c, Failure *f);
/* Renames it into place. After 0 the backup is committed. */
int commit_publish(const Commit *c, Failure *f);
