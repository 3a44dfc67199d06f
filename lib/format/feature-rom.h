/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The loader and firmware files in the flash of a feature phone: doc/feature-rom.md.
 *
 * Such a phone has no partition table. Its parts are files with a FILE_INFO header, found by
 * searching for it; a dump that was read longer than the chip is repeats itself. */

#include "format/gfh.h"

enum { FEATURE_FILES_MAX = 64 };

typedef struct FeatureFile {
        GfhFile file;
        GfhHash hash;
        bool broken;    /* impossible lengths, or it runs out of the dump */
        bool overlaps;  /* begins inside the file before it */
        bool displaced; /* runs in place, but not at the address it was made for */
} FeatureFile;

typedef struct FeatureRom {
        uint64_t size; /* of the chip: of the dump, halved while it repeats itself */
        bool wrapped;
        bool has_header; /* SF_BOOT at its start */
        FeatureFile files[FEATURE_FILES_MAX];
        size_t n_files;
} FeatureRom;

enum { FEATURE_ROM_SMALLEST = 1024 * 1024, FEATURE_ROM_LARGEST = 64 * 1024 * 1024 };

/* Searches a whole dump. smallest: below this size (bytes, a power of two) a repetition is not
 * looked for; FEATURE_ROM_SMALLEST for real chips. 0; -ENOENT: not one file; -EFBIG: longer than
 * any such chip; or the source's error. */
int feature_rom_read(Source *s, uint64_t smallest, FeatureRom *ret);

/* The size of the chip a dump of a power of two came from. */
int feature_rom_size(Source *s, uint64_t smallest, uint64_t *ret);
