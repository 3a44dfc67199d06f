/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What follows from the parts once all are read: coverage, comparison with the parent, checks and
 * the result of the backup. */

#include "store/manifest.h"

#include <errno.h>
#include <string.h>

static const ManifestPart *same_place(const Manifest *m, const ManifestPart *part)
{
        const ManifestPart *p = manifest_find(m, part->file);

        return p && strcmp(p->region, part->region) == 0 && p->offset == part->offset &&
                        p->size == part->size && part_status_stored(p->status)
                ? p
                : NULL;
}

static void compare_parts(Manifest *m, const Manifest *parent)
{
        for (size_t i = 0; i < m->n_parts; i++) {
                ManifestPart *part = m->parts + i;
                const ManifestPart *before = parent ? same_place(parent, part) : NULL;

                part->same_as_parent = before && part_status_stored(part->status) &&
                        memcmp(before->sha256, part->sha256, SHA256_SIZE) == 0;
        }
}

static void cover_regions(Manifest *m)
{
        for (size_t i = 0; i < m->n_regions; i++) {
                ManifestRegion *region = m->regions + i;
                bool some = false, missing = false;

                if (region->coverage == COVERAGE_UNREADABLE)
                        continue;
                for (size_t k = 0; k < m->n_parts; k++) {
                        const ManifestPart *part = m->parts + k;
                        bool stored = part_status_stored(part->status);

                        if (strcmp(part->region, region->name) != 0)
                                continue;
                        some |= stored;
                        missing |= !stored;
                }
                region->coverage = !some                               ? COVERAGE_NONE
                        : missing || !manifest_region_tiled(m, region) ? COVERAGE_PART
                                                                       : COVERAGE_ALL;
        }
}

/* A calibration partition without content was lost before we came. */
static int check_nvram(Manifest *m)
{
        const ManifestPart *part = manifest_find(m, "nvram");
        bool empty;

        if (!part || !part_status_stored(part->status))
                return 0;
        empty = part->zero_bytes + part->ff_bytes == part->size;
        return manifest_add_check(m, "nvram-content", empty ? CHECK_FAIL : CHECK_PASS,
                empty ? "nvram holds nothing but 00 or FF" : "");
}

static BackupResult result_of(const Manifest *m)
{
        for (size_t i = 0; i < m->n_parts; i++)
                if (m->parts[i].status != PART_OK && m->parts[i].status != PART_SKIPPED)
                        return RESULT_COMPLETE_WITH_ERRORS;
        for (size_t i = 0; i < m->n_checks; i++)
                if (m->checks[i].result == CHECK_FAIL)
                        return RESULT_COMPLETE_WITH_ERRORS;
        return RESULT_COMPLETE;
}

int manifest_conclude(Manifest *m, const Manifest *parent, const char *table_problem)
{
        int r;

        compare_parts(m, parent);
        cover_regions(m);
        /* whether the table's parts cover the areas; what was wrong with the table itself is among
         * the phone's own checks */
        r = manifest_add_check(m, "tiling", table_problem ? CHECK_FAIL : CHECK_PASS,
                table_problem ? table_problem : "");
        if (r == 0)
                r = check_nvram(m);
        m->result = result_of(m);
        return r;
}
