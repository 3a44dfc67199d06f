/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/manifest.h"

#include <errno.h>
#include <string.h>

#include "basic/table.h"

static const char *const kind_names[_BACKUP_KIND_MAX] = {
        [BACKUP_CRITICAL] = "critical",
        [BACKUP_FULL] = "full",
        [BACKUP_SELECTION] = "selection",
};
DEFINE_TABLE(backup_kind, BackupKind, kind_names)

static const char *const result_names[_BACKUP_RESULT_MAX] = {
        [RESULT_COMPLETE] = "complete",
        [RESULT_COMPLETE_WITH_ERRORS] = "complete-with-errors",
};
DEFINE_TABLE(backup_result, BackupResult, result_names)

static const char *const status_names[_PART_STATUS_MAX] = {
        [PART_OK] = "ok",
        [PART_BAD_RANGES] = "bad-ranges",
        [PART_UNSTABLE] = "unstable",
        [PART_SKIPPED] = "skipped",
        [PART_UNREADABLE] = "unreadable",
};
DEFINE_TABLE(part_status, PartStatus, status_names)

static const char *const coverage_names[_REGION_COVERAGE_MAX] = {
        [COVERAGE_ALL] = "all",
        [COVERAGE_NONE] = "none",
        [COVERAGE_PART] = "part",
        [COVERAGE_UNREADABLE] = "unreadable",
};
DEFINE_TABLE(region_coverage, RegionCoverage, coverage_names)

static const char *const check_names[_CHECK_RESULT_MAX] = {
        [CHECK_PASS] = "pass",
        [CHECK_FAIL] = "fail",
        [CHECK_SKIP] = "skip",
};
DEFINE_TABLE(check_result, CheckResult, check_names)

Manifest *manifest_new(void)
{
        return calloc(1, sizeof(Manifest));
}

static void free_parts(Manifest *m)
{
        for (size_t i = 0; i < m->n_parts; i++)
                free(m->parts[i].bad);
        free(m->parts);
        m->parts = NULL;
        m->n_parts = 0;
}

Manifest *manifest_free(Manifest *m)
{
        if (!m)
                return NULL;
        free_parts(m);
        free(m->checks);
        free(m);
        return NULL;
}

int manifest_set_parts(Manifest *m, size_t n)
{
        free_parts(m);
        m->parts = calloc(MAX(n, (size_t)1), sizeof *m->parts);
        if (!m->parts)
                return -ENOMEM;
        m->n_parts = n;
        return 0;
}

int manifest_set_checks(Manifest *m, size_t n)
{
        free(m->checks);
        m->n_checks = 0;
        m->checks = calloc(MAX(n, (size_t)1), sizeof *m->checks);
        if (!m->checks)
                return -ENOMEM;
        m->n_checks = n;
        return 0;
}

int manifest_add_check(Manifest *m, const char *name, CheckResult result, const char *detail)
{
        ManifestCheck *bigger, *check;

        if (m->n_checks >= MANIFEST_CHECKS_MAX)
                return 0;
        bigger = realloc(m->checks, (m->n_checks + 1) * sizeof *bigger);
        if (!bigger)
                return -ENOMEM;
        m->checks = bigger;
        check = m->checks + m->n_checks++;
        *check = (ManifestCheck){ .result = result };
        snprintf(check->name, sizeof check->name, "%s", name);
        snprintf(check->detail, sizeof check->detail, "%s", detail);
        return 0;
}

void manifest_totals(const Manifest *m, ManifestTotals *ret)
{
        *ret = (ManifestTotals){};
        for (size_t i = 0; i < m->n_parts; i++) {
                const ManifestPart *p = m->parts + i;

                if (!part_status_stored(p->status))
                        continue;
                ret->size += p->size;
                ret->zero_bytes += p->zero_bytes;
                ret->new_bytes += p->new_bytes;
                ret->stored_bytes_new += p->new_stored_bytes;
                ret->chunks += p->chunks;
                ret->chunks_new += p->chunks_new;
                ret->chunks_reused += p->chunks_reused;
                ret->chunks_healed += p->chunks_healed;
                for (size_t k = 0; k < p->n_bad; k++)
                        ret->bad_bytes += p->bad[k].size;
        }
}

const ManifestPart *manifest_find(const Manifest *m, const char *name)
{
        const ManifestPart *found = NULL;

        for (size_t i = 0; i < m->n_parts; i++)
                if (strcmp(m->parts[i].file, name) == 0)
                        return m->parts + i;
        for (size_t i = 0; i < m->n_parts; i++)
                if (strcmp(m->parts[i].name, name) == 0) {
                        if (found)
                                return NULL;
                        found = m->parts + i;
                }
        return found;
}

bool manifest_region_tiled(const Manifest *m, const ManifestRegion *region)
{
        uint64_t end = 0;

        for (size_t i = 0; i < m->n_parts; i++) {
                const ManifestPart *p = m->parts + i;

                if (strcmp(p->region, region->name) != 0)
                        continue;
                if (p->offset != end || p->size > region->size - end)
                        return false;
                end += p->size;
        }
        return end == region->size;
}
