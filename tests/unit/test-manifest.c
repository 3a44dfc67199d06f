/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <string.h>

#include "store/manifest.h"

static ManifestPart *fill(Manifest *m)
{
        assert_int_equal(manifest_set_parts(m, 3), 0);
        m->n_regions = 1;
        m->regions[0] = (ManifestRegion){ .name = "EMMC_USER", .size = 300 };
        for (size_t i = 0; i < 3; i++) {
                snprintf(m->parts[i].name, sizeof m->parts[i].name, "boot");
                snprintf(m->parts[i].file, sizeof m->parts[i].file, i == 0 ? "boot" : "boot~%zu",
                        i + 1);
                snprintf(m->parts[i].region, sizeof m->parts[i].region, "EMMC_USER");
                m->parts[i].offset = 100 * i;
                m->parts[i].size = 100;
        }
        return m->parts;
}

/* Sums cover what is stored and nothing else. */
static void test_totals(void **state)
{
        _cleanup_(manifest_freep) Manifest *m = manifest_new();
        ManifestPart *p = fill(m);
        ManifestTotals t;

        p[0].new_bytes = 60;
        p[0].new_stored_bytes = 30;
        p[1].status = PART_SKIPPED;
        p[1].new_bytes = 1000;
        p[2].status = PART_BAD_RANGES;
        p[2].chunks = 5;
        p[2].bad = calloc(2, sizeof *p[2].bad);
        p[2].n_bad = 2;
        p[2].bad[0].size = 7;
        p[2].bad[1].size = 8;
        manifest_totals(m, &t);
        assert_int_equal(t.size, 200);
        assert_int_equal(t.new_bytes, 60);
        assert_int_equal(t.stored_bytes_new, 30);
        assert_int_equal(t.bad_bytes, 15);
        assert_int_equal(t.chunks, 5);
}

/* File names are unique; a name that several partitions have means none of them. */
static void test_find(void **state)
{
        _cleanup_(manifest_freep) Manifest *m = manifest_new();
        ManifestPart *p = fill(m);

        assert_ptr_equal(manifest_find(m, "boot"), p);
        assert_ptr_equal(manifest_find(m, "boot~3"), p + 2);
        assert_null(manifest_find(m, "nvram"));
        snprintf(p[0].name, sizeof p[0].name, "a b");
        snprintf(p[0].file, sizeof p[0].file, "a%%20b");
        assert_ptr_equal(manifest_find(m, "a b"), p);
        assert_null(manifest_find(m, "boot"));
}

static void test_tiled(void **state)
{
        _cleanup_(manifest_freep) Manifest *m = manifest_new();
        ManifestPart *p = fill(m);

        assert_true(manifest_region_tiled(m, m->regions));
        m->regions[0].size = 301;
        assert_false(manifest_region_tiled(m, m->regions));
        m->regions[0].size = 299;
        assert_false(manifest_region_tiled(m, m->regions));
        m->regions[0].size = 300;
        p[1].offset = 99;
        assert_false(manifest_region_tiled(m, m->regions));
        p[1].offset = 101;
        assert_false(manifest_region_tiled(m, m->regions));
        p[1].offset = 100;
        p[1].size = UINT64_MAX;
        assert_false(manifest_region_tiled(m, m->regions));
}

/* The list of checks grows one by one, to its limit. */
static void test_checks(void **state)
{
        _cleanup_(manifest_freep) Manifest *m = manifest_new();

        assert_int_equal(manifest_add_check(m, "tiling", CHECK_FAIL, "boot has no size"), 0);
        assert_int_equal(m->n_checks, 1);
        assert_string_equal(m->checks[0].name, "tiling");
        assert_int_equal(m->checks[0].result, CHECK_FAIL);
        assert_string_equal(m->checks[0].detail, "boot has no size");
        for (int i = 0; i < MANIFEST_CHECKS_MAX; i++)
                assert_int_equal(manifest_add_check(m, "more", CHECK_PASS, ""), 0);
        assert_int_equal(m->n_checks, MANIFEST_CHECKS_MAX);
}

static void test_names(void **state)
{
        assert_string_equal(backup_kind_to_string(BACKUP_SELECTION), "selection");
        assert_string_equal(
                backup_result_to_string(RESULT_COMPLETE_WITH_ERRORS), "complete-with-errors");
        assert_string_equal(part_status_to_string(PART_BAD_RANGES), "bad-ranges");
        assert_string_equal(region_coverage_to_string(COVERAGE_UNREADABLE), "unreadable");
        assert_string_equal(check_result_to_string(CHECK_SKIP), "skip");
        assert_true(part_status_stored(PART_UNSTABLE));
        assert_false(part_status_stored(PART_UNREADABLE));
}

TEST_MAIN(cmocka_unit_test(test_totals), cmocka_unit_test(test_find), cmocka_unit_test(test_tiled),
        cmocka_unit_test(test_checks), cmocka_unit_test(test_names))
