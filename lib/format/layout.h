/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The one partition table type.
 *
 * Every reader of a table (GPT, PMT, MBR, scatter in any dialect, a phone) makes a Layout and every
 * writer takes one, so that any form becomes any other. Regions are the physical areas of the
 * storage under their scatter names; partitions lie in a region at a byte offset. What a reader
 * found doubtful is a Problem, with the line of a text file where there is one; only what cannot be
 * read at all is an error. */

#include "basic/cleanup.h"

typedef enum StorageType {
        STORAGE_UNKNOWN,
        STORAGE_EMMC,
        STORAGE_UFS,
        STORAGE_NAND,
        STORAGE_NOR,
        STORAGE_SD,
        _STORAGE_MAX
} StorageType;
const char *storage_type_to_string(StorageType type); /* "emmc" … */
int storage_type_from_string(const char *name);

typedef enum RegionKind {
        REGION_BOOT1, /* EMMC_BOOT1, UFS_LU0 */
        REGION_BOOT2, /* EMMC_BOOT2, UFS_LU1 */
        REGION_RPMB,
        REGION_GP1,
        REGION_GP2,
        REGION_GP3,
        REGION_GP4,
        REGION_USER,        /* EMMC_USER, UFS_LU2, NAND and NOR as a whole */
        REGION_BOOT1_BOOT2, /* EMMC_BOOT1_BOOT2 of a scatter: written to both */
        _REGION_MAX
} RegionKind;
/* "EMMC_USER", "UFS_LU2", "NAND_WHOLE"…; NULL where the storage has no such region. For unknown
 * storage the short names. */
const char *region_name(StorageType storage, RegionKind kind);
/* 0 and both values for any known name (EMMC_BOOT_1 of old scatters too), -ENOENT */
int region_from_name(const char *name, StorageType *ret_storage, RegionKind *ret_kind);
/* short name for areas of a profile: BOOT1 BOOT2 USER GP1.. RPMB, LU0 LU1 LU2 mean the same; case
 * does not count, names of region_from_name are taken too. 0 or -ENOENT. */
int region_from_area(const char *area, RegionKind *ret);
/* "BOOT1", "USER", … */
const char *region_area(RegionKind kind);

/* what a partition means for its owner; source: partition-defaults.tsv */
typedef enum PartClass {
        CLASS_TABLE,    /* partition tables themselves */
        CLASS_IDENTITY, /* exists in this one phone only: IMEI, calibration */
        CLASS_LOCK,     /* lock state */
        CLASS_LOADER,   /* preloader, lk */
        CLASS_FIRMWARE,
        CLASS_GAP,     /* what no table names */
        CLASS_SCRATCH, /* rewritten at every start */
        CLASS_USER,
        _CLASS_MAX
} PartClass;
const char *part_class_to_string(PartClass c); /* "table", "device-identity", "lock-state", … */
int part_class_from_string(const char *name);
/* Class of a partition name, slot suffixes _a/_b and digits considered; firmware if unknown. */
PartClass part_class_of(const char *name);

enum {
        LAYOUT_NAME_MAX =
                72, /* bytes of a partition name in UTF-8: 36 UTF-16 units, ASCII in fact */
        LAYOUT_TEXT_MAX = 128,
        LAYOUT_PARTS_MAX = 1024,
        LAYOUT_PROBLEMS_MAX = 256,
};

typedef struct Region {
        RegionKind kind;
        uint32_t section; /* its number on the wire of the protocol that reported it; 0 unknown */
        uint64_t size;    /* bytes; 0 unknown */
        bool readable;
} Region;

typedef struct Partition {
        char name[LAYOUT_NAME_MAX + 1];
        RegionKind region;
        uint64_t offset; /* bytes in the region */
        uint64_t size;   /* bytes; 0 with open_end: up to the end of the region */
        PartClass class;
        bool has_guid;
        uint8_t type_guid[16], unique_guid[16]; /* as on disk */
        uint64_t attrs;                         /* GPT attributes */

        /* what only scatter files say; empty or false elsewhere */
        bool open_end; /* the size is not known */
        bool from_end; /* the address was 0xFFFFnnnn, end_blocks counted from the end */
        bool unplaced; /* and it could not be resolved: offset means nothing */
        uint32_t end_blocks;
        uint64_t linear_address, physical_address;
        char file_name[LAYOUT_TEXT_MAX]; /* "" for NONE */
        char type[24];                   /* NORMAL_ROM, SV5_BL_BIN, … */
        char operation[24];              /* UPDATE, PROTECTED, BINREGION, … */
        char index[16];                  /* SYSn as written */
        bool is_download, is_upgradable, boundary_check, is_reserved, empty_boot_needed;
        bool combo_partsize_check;
        char region_text[20]; /* the region as written, where that is not region_name() */
        uint32_t keys; /* SCATTER_KEY_… bits of the optional keys it had; 0 for no scatter */
        unsigned line; /* of the text file it came from; 0 none */
} Partition;

typedef struct Problem {
        unsigned line; /* 0 where there is none */
        bool note;     /* worth knowing, but nothing is wrong */
        char text[160];
} Problem;

typedef struct Layout {
        StorageType storage;
        uint32_t block_size;   /* bytes; 0 unknown */
        char chip[32];         /* "MT6765"; "" unknown */
        char boot_channel[16]; /* MSDC_0 … of a scatter; "" by storage */
        char project[LAYOUT_TEXT_MAX];
        uint8_t disk_guid[16];
        /* bytes of USER that a GPT gives to parts; 0, 0 unknown */
        uint64_t usable_start, usable_end;
        Region regions[_REGION_MAX]; /* in the order the source named them */
        size_t n_regions;
        Partition *parts; /* in the order of the source */
        size_t n_parts, parts_size;
        Problem *problems;
        size_t n_problems, problems_size;
} Layout;

Layout *layout_new(void);
Layout *layout_free(Layout *l);
DEFINE_CLEANUP(Layout, layout_free)

/* Appends an empty partition; NULL when out of memory or at the limit. Valid until the next call. */
Partition *layout_add(Layout *l, const char *name);
/* Notes a problem, once; beyond the limit a last one says that there are more. */
void layout_problem(Layout *l, unsigned line, const char *format, ...) _printf_(3, 4);
/* The same for what is only worth knowing. */
void layout_note(Layout *l, unsigned line, const char *format, ...) _printf_(3, 4);
/* The first part of this name, case-insensitive, or NULL. */
const Partition *layout_find(const Layout *l, const char *name);
const Region *layout_region(const Layout *l, RegionKind kind);
/* Adds or changes a region; NULL at the limit. */
Region *layout_set_region(Layout *l, RegionKind kind, uint64_t size);
/* Sorts by region (BOOT1, BOOT2, …, USER) and offset; equals keep their order, unplaced come last. */
void layout_sort(Layout *l);

/* Overlaps, parts outside their region, double names, zero sizes: one problem each, none fixed.
 * Parts without a place or an end are left out of the comparison. Number of problems added. */
size_t layout_check(Layout *l);

/* Adds a part of class gap named "_gap-<hex offset>" for every hole of every region that is
 * readable and whose size is known, and sorts, so that the parts tile each region; an open end is
 * closed at the next part. A boot region without any part becomes one: the loader "preloader" or
 * "preloader_backup". -EINVAL when parts overlap or leave their region (nothing is added then);
 * -ENOMEM. */
int layout_tile(Layout *l);
