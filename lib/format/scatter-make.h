/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Making a scatter out of a partition table: doc/scatter.md, "Making one".
 *
 * A table knows names and places. What a scatter says besides comes from what real files say about
 * partitions of that name; nothing that belongs to one phone alone is ever for download. */

#include "format/layout.h"
#include "format/source.h"

typedef struct ScatterMake {
        const char *chip;     /* "MT6765"; NULL unknown */
        const char *project;  /* NULL unknown */
        StorageType storage;  /* STORAGE_UNKNOWN: the table's guess */
        uint64_t user_size;   /* bytes; 0: what the table says */
        uint64_t boot_size;   /* bytes of BOOT1; 0 unknown */
        Source *user;         /* the user area, to look for file systems; may be NULL */
        uint64_t user_offset; /* in it, of linear dumps */
} ScatterMake;

/* Makes a layout that scatter_write() takes. Added are the preloader, pgpt and sgpt of a GPT, which
 * no GPT lists; a table that has PRELOADER and MBR gets linear and physical addresses. What had to
 * be guessed is a note, what is missing a problem. 0, -ENOMEM, or the source's error. */
int scatter_make(const Layout *table, const ScatterMake *how, Layout **ret);

/* What is usually said about a partition of this name and class: image type, operation, file name,
 * download, reserved. Unknown partitions are left alone by flash tools. */
void scatter_set_defaults(const Layout *l, Partition *p);
