/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What a file is and what is in it, as a report.
 *
 * The kind comes from format/identify.h; one function a kind fills the report by asking the reader
 * of the format. All of them read bounded pieces, so that a dump of any size is looked at in a few
 * megabytes. What an inspector cannot read is a problem in the report, not an error. */

#include "client/report.h"
#include "format/identify.h"

enum {
        INSPECT_TEXT_MAX = 16 * 1024 * 1024, /* longest text that is read */
        INSPECT_BUDGET = 12 * 1024 * 1024,   /* bytes read of a dump before details are left out */
};

typedef struct Inspection {
        const char *path; /* for names in it; may be any text */
        Source *source;
        FileKind kind;
        json_t *report;
        const ReportTable *tables; /* to show it with */
} Inspection;

/* Fills report (an object that is owned by the caller). Negative errno only when reading or memory
 * fails. */
int inspect(Inspection *i);

/* The inspectors, by family (inspect-*.c). */
int inspect_table(Inspection *i); /* GPT, PMT, MBR, whole dumps */
int inspect_sparse(Inspection *i);
int inspect_image(Inspection *i);  /* boot images, MediaTek images, file systems, super */
int inspect_loader(Inspection *i); /* preloaders, feature phones, download agents */
int inspect_text(Inspection *i);   /* lists and reports */

/* One or two words for what begins here: "ext4", "boot-image", "empty". */
int inspect_content(Source *s, char *out, size_t size);
