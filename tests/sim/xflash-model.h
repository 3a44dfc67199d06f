/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A download agent of the XFlash family: stage 1, started by JUMP_DA, and stage 2, which stage 1
 * receives by BOOT_TO and starts. */

#include "stage.h"

/* device control codes that only some builds know */
typedef enum XflashFeature {
        XFLASH_ERROR_DETAIL = 1 << 0, /* GET_ERROR_DETAIL, 128 bytes */
} XflashFeature;

typedef struct XflashTraits {
        bool pairs;              /* USB 3 controller: header and payload are a packet each */
        uint32_t emmc_info_size; /* 96 or 104 */
        uint32_t ufs_info_size;  /* 56 or 208 */
        unsigned features;
        uint64_t dram_size;
} XflashTraits;

extern const StageOps xflash_stage1;
extern const StageOps xflash_stage2;
