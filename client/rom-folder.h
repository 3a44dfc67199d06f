/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A folder with the files of a ROM, as flash tools use it: which file belongs to which partition.
 *
 * A scatter file in it says so. Without one a partition's file is the one whose name without its
 * ending is the partition's. */

#include "format/layout.h"

enum { ROM_FOLDER_FILES_MAX = 4096 };

typedef struct RomFile {
        char partition[LAYOUT_NAME_MAX + 1];
        char *file; /* name in the folder */
} RomFile;

typedef struct RomFolder {
        int fd;
        char *scatter;  /* the scatter file that was used, or NULL */
        RomFile *files; /* in scatter order, else by name */
        size_t n_files;
} RomFolder;

/* scatter: path of one, or NULL to look for it in the folder. 0 or an exit code. */
int rom_folder_open(const char *path, const char *scatter, RomFolder **ret);
RomFolder *rom_folder_free(RomFolder *f);
DEFINE_CLEANUP(RomFolder, rom_folder_free)

/* File of a partition, NULL when there is none. */
const char *rom_folder_file(const RomFolder *f, const char *partition);
/* "lk-verified.bin" for "lk.bin": the signed variant, which some ROMs have beside or instead. To be
 * freed; NULL when out of memory. */
char *rom_folder_verified(const char *file);
