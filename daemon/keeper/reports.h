/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Texts that lie beside the data of a backup for people and their flash tools:
 * memory-report.txt, the memory detection report, and scatter.txt, made from the partition table. */

#include "daemon/keeper/facts.h"
#include "store/commit.h"

typedef struct Reports {
        char *memory, *scatter;
        CommitReport list[2]; /* those there are */
        size_t n;
} Reports;

/* 0 or -ENOMEM. A phone without partition table gets no scatter. */
int reports_make(const Facts *facts, Reports *ret);
void reports_done(Reports *r);
