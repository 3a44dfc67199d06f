/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A store: one folder with everything in it (doc/store.md 1).
 *
 *   STORE          what it is; written last when a store is made
 *   README.txt     how to read it without this program
 *   lock           shared by everybody who works in the store, exclusive for who removes chunks
 *   writer.lock    exclusive for the daemon that writes
 *   backups/ chunks.castr/ incoming/ quarantine/ trash/
 *
 * It is reached only through the descriptor it was opened with, never by a path, so that it can be
 * anywhere and a caged process can use it. */

#include "basic/failure.h"

enum {
        STORE_VERSION = 1,
        /* Space that must stay free for indexes and manifests while chunks are written. */
        STORE_RESERVE_MIB = 16,
};

typedef struct Store {
        int dir, backups, chunks, incoming, quarantine, trash;
        int lock; /* held shared while the store is open */
        char id[37];
} Store;

/* Makes a store in an empty folder, or completes one whose making was interrupted. Does nothing in
 * a folder that has one. `uuid` becomes its id, `now` its date (seconds since 1970). */
int store_make(int dir, const char *uuid, int64_t now, Failure *f);
/* Opens a store that is there. The descriptor stays the caller's. Waits for nobody: -EBUSY when
 * somebody holds the lock exclusively. */
int store_open(int dir, Store **ret, Failure *f);
Store *store_free(Store *s);
DEFINE_CLEANUP(Store, store_free)

/* Tries once what a commit relies on: flushing files and folders, renaming without replacing. */
int store_probe(const Store *s, Failure *f);
/* -ENOSPC and the failure when less than the reserve is free. */
int store_check_space(const Store *s, Failure *f);

/* Turns an error of a call into a Failure: which of the store's errors it is, `format` as what was
 * being done ("writing index/boot.caibx"), and what a person can do. Returns err. */
int store_fail(Failure *f, int err, const char *format, ...) _printf_(3, 4);

/* The text of README.txt. */
extern const char store_readme[];
