/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Checksum.ini, the list of sums that SP Flash Tool 5 keeps in a ROM folder: doc/checksum.md.
 *
 * Keys are partition names, values 16-bit sums; a second section may hold MD5. What a line says
 * wrong is a problem with its number, not an error. */

#include "format/layout.h"

enum { CHECKSUM_ENTRIES_MAX = 1024, CHECKSUM_FILE_MAX = 1024 * 1024 };

typedef struct ChecksumEntry {
        char name[LAYOUT_NAME_MAX + 1]; /* of the partition */
        bool has_sum, has_md5;
        uint16_t sum;
        uint8_t md5[16];
        unsigned line; /* where it stood first */
} ChecksumEntry;

typedef struct ChecksumIni {
        char version[16], tool[64];
        int64_t change_id;
        bool enabled;
        ChecksumEntry *entries;
        size_t n_entries, entries_size;
} ChecksumIni;

ChecksumIni *checksum_ini_new(void);
ChecksumIni *checksum_ini_free(ChecksumIni *c);
DEFINE_CLEANUP(ChecksumIni, checksum_ini_free)

/* The entry of this name, made when it is not there; NULL when out of memory or at the limit. */
ChecksumEntry *checksum_ini_add(ChecksumIni *c, const char *name);
const ChecksumEntry *checksum_ini_find(const ChecksumIni *c, const char *name);

/* Reads a whole file. Problems go to l (which may be NULL). 0; -ENOENT: not such a file; -ENOMEM. */
int checksum_ini_read(const char *text, size_t size, ChecksumIni **ret, Layout *l);
/* Text of the file, to be freed. Entries without a sum are left out; the MD5 section is written
 * when some entry has one. */
int checksum_ini_write(const ChecksumIni *c, char **ret);
