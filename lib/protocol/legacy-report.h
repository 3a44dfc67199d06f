/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What a legacy download agent says about memory and storage before it takes commands
 * (doc/legacy.md 4).
 *
 * The report has no length field. Its size follows from the build: the number of NAND id words (it
 * is the same as in the hello), whether the NAND size has 32 or 64 bits, and whether one more word
 * stands in front of the closing block. legacy_report_try looks at what has come so far and says
 * which form it is, or how many bytes more are needed. */

#include "basic/bytes.h"
#include "basic/cleanup.h"

enum {
        LEGACY_NAND_IDS_MAX = 32,
        LEGACY_REPORT_MIN = 218,
        LEGACY_REPORT_MAX = 226 + 2 * LEGACY_NAND_IDS_MAX,
        LEGACY_REPORT_A_SIZE = 186, /* of the single-stage agents */
};

typedef struct LegacyReport {
        uint32_t nor_status;
        uint64_t nor_size;
        uint32_t nand_status;
        uint64_t nand_size;
        uint16_t nand_page, nand_spare, nand_pages_per_block;
        uint32_t emmc_status;
        uint64_t boot1, boot2, rpmb, gp[4], user; /* bytes */
        uint8_t cid[16];                          /* natural order, maker first */
        uint8_t fw_version[8];
        bool has_fw_version;
        uint32_t sd_status;
        uint64_t sd_size;
        uint32_t sram_status, dram_status;
        uint64_t sram_size, dram_size;
        uint8_t random_id[16];
        bool has_extra;
        uint32_t extra; /* the word before the closing block */
        uint32_t download_status, boot_style;
        bool soc_ok; /* the last byte was C1 */
        size_t size; /* bytes of this form */
} LegacyReport;

/* data is what was received so far, n_ids the number of the hello. 1 and *ret when the form is
 * known and whole; 0 and *ret_more bytes to read before the next try; -EPROTO when it is none. */
int legacy_report_try(
        const uint8_t *data, size_t size, unsigned n_ids, LegacyReport *ret, size_t *ret_more);
/* The report of a single-stage agent: exactly LEGACY_REPORT_A_SIZE bytes. 0 or -EPROTO. */
int legacy_report_a(const uint8_t *data, LegacyReport *ret);
