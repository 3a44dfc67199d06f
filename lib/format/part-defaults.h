/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What phones usually say about a partition of a given name.
 *
 * The table is generated from partition-defaults.tsv, the majority over real scatter files. It
 * settles once what belongs to which class, and fills in what a partition table does not know
 * (image type, operation, file name) when a scatter is made from one. doc/partitions.md. */

#include "format/layout.h"

typedef struct PartDefault {
        const char *name;      /* lower case */
        const char *type;      /* NORMAL_ROM, EXT4_IMG, … */
        const char *operation; /* UPDATE, INVISIBLE, … */
        const char *file_name; /* "" for none; "<project>" in it stands for the project's name */
        bool is_download, is_reserved;
        PartClass class;
} PartDefault;

extern const PartDefault part_defaults[];
extern const size_t n_part_defaults;

/* The row of exactly this name, case-insensitive, or NULL. */
const PartDefault *part_default_find(const char *name);
