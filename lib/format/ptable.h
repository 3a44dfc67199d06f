/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Whichever partition table a dump has: doc/partitions.md, "Which table". */

#include "format/gpt.h"
#include "format/pmt.h"

typedef enum PtableKind {
        PTABLE_NONE,
        PTABLE_GPT,
        PTABLE_MBR,
        PTABLE_PMT,
        PTABLE_DUMCHAR, /* a phone's own listing, as text */
        _PTABLE_MAX
} PtableKind;
const char *ptable_kind_to_string(PtableKind kind); /* "none", "gpt", … */

typedef struct PtableFacts {
        PtableKind kind;
        uint64_t offset; /* bytes in the source at which the user area starts */
        GptFacts gpt;    /* with PTABLE_GPT, and where there is a broken one */
        PmtFacts pmt;    /* with PTABLE_PMT */
        bool has_mbr;    /* with PTABLE_PMT: there is an MBR as well */
} PtableFacts;

/* Reads the table of a user area (area_size bytes, 0 unknown) or of a linear dump of a whole
 * storage, in which the user area starts later: GPT, then MBR and PMT. Where both of the latter are
 * there the PMT makes the layout, since it has names and raw partitions too.
 * 0; -ENOENT: no table; -EBADMSG: only a broken one; -ENOMEM; the source's error. facts is filled
 * always. */
int ptable_read(Source *source, uint64_t area_size, Layout **ret, PtableFacts *facts);

/* The listing that old kernels give as /proc/dumchar_info: lines of "name size start type map" in
 * hexadecimal. 0, -ENOENT: no such listing, -ENOMEM. */
int dumchar_read(const char *text, size_t size, Layout **ret);
