/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Legacy download agents, as BootTraits' neighbour for chips up to MT6735 and MT8590. */

#include "stage.h"

enum {
        LEGACY_BLOCKS = 1,     /* ids of the hello leave as blocks, not word by word */
        LEGACY_REVERSED = 2,   /* the hello has the bytes of each CID word the other way round */
        LEGACY_WORD_SPACE = 4, /* wants one configuration word: address space */
        LEGACY_WORD_DRAM = 8,  /* wants one configuration word: start the DRAM */
        LEGACY_WIDE = 16,      /* 64-bit NAND size in the report */
        LEGACY_EXTRA = 32,     /* one more word in the report */
        LEGACY_LINEAR = 64,    /* one address space, whatever command 60 says */
        LEGACY_NO_ZLPS = 128,  /* USB 3 controller */
        LEGACY_SINGLE = 256,   /* one stage: starts with c0 03 */
        LEGACY_BARE_512 = 512, /* a run of 512 bytes has no zero-length packet behind it */
        LEGACY_NAND = 1024,    /* raw NAND instead of eMMC; USER is its content */
        LEGACY_NOR = 2048,     /* likewise NOR */
};

typedef struct LegacyTraits {
        uint8_t version[3];
        uint8_t n_ids;
        uint8_t dram_extras;  /* bytes behind a good DRAM status */
        uint16_t nand_status; /* in the report */
        unsigned features;
        uint64_t dram_size;
} LegacyTraits;

extern const StageOps legacy_agent;
