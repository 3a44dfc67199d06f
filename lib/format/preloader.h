/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The preloader and the boot area it lies in: doc/preloader.md.
 *
 * A raw BOOT1 (eMMC) or LU0 (UFS) area begins with a device header and the boot layout, whose
 * first descriptor says where the loader file lies. Flash tools want the bare file; an exact
 * restore wants the area. Nothing here trusts a constant: the file is found by the descriptor and
 * checked by its own header and hash. */

#include "format/gfh.h"

enum {
        PRELOADER_DESCRIPTORS = 8,
        PRELOADER_HEADER_MAX = 0x1000, /* largest distance from the area's start to the file */
};

/* one word for its state */
typedef enum PreloaderHealth {
        PRELOADER_MISSING,  /* no loader there */
        PRELOADER_GOOD,     /* the hash in its signature agrees */
        PRELOADER_UNPROVEN, /* sound, but its signature holds no hash */
        PRELOADER_DAMAGED,  /* the hash differs, or the headers contradict each other */
        PRELOADER_CUT,      /* the file goes on behind the end of the input */
        _PRELOADER_HEALTH_MAX
} PreloaderHealth;
const char *preloader_health_to_string(PreloaderHealth health);

typedef struct PreloaderDescriptor {
        uint16_t device, type;
        uint32_t begin, boundary, attribute;
} PreloaderDescriptor;

typedef struct Preloader {
        char device_header[13]; /* "EMMC_BOOT", "UFS_BOOT"…; "" for a bare file */
        uint32_t rw_unit;
        bool has_layout; /* BRLYT was there */
        uint32_t boot_region, main_region;
        PreloaderDescriptor descriptors[PRELOADER_DESCRIPTORS];
        size_t n_descriptors;

        bool has_file;
        GfhFile file; /* file.offset: in the input */
        GfhHash hash;
        uint64_t trailing; /* bytes behind the file that are neither 00 nor FF; 0 none */

        uint64_t emi_offset;  /* of the memory parameters, in the file */
        uint32_t emi_length;  /* 0: none found */
        char emi_version[3];  /* "11" */
        uint32_t emi_entries; /* memories described; 0 unknown */
        char platform[17];    /* as the ROM info block says, which is often another chip */
        char project[17];
        char build[16]; /* "YYYYMMDD-hhmmss", "" unknown */
        PreloaderHealth health;
} Preloader;

/* Reads a boot area or a bare file. 0, also for a damaged or cut one (see health); -ENOENT:
 * neither a boot area nor a loader file; else the source's error. */
int preloader_read(Source *s, Preloader *ret);

typedef enum PreloaderStorage {
        PRELOADER_EMMC,
        PRELOADER_UFS,
        PRELOADER_SD,
        _PRELOADER_STORAGE_MAX
} PreloaderStorage;
const char *preloader_storage_to_string(PreloaderStorage storage); /* "emmc" … */
int preloader_storage_from_string(const char *name);

/* Builds what stands before the file in a boot area: *ret_size bytes, at most
 * PRELOADER_HEADER_MAX. max_size: room for the loader, 0 for what its header says. -EINVAL when
 * the file is longer than that or has no sensible limit. */
int preloader_make_header(PreloaderStorage storage, const GfhFile *file, uint32_t max_size,
        uint8_t ret[static PRELOADER_HEADER_MAX], size_t *ret_size);
