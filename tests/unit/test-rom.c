/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "basic/bytes.h"
#include "format/rom.h"

static void part(Layout *l, const char *name, RegionKind region, uint64_t offset, uint64_t size)
{
        Partition *p = layout_add(l, name);

        assert_non_null(p);
        p->region = region;
        p->offset = offset;
        p->size = size;
        p->open_end = size == 0;
}

/* A table names some stretches; the plan has a piece for every byte. */
static void test_tiles(void **state)
{
        static const struct {
                const char *name;
                RegionKind region;
                uint64_t offset, size;
        } expected[] = {
                { "preloader", REGION_BOOT1, 0, 100 },
                { "_gap-64", REGION_BOOT1, 100, 28 },
                { "_gap-0", REGION_USER, 0, 64 },
                { "nvram", REGION_USER, 64, 100 },
                { "_gap-a4", REGION_USER, 164, 36 },
                { "boot", REGION_USER, 200, 300 },
                { "userdata", REGION_USER, 500, 500 },
        };
        uint64_t sizes[_REGION_MAX] = { [REGION_BOOT1] = 128, [REGION_USER] = 1000 };
        _cleanup_(layout_freep) Layout *l = layout_new();
        _cleanup_(rom_plan_freep) RomPlan *p = NULL;

        part(l, "boot", REGION_USER, 200, 300);
        part(l, "nvram", REGION_USER, 64, 100);
        part(l, "userdata", REGION_USER, 500, 0);
        part(l, "preloader", REGION_BOOT1_BOOT2, 0, 100);
        part(l, "secret", REGION_RPMB, 0, 100); /* not among the areas that are cut */
        assert_int_equal(rom_plan_new(l, sizes, &p), 0);
        assert_int_equal(p->n_pieces, ELEMENTS(expected));
        for (size_t i = 0; i < ELEMENTS(expected); i++) {
                assert_string_equal(p->pieces[i].name, expected[i].name);
                assert_string_equal(p->pieces[i].file, expected[i].name);
                assert_int_equal(p->pieces[i].region, expected[i].region);
                assert_int_equal(p->pieces[i].offset, expected[i].offset);
                assert_int_equal(p->pieces[i].size, expected[i].size);
                assert_int_equal(p->pieces[i].present, expected[i].size);
                assert_false(p->pieces[i].overlaps);
        }
        assert_int_equal(p->pieces[2].class, CLASS_GAP);
        assert_int_equal(p->pieces[3].class, CLASS_IDENTITY);
}

static void test_short_dump(void **state)
{
        uint64_t sizes[_REGION_MAX] = { [REGION_USER] = 450 };
        _cleanup_(layout_freep) Layout *l = layout_new();
        _cleanup_(rom_plan_freep) RomPlan *p = NULL;

        part(l, "boot", REGION_USER, 200, 300);
        part(l, "userdata", REGION_USER, 500, 500);
        assert_int_equal(rom_plan_new(l, sizes, &p), 0);
        assert_int_equal(p->n_pieces, 3);
        assert_int_equal(p->pieces[1].present, 250);
        assert_int_equal(p->pieces[2].present, 0);
}

static void test_overlaps_and_hostile_numbers(void **state)
{
        uint64_t sizes[_REGION_MAX] = { [REGION_USER] = 1000 };
        _cleanup_(layout_freep) Layout *l = layout_new();
        _cleanup_(rom_plan_freep) RomPlan *p = NULL;

        part(l, "super", REGION_USER, 100, 600);
        part(l, "vbmeta", REGION_USER, 650, 50);
        part(l, "cache", REGION_USER, 690, 20);
        part(l, "lies", REGION_USER, 5000, UINT64_MAX);
        part(l, "nowhere", REGION_USER, 10, 10);
        l->parts[4].unplaced = true;
        assert_int_equal(rom_plan_new(l, sizes, &p), 0);
        assert_string_equal(p->pieces[1].name, "super");
        assert_false(p->pieces[1].overlaps);
        assert_string_equal(p->pieces[2].name, "vbmeta");
        assert_true(p->pieces[2].overlaps);
        assert_true(p->pieces[3].overlaps);
        assert_string_equal(p->pieces[4].name, "_gap-2c6");
        assert_int_equal(p->pieces[4].size, 290);
        assert_string_equal(p->pieces[5].name, "lies");
        assert_int_equal(p->pieces[5].present, 0);
        assert_int_equal(p->n_pieces, 6);
}

static void test_names(void **state)
{
        uint64_t sizes[_REGION_MAX] = { [REGION_USER] = 100 };
        _cleanup_(layout_freep) Layout *l = layout_new();
        _cleanup_(rom_plan_freep) RomPlan *p = NULL;
        char longest[LAYOUT_NAME_MAX + 1], file[ROM_FILE_MAX];

        part(l, "boot", REGION_USER, 0, 10);
        part(l, "BOOT", REGION_USER, 10, 10);
        part(l, "../etc/passwd", REGION_USER, 20, 10);
        part(l, "", REGION_USER, 30, 70);
        assert_int_equal(rom_plan_new(l, sizes, &p), 0);
        assert_string_equal(p->pieces[0].file, "boot");
        assert_string_equal(p->pieces[1].file, "BOOT~2");
        assert_string_equal(p->pieces[2].file, "%2E.%2Fetc%2Fpasswd");
        assert_string_equal(p->pieces[3].file, "_");
        memset(longest, '/', LAYOUT_NAME_MAX);
        longest[LAYOUT_NAME_MAX] = 0;
        rom_file_name(longest, file);
        assert_int_equal(strlen(file), 3 * LAYOUT_NAME_MAX);
}

static void test_empty_table(void **state)
{
        uint64_t sizes[_REGION_MAX] = { [REGION_USER] = 100 };
        _cleanup_(layout_freep) Layout *l = layout_new();
        _cleanup_(rom_plan_freep) RomPlan *p = NULL;

        assert_int_equal(rom_plan_new(l, sizes, &p), 0);
        assert_int_equal(p->n_pieces, 1);
        assert_string_equal(p->pieces[0].name, "_gap-0");
        p = rom_plan_free(p);

        sizes[REGION_BOOT2] = 10;
        assert_int_equal(rom_plan_new(l, sizes, &p), 0);
        assert_string_equal(p->pieces[0].name, "preloader_backup");
}

TEST_MAIN(cmocka_unit_test(test_tiles), cmocka_unit_test(test_short_dump),
        cmocka_unit_test(test_overlaps_and_hostile_numbers), cmocka_unit_test(test_names),
        cmocka_unit_test(test_empty_table))
