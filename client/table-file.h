/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A partition table from whatever has one: a scatter file of any kind, a table cut out of a flash,
 * or a whole dump. */

#include "format/identify.h"
#include "format/layout.h"

typedef struct TableFile {
        Layout *layout;
        const char *kind;    /* "gpt", "pmt", "mbr", "scatter" … */
        uint64_t user_start; /* where the user area begins in a linear dump, bytes */
} TableFile;

/* Reads the partition table of a source; area_size: of the user area, 0 unknown. Negative errno as
 * the readers' (-ENOENT: no table). */
int table_read(Source *s, uint64_t area_size, TableFile *ret);
/* The same for a path, which may be a scatter file too. Of one that describes two kinds of storage
 * the section for `storage` is taken; STORAGE_UNKNOWN: there must be no choice. 0 or an exit code. */
int table_load(const char *path, uint64_t area_size, StorageType storage, TableFile *ret);
/* "emmc" or "ufs" of an option, NULL: unknown. 0 or an exit code. */
int storage_option(const char *word, StorageType *ret);
void table_done(TableFile *t);
#define _cleanup_table_ _cleanup_(table_done)
