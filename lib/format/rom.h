/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Cutting a whole flash into files and joining them again: doc/rom.md.
 *
 * A plan is the list of pieces that together are the flash: the partitions of a table, and a piece
 * "_gap-<hex offset>" for everything the table does not name (a boot area of which it names nothing
 * is "preloader" or "preloader_backup" as a whole), so that the pieces of an area joined
 * in order are the area, byte for byte. Tables of real phones have partitions that overlap; each
 * is cut out whole, and joining compares what is there twice. */

#include "format/layout.h"

enum { ROM_FILE_MAX = 3 * LAYOUT_NAME_MAX + 16 };

typedef struct RomPiece {
        char name[LAYOUT_NAME_MAX + 1];
        char file[ROM_FILE_MAX]; /* a safe and unique file name */
        RegionKind region;
        uint64_t offset, size; /* in the region, bytes */
        uint64_t present;      /* bytes of it that the dump has */
        PartClass class;
        bool overlaps; /* begins before the end of a piece before it */
} RomPiece;

typedef struct RomPlan {
        RomPiece *pieces; /* by region and offset */
        size_t n_pieces;
        uint64_t sizes[_REGION_MAX]; /* of the regions that are cut, 0 for others */
} RomPlan;

/* Plans the regions whose size is not 0. Parts of other regions are left out; what lies behind the
 * end of its region is cut there and shows in `present`. A part of BOOT1_BOOT2 is one of BOOT1, and
 * of BOOT2 as well when that is cut. 0 or -ENOMEM, -E2BIG. */
int rom_plan_new(const Layout *l, const uint64_t sizes[static _REGION_MAX], RomPlan **ret);
RomPlan *rom_plan_free(RomPlan *p);
DEFINE_CLEANUP(RomPlan, rom_plan_free)

/* Puts the pieces in order: by region, offset, the larger of two first. */
void rom_plan_sort(RomPlan *p);

/* A partition name as a file name: bytes that are not letters, digits, '.', '_' or '-', and a
 * leading dot, become %XX. */
void rom_file_name(const char *name, char out[static ROM_FILE_MAX]);
