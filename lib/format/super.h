/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The super partition of dynamic partitions: doc/super.md.
 *
 * It begins with a geometry (two copies), metadata slots (with backups) and then the extents of
 * the logical partitions. Read only: listing and extracting, never rebuilding. */

#include "format/source.h"

enum {
        SUPER_NAME = 36,
        SUPER_SLOTS_MAX = 16,
        SUPER_TABLES_MAX = 1024 * 1024, /* bytes of one metadata slot */
        SUPER_DEVICES_MAX = 32,
};

typedef struct SuperExtent {
        uint64_t size; /* bytes */
        bool zero;
        uint64_t offset; /* of a linear one, in its device */
        uint32_t device;
} SuperExtent;

typedef struct SuperPartition {
        char name[SUPER_NAME + 1];
        char group[SUPER_NAME + 1];
        uint32_t attributes;
        size_t first_extent, n_extents;
        uint64_t size; /* sum of its extents */
} SuperPartition;

enum {
        SUPER_ATTR_READONLY = 1,
        SUPER_ATTR_SLOT_SUFFIXED = 2,
        SUPER_ATTR_UPDATED = 4,
        SUPER_ATTR_DISABLED = 8,
};

typedef struct SuperDevice {
        char name[SUPER_NAME + 1];
        uint64_t size, first_byte;
} SuperDevice;

/* state of one copy of something */
typedef enum SuperCopy { SUPER_COPY_ABSENT, SUPER_COPY_BAD, SUPER_COPY_GOOD } SuperCopy;
const char *super_copy_to_string(SuperCopy copy);

typedef struct Super {
        SuperCopy geometry[2]; /* primary, backup */
        uint32_t metadata_max_size, slot_count, logical_block_size;
        SuperCopy slots[2][SUPER_SLOTS_MAX]; /* primaries, backups */
        unsigned slot;                       /* whose tables these are */
        bool from_backup;
        unsigned minor;
        SuperPartition *partitions;
        size_t n_partitions;
        SuperExtent *extents;
        size_t n_extents;
        SuperDevice devices[SUPER_DEVICES_MAX];
        size_t n_devices;
} Super;

/* Reads geometry and the metadata of a slot, the backup where the primary is damaged. slot: -1
 * for the first that is good. 0; -ENOENT: no super partition; -EBADMSG: no good geometry or no good
 * metadata for that slot, or tables that contradict themselves; -ERANGE: no such slot. */
int super_read(Source *s, int slot, Super **ret);
Super *super_free(Super *super);
DEFINE_CLEANUP(Super, super_free)

const SuperPartition *super_find(const Super *super, const char *name);

/* The content of a logical partition as a source; super and parent are borrowed. Extents of other
 * devices than the first cannot be read: -ENODEV. -ERANGE: an extent lies outside the parent. */
typedef struct SuperSource {
        Source source;
        Source *parent;
        const SuperExtent *extents;
        size_t n_extents;
} SuperSource;
int super_source_init(SuperSource *x, const Super *super, const SuperPartition *p, Source *parent);
