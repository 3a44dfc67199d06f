/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <string.h>

#include "store/manifest.h"

static Manifest *sample(void)
{
        static const char *const names[] = { "nvram", "boot", "userdata" };
        Manifest *m = manifest_new();

        assert_non_null(m);
        assert_int_equal(manifest_set_parts(m, 3), 0);
        m->n_regions = 3;
        m->regions[0] = (ManifestRegion){ .name = "EMMC_BOOT1", .size = 100 };
        m->regions[1] = (ManifestRegion){
                .name = "EMMC_RPMB", .size = 100, .coverage = COVERAGE_UNREADABLE
        };
        m->regions[2] = (ManifestRegion){ .name = "EMMC_USER", .size = 300 };
        for (size_t i = 0; i < 3; i++) {
                m->parts[i] = (ManifestPart){ .offset = 100 * i, .size = 100, .sha256 = { 1 } };
                snprintf(m->parts[i].name, sizeof m->parts[i].name, "%s", names[i]);
                snprintf(m->parts[i].file, sizeof m->parts[i].file, "%s", names[i]);
                snprintf(m->parts[i].region, sizeof m->parts[i].region, "EMMC_USER");
        }
        return m;
}

/* All is well. */
static void test_complete(void **state)
{
        _cleanup_(manifest_freep) Manifest *m = sample();

        assert_int_equal(manifest_conclude(m, NULL, NULL), 0);
        assert_int_equal(m->result, RESULT_COMPLETE);
        assert_int_equal(m->regions[0].coverage, COVERAGE_NONE);
        assert_int_equal(m->regions[1].coverage, COVERAGE_UNREADABLE);
        assert_int_equal(m->regions[2].coverage, COVERAGE_ALL);
        assert_int_equal(m->n_checks, 2);
        assert_false(m->parts[0].same_as_parent);
}

static void test_parent(void **state)
{
        _cleanup_(manifest_freep) Manifest *m = sample(), *parent = sample();

        parent->parts[1].sha256[0] = 2;
        parent->parts[2].size = 99;
        assert_int_equal(manifest_conclude(m, parent, NULL), 0);
        assert_true(m->parts[0].same_as_parent);
        assert_false(m->parts[1].same_as_parent);
        assert_false(m->parts[2].same_as_parent);
}

static void assert_result(PartStatus status, RegionCoverage coverage, BackupResult result)
{
        _cleanup_(manifest_freep) Manifest *m = sample();

        m->parts[1].status = status;
        assert_int_equal(manifest_conclude(m, NULL, NULL), 0);
        assert_int_equal(m->regions[2].coverage, coverage);
        assert_int_equal(m->result, result);
}

static void test_statuses(void **state)
{
        assert_result(PART_OK, COVERAGE_ALL, RESULT_COMPLETE);
        assert_result(PART_SKIPPED, COVERAGE_PART, RESULT_COMPLETE);
        assert_result(PART_BAD_RANGES, COVERAGE_ALL, RESULT_COMPLETE_WITH_ERRORS);
        assert_result(PART_UNSTABLE, COVERAGE_ALL, RESULT_COMPLETE_WITH_ERRORS);
        assert_result(PART_UNREADABLE, COVERAGE_PART, RESULT_COMPLETE_WITH_ERRORS);
}

static void test_checks(void **state)
{
        _cleanup_(manifest_freep) Manifest *m = sample(), *empty = sample(), *from = sample();

        assert_int_equal(manifest_conclude(m, NULL, "boot overlaps a smaller one"), 0);
        assert_int_equal(m->result, RESULT_COMPLETE_WITH_ERRORS);
        assert_string_equal(m->checks[0].detail, "boot overlaps a smaller one");

        empty->parts[0].zero_bytes = 60;
        empty->parts[0].ff_bytes = 40;
        assert_int_equal(manifest_conclude(empty, NULL, NULL), 0);
        assert_int_equal(empty->result, RESULT_COMPLETE_WITH_ERRORS);

        /* what the worker found counts, too; what it could not check does not */
        assert_int_equal(manifest_set_checks(from, 1), 0);
        from->checks[0].result = CHECK_SKIP;
        assert_int_equal(manifest_conclude(from, NULL, NULL), 0);
        assert_int_equal(from->result, RESULT_COMPLETE);
        assert_int_equal(manifest_set_checks(from, 1), 0);
        from->checks[0].result = CHECK_FAIL;
        assert_int_equal(manifest_conclude(from, NULL, NULL), 0);
        assert_int_equal(from->result, RESULT_COMPLETE_WITH_ERRORS);
}

TEST_MAIN(cmocka_unit_test(test_complete), cmocka_unit_test(test_parent),
        cmocka_unit_test(test_statuses), cmocka_unit_test(test_checks))
