/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Reading the lists that make SP Flash Tool read a phone back: doc/readback.md.
 *
 * The counterpart of readback-xml.h for lists that exist: all four forms, for people who want to
 * know what such a file would do, and what the tool would silently make of it. */

#include "format/layout.h"

enum { READBACK_FILE_MAX = 4 * 1024 * 1024, READBACK_ENTRIES_MAX = 4096 };

typedef struct ReadbackEntry {
        char path[512];          /* where the tool would write */
        char area[48];           /* "part 8", "EMMC-USER", or the name of a partition */
        bool by_name;            /* area is a partition that the phone's own table knows */
        uint64_t offset, length; /* bytes; 0 with by_name */
        bool enabled;
        unsigned line;
} ReadbackEntry;

typedef struct ReadbackFile {
        char form[16]; /* root element's tool: "v5", "v6", "console6" */
        char chip[32], storage[16];
        ReadbackEntry *entries;
        size_t n_entries, entries_size;
} ReadbackFile;

ReadbackFile *readback_file_free(ReadbackFile *f);
DEFINE_CLEANUP(ReadbackFile, readback_file_free)

/* 0; -ENOENT: another document; -EBADMSG: not well-formed (what came before is not given); -ENOMEM.
 * What the tool would refuse or take in another way than it looks is a problem in l. */
int readback_file_read(const char *text, size_t size, ReadbackFile **ret, Layout *l);
