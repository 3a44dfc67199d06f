/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What a session has made durable, one line a fact, appended and flushed at every checkpoint.
 *
 *   C <part> <chunk-no> <length> <sha256> <n|r|z|h>     chunk done: new, reused, zero, healed
 *   B <part> <offset> <size> <-|*|/|?> <tries> <error>  bad range
 *   E <time> <word> <detail>                            an event: attach, detach, …
 *
 * Each line ends in " #" and the first 8 hex digits of the SHA-256 of the text before it. Reading
 * stops at the first line that is incomplete or fails its check: what follows a torn write is not
 * trusted. */

#include "store/chunk.h"
#include "store/names.h"

typedef enum ChunkKind {
        CHUNK_NEW,
        CHUNK_REUSED,
        CHUNK_ZERO,
        CHUNK_HEALED, /* a damaged file of this name was replaced */
        _CHUNK_KIND_MAX
} ChunkKind;

enum { JOURNAL_LINE_MAX = 1024, JOURNAL_WORD_MAX = 32, JOURNAL_TEXT_MAX = 256 };

typedef struct JournalEntry {
        char type; /* 'C', 'B' or 'E' */
        char part[PART_FILE_MAX];
        uint64_t chunk, length; /* C */
        ChunkHash hash;
        ChunkKind kind;
        uint64_t offset, size; /* B */
        char letter;
        unsigned tries;
        int64_t time; /* E: seconds since 1970 */
        char word[JOURNAL_WORD_MAX];
        char text[JOURNAL_TEXT_MAX]; /* error or detail */
} JournalEntry;

typedef struct Journal Journal;

/* Makes dir/name, which must not exist. */
int journal_create_at(int dir, const char *name, Journal **ret);
Journal *journal_free(Journal *j);
DEFINE_CLEANUP(Journal, journal_free)
/* Lines are collected in memory until journal_flush. 0, -ENOMEM, or -EINVAL for an entry that
 * cannot be written. */
int journal_add(Journal *j, const JournalEntry *e);
/* One write and one fdatasync. After an error the journal takes nothing more (-EIO). */
int journal_flush(Journal *j);
/* A second descriptor of the file, for a reader. */
int journal_dup(const Journal *j);
/* Bytes that were flushed: a reader that finds fewer good ones has a damaged file. */
uint64_t journal_size(Journal *j);

typedef struct JournalReader JournalReader;

/* fd stays the caller's. */
int journal_open(int fd, JournalReader **ret);
JournalReader *journal_reader_free(JournalReader *r);
DEFINE_CLEANUP(JournalReader, journal_reader_free)
/* 1 and the next entry; 0 at the end or at the first line that cannot be trusted. */
int journal_next(JournalReader *r, JournalEntry *ret);
/* Bytes up to the end of the last good line: where the file is to be cut. */
uint64_t journal_valid(const JournalReader *r);
