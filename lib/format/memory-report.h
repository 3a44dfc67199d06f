/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The memory detection report, as SP Flash Tool shows it: doc/memory-report.md.
 *
 * People paste it into forums and keep it beside their backups, because it names the true sizes of
 * the areas. It is read from such copies (blanks for tabs, cut lines) and written for a phone that
 * was detected. */

#include "format/layout.h"

typedef struct MemoryReport {
        uint64_t internal_ram, external_ram; /* bytes; 0 unknown or not detected */
        char ram_type[8];                    /* "DRAM", "SRAM" */
        char nand_id[64];
        uint64_t nand_size;
        StorageType storage;           /* the one that was detected */
        uint64_t regions[_REGION_MAX]; /* bytes; BOOT1, LU0 … of the storage */
} MemoryReport;

/* 0; -ENOENT: no such report. */
int memory_report_read(const char *text, size_t size, MemoryReport *ret);
/* The same text the tool would show; to be freed. */
int memory_report_write(const MemoryReport *m, char **ret);
/* Storage and region sizes into a layout. 0 or -E2BIG. */
int memory_report_to_layout(const MemoryReport *m, Layout *l);
