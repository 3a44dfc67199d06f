/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* PMT, the partition table of MediaTek phones before GPT: doc/partitions.md, "PMT".
 *
 * A list of names with sizes and offsets, kept twice (PT and its mirror MPT). Neither the format of
 * the records nor the place is marked, so both are found by looking for what makes sense. */

#include "format/layout.h"
#include "format/source.h"

enum { PMT_RECORDS_MAX = 128, PMT_SCAN_SIZE = 32 * 1024 * 1024 };

typedef struct PmtFacts {
        unsigned version;                   /* 1 or 3 */
        uint64_t offset;                    /* bytes in the source at which it was found */
        unsigned record_size, first_record; /* bytes */
        bool mirror_found, mirror_equal;
        uint64_t mirror_offset;
} PmtFacts;

/* Reads a table at this offset. 0; -ENOENT: none there; -EBADMSG: a signature and nothing that
 * makes sense behind it; -ENOMEM; the source's error. */
int pmt_read(Source *source, uint64_t offset, Layout **ret, PmtFacts *facts);

/* Looks for one in a user area, where such tables are kept: known places first, then every 64 KiB of
 * the last 4 MiB and of the first PMT_SCAN_SIZE bytes. Same results. */
int pmt_find(Source *source, Layout **ret, PmtFacts *facts);
