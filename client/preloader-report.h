/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A preloader as a report; "preloader" and "inspect" show the same. */

#include "client/report.h"
#include "format/preloader.h"

void preloader_report(json_t *j, const Preloader *p);
extern const ReportTable preloader_tables[];
/* A file with a GFH: type, lengths, blocks. */
void gfh_report(json_t *j, const GfhFile *f);
