/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The DRAM settings of a phone's board.
 *
 * A boot ROM leaves the DRAM alone, and a download agent cannot know how the board is wired. The
 * settings are a block near the end of the phone's own preloader file, "MTK_BLOADER_INFO_v" and a
 * version, with an entry for every memory chip that is mounted on this board (doc/dram.md).
 * XFlash agents take the whole block and choose, legacy ones want the entry of the eMMC they found. */

#include "basic/bytes.h"
#include "basic/failure.h"

enum {
        DRAM_BLOCK_MIN = 0x70,
        DRAM_BLOCK_MAX = 64 * 1024,
        DRAM_CID_KEY = 9, /* bytes of the eMMC id that an entry holds */
        DRAM_ENTRIES_MAX = 256,
};

typedef struct DramSettings {
        const uint8_t *block; /* borrowed; from the magic on */
        size_t size;
        unsigned version;   /* of the block; the two digits */
        unsigned n_entries; /* 0 when the block does not say */
        size_t entry_size;  /* 0 when the entries are not all alike */
} DramSettings;

/* Reads a block. 0 or -ENOENT (no such block). Borrows data. */
int dram_settings(const void *data, size_t size, DramSettings *ret);
/* Finds the block in a preloader file, a boot area, or a file that holds nothing else. 0, -ENOENT. */
int dram_find(const void *data, size_t size, DramSettings *ret);
/* Says that a phone needs settings and there are none. -ENOKEY (NoDownloadAgent). */
int dram_missing(const char *chip, Failure *f);
/* The entry for an eMMC id in natural order, or the only one; NULL when none fits. */
const uint8_t *dram_entry(const DramSettings *d, const uint8_t cid[16]);
