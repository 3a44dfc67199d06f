/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The header that some phones keep in front of their nvram partition: doc/nvram.md.
 *
 * Only phones of some years have it. Where it is not plausible nothing can be said about the
 * partition, which is not the same as damage. */

#include "format/source.h"

typedef enum NvramState {
        NVRAM_UNKNOWN, /* no plausible header */
        NVRAM_GOOD,    /* the checksum agrees */
        NVRAM_BAD,
} NvramState;
const char *nvram_state_to_string(NvramState state);

typedef struct Nvram {
        NvramState state;
        uint32_t map_size, data_size;
        uint32_t stored, computed; /* checksums */
} Nvram;

enum { NVRAM_BLOCK_EMMC = 0x20000 };

/* Reads a dump of the partition; its data begins at block_size, a multiple of four. 0 or the
 * source's error. */
int nvram_read(Source *s, uint32_t block_size, Nvram *ret);
