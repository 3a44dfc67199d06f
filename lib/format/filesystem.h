/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Which file system lies here: ext4, f2fs, erofs and a few others by their superblock:
 * doc/images.md. Enough to name it, to know how long it is and whether it was left in order. */

#include "format/source.h"

typedef enum FilesystemKind {
        FILESYSTEM_NONE,
        FILESYSTEM_EXT4, /* ext2 and ext3 as well */
        FILESYSTEM_F2FS,
        FILESYSTEM_EROFS,
        FILESYSTEM_SQUASHFS,
        FILESYSTEM_FAT,
        _FILESYSTEM_MAX
} FilesystemKind;
const char *filesystem_kind_to_string(FilesystemKind kind);

typedef struct Filesystem {
        FilesystemKind kind;
        uint64_t size; /* bytes it claims; 0 unknown */
        uint32_t block_size;
        char label[65];
        char uuid[37];       /* "" unknown */
        bool needs_recovery; /* was not unmounted; its journal has to be replayed */
} Filesystem;

/* 0 with kind FILESYSTEM_NONE when nothing is known; else the source's error. */
int filesystem_identify(Source *s, uint64_t offset, Filesystem *ret);
