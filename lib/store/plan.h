/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What a backup will read, in which order.
 *
 * It is made once, from the layout that the phone reported and from what the job asks for. The parts
 * tile every readable region whatever the table looks like: what does not fit is left out as a
 * partition and read as gap. Reading goes by class, the irreplaceable first: table, device identity,
 * lock state, loader (the critical set, as long as it is small), then firmware, gaps, scratch, user. */

#include "basic/failure.h"
#include "store/manifest.h"

enum {
        PLAN_CRITICAL_PART_MIB = 64, /* larger parts are not in the critical set */
        PLAN_CRITICAL_ALL_MIB = 256, /* nor those that would make it larger than this */
        PLAN_GLOBS_MAX = 64,
        PLAN_GLOB_MAX = 80,
};

/* What the job asks for; lists are comma-separated, empty or NULL lists mean everything (or, for
 * exclude, nothing). */
typedef struct PlanRequest {
        BackupKind kind;
        const char *areas;      /* BOOT1, USER, … */
        const char *partitions; /* globs */
        const char *exclude;    /* globs */
} PlanRequest;

typedef struct PlanPart {
        const Partition *partition; /* in the plan's layout */
        const Region *region;
        char region_name[24];
        char file[PART_FILE_MAX];
        bool wanted;   /* else it is listed as skipped */
        bool critical; /* of the critical set: read twice, stored as a plain image, too */
} PlanPart;

typedef struct Plan {
        BackupKind kind;
        Layout *layout;  /* tiled and sorted by region and offset */
        PlanPart *parts; /* in that order; without those that a selection leaves out */
        size_t n_parts;
        size_t *order; /* indices of wanted parts in reading order, the critical set first */
        size_t n_order, n_critical;
        uint64_t bytes, critical_bytes; /* of wanted parts; of the critical set */
        bool table_ok;                  /* false when partitions had to be left out */
        char table_problem[160];        /* the first of them */
        /* the first thing asked for by name that this phone does not give, or "" */
        char missing[160];
        char unread[160]; /* the first area besides RPMB that cannot be read, when all was wanted */
} Plan;

/* The layout stays the caller's; regions of size 0 do not exist. 0; -EINVAL with
 * ERROR_INVALID_OPTION (a list that means nothing here, or nothing to read) or
 * ERROR_PROTOCOL_VIOLATION (no region at all); -ENOMEM. */
int plan_new(const Layout *layout, const PlanRequest *request, Plan **ret, Failure *f);
Plan *plan_free(Plan *p);
DEFINE_CLEANUP(Plan, plan_free)
/* SHA-256 of everything that makes two plans the same. */
void plan_digest(const Plan *p, uint8_t ret[SHA256_SIZE]);
