/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "format/layout.h"

static Partition *add(
        Layout *l, const char *name, RegionKind region, uint64_t offset, uint64_t size)
{
        Partition *p = layout_add(l, name);
        assert_non_null(p);
        p->region = region;
        p->offset = offset;
        p->size = size;
        return p;
}

static void assert_part(const Layout *l, size_t i, const char *name, uint64_t offset, uint64_t size)
{
        assert_true(i < l->n_parts);
        assert_string_equal(l->parts[i].name, name);
        assert_int_equal(l->parts[i].offset, offset);
        assert_int_equal(l->parts[i].size, size);
}

/* A table with holes becomes a list that covers each region from the first to the last byte. */
static void test_tiling(void **state)
{
        _cleanup_(layout_freep) Layout *l = layout_new();

        l->storage = STORAGE_EMMC;
        layout_set_region(l, REGION_BOOT1, 0x400);
        layout_set_region(l, REGION_USER, 0x10000);
        layout_set_region(l, REGION_RPMB, 0x800)->readable = false;
        add(l, "boot", REGION_USER, 0x2000, 0x1000);
        add(l, "nvram", REGION_USER, 0x1000, 0x800);

        assert_int_equal(layout_check(l), 0);
        assert_int_equal(layout_tile(l), 0);
        assert_int_equal(l->n_parts, 6);
        assert_part(l, 0, "preloader", 0, 0x400);
        assert_int_equal(l->parts[0].class, CLASS_LOADER);
        assert_part(l, 1, "_gap-0", 0, 0x1000);
        assert_int_equal(l->parts[1].class, CLASS_GAP);
        assert_part(l, 2, "nvram", 0x1000, 0x800);
        assert_part(l, 3, "_gap-1800", 0x1800, 0x800);
        assert_part(l, 4, "boot", 0x2000, 0x1000);
        assert_part(l, 5, "_gap-3000", 0x3000, 0xd000);

        /* nothing is left to fill */
        assert_int_equal(layout_tile(l), 0);
        assert_int_equal(l->n_parts, 6);
}

static void test_find(void **state)
{
        _cleanup_(layout_freep) Layout *l = layout_new();

        add(l, "boot", REGION_USER, 0, 1);
        assert_non_null(layout_find(l, "BOOT"));
        assert_null(layout_find(l, "boot2"));
        assert_null(layout_region(l, REGION_USER));
        layout_set_region(l, REGION_USER, 5);
        layout_set_region(l, REGION_USER, 6);
        assert_int_equal(l->n_regions, 1);
        assert_int_equal(layout_region(l, REGION_USER)->size, 6);
}

static void test_sort_is_stable(void **state)
{
        _cleanup_(layout_freep) Layout *l = layout_new();

        add(l, "unplaced", REGION_USER, 0, 1)->unplaced = true;
        add(l, "b", REGION_USER, 5, 1);
        add(l, "c", REGION_USER, 5, 2);
        add(l, "a", REGION_USER, 0, 1);
        add(l, "preloader", REGION_BOOT1_BOOT2, 0, 9);
        layout_sort(l);
        assert_string_equal(l->parts[0].name, "preloader");
        assert_string_equal(l->parts[1].name, "a");
        assert_string_equal(l->parts[2].name, "b");
        assert_string_equal(l->parts[3].name, "c");
        assert_string_equal(l->parts[4].name, "unplaced");
}

static bool has_problem(const Layout *l, const char *text)
{
        for (size_t i = 0; i < l->n_problems; i++)
                if (strstr(l->problems[i].text, text))
                        return true;
        return false;
}

static void test_problems(void **state)
{
        _cleanup_(layout_freep) Layout *l = layout_new();

        l->storage = STORAGE_EMMC;
        layout_set_region(l, REGION_USER, 0x1000);
        add(l, "big", REGION_USER, 0, 0x800);
        add(l, "inside", REGION_USER, 0x100, 0x100);
        add(l, "last", REGION_USER, 0x7ff, 0x10);
        add(l, "empty", REGION_USER, 0x900, 0);
        add(l, "far", REGION_USER, 0xfff, 2);
        add(l, "wrap", REGION_USER, UINT64_MAX, 2);
        add(l, "Far", REGION_USER, 0xa00, 1);
        assert_int_equal(layout_check(l), 6);
        assert_true(has_problem(l, "inside overlaps big"));
        assert_true(has_problem(l, "last overlaps big"));
        assert_true(has_problem(l, "empty has no size"));
        assert_true(has_problem(l, "far ends at 0x1001, behind the end of EMMC_USER (0x1000)"));
        assert_true(has_problem(l, "wrap ends behind"));
        assert_true(has_problem(l, "Far is there twice"));
        /* the same again is not said again */
        assert_int_equal(layout_check(l), 0);

        size_t n = l->n_parts;
        assert_int_equal(layout_tile(l), -EINVAL);
        assert_int_equal(l->n_parts, n);
}

/* What is written to both boot areas competes with what is in the first one. */
static void test_both_boot_areas(void **state)
{
        _cleanup_(layout_freep) Layout *l = layout_new();

        layout_set_region(l, REGION_BOOT1, 0x100);
        add(l, "preloader", REGION_BOOT1_BOOT2, 0, 0x100);
        add(l, "other", REGION_BOOT1, 0x80, 0x81);
        layout_check(l);
        assert_true(has_problem(l, "other overlaps preloader"));
        assert_true(has_problem(l, "other ends at 0x101"));
}

static void test_tiling_refuses(void **state)
{
        static const struct {
                uint64_t offset, size;
        } bad[] = { { 0xf, 1 }, { 0x20, 0xfe1 }, { 0x1000, 1 }, { UINT64_MAX, 2 },
                { 0x20, UINT64_MAX } };

        for (size_t i = 0; i < ELEMENTS(bad); i++) {
                _cleanup_(layout_freep) Layout *l = layout_new();
                layout_set_region(l, REGION_USER, 0x1000);
                add(l, "first", REGION_USER, 0x0, 0x10);
                add(l, "bad", REGION_USER, bad[i].offset, bad[i].size);
                assert_int_equal(layout_tile(l), -EINVAL);
                assert_int_equal(l->n_parts, 2);
        }
}

static void test_open_end(void **state)
{
        _cleanup_(layout_freep) Layout *l = layout_new();

        layout_set_region(l, REGION_USER, 0x1000);
        add(l, "first", REGION_USER, 0x10, 0)->open_end = true;
        add(l, "second", REGION_USER, 0x20, 0x10);
        add(l, "third", REGION_USER, 0x40, 0)->open_end = true;
        assert_int_equal(layout_tile(l), 0);
        assert_int_equal(l->n_parts, 5);
        assert_part(l, 1, "first", 0x10, 0x10);
        assert_part(l, 3, "_gap-30", 0x30, 0x10);
        assert_part(l, 4, "third", 0x40, 0xfc0);
}

static void test_limits(void **state)
{
        _cleanup_(layout_freep) Layout *l = layout_new();
        char name[LAYOUT_NAME_MAX + 20];

        for (int i = 0; i < LAYOUT_PARTS_MAX; i++)
                assert_non_null(layout_add(l, "x"));
        assert_null(layout_add(l, "x"));
        for (unsigned i = 0; i < 2 * LAYOUT_PROBLEMS_MAX; i++)
                layout_problem(l, i + 1, "number %u", i);
        assert_int_equal(l->n_problems, LAYOUT_PROBLEMS_MAX);
        assert_string_equal(l->problems[l->n_problems - 1].text, "there are more problems");
        /* full of parts that could be tiled but for the limit */
        layout_set_region(l, REGION_USER, 1);
        assert_int_equal(layout_tile(l), -ENOMEM);
        assert_int_equal(l->n_parts, LAYOUT_PARTS_MAX);

        _cleanup_(layout_freep) Layout *m = layout_new();
        memset(name, 'n', sizeof(name) - 1);
        name[sizeof(name) - 1] = '\0';
        assert_int_equal(strlen(layout_add(m, name)->name), LAYOUT_NAME_MAX);
        assert_null(layout_free(NULL));
}

TEST_MAIN(cmocka_unit_test(test_tiling), cmocka_unit_test(test_find),
        cmocka_unit_test(test_sort_is_stable), cmocka_unit_test(test_problems),
        cmocka_unit_test(test_both_boot_areas), cmocka_unit_test(test_tiling_refuses),
        cmocka_unit_test(test_open_end), cmocka_unit_test(test_limits))
