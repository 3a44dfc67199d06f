/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include "format/readback-xml.h"
#include "problems.h"
#include "scatter-example.h"

static const ReadbackOptions plain = { .form = READBACK_V5, .part_id = -1, .folder = "/backup" };

static void list_done(ReadbackList *l)
{
        readback_list_done(l);
}
#define _cleanup_list_ _cleanup_(list_done)

/* Everything of the phone that has a place, the loader first. */
static void test_whole_phone(void **state)
{
        _cleanup_(scatter_freep) Scatter *s = scatter_example("MT6752_Android_scatter.txt");
        _cleanup_list_ ReadbackList list = { 0 };
        Layout *l = s->sections[0];

        layout_set_region(l, REGION_USER, P70A_USER);
        layout_set_region(l, REGION_BOOT1, 0x400000);
        layout_set_region(l, REGION_BOOT2, 0x400000);
        layout_place(l);
        assert_int_equal(readback_list(l, &plain, &list), 0);
        assert_int_equal(list.n_items, 23);
        assert_string_equal(list.items[0].name, "preloader");
        assert_int_equal(list.items[0].size, 0x400000);
        assert_string_equal(list.items[1].name, "preloader_backup");
        assert_int_equal(list.items[1].region, REGION_BOOT2);
        assert_string_equal(list.items[2].name, "pgpt");
        assert_string_equal(list.items[2].path, "/backup/pgpt");
        assert_string_equal(list.items[21].name, "flashinfo");
        assert_int_equal(list.items[21].offset, 0x3a2d80000);
        assert_true(problem_need(l, "userdata has more than 4 GiB")->note);
}

/* Without sizes: less of the loader, nothing that counts from the end, and it is said. */
static void test_unknown_sizes(void **state)
{
        _cleanup_(scatter_freep) Scatter *s = scatter_example("MT6752_Android_scatter.txt");
        _cleanup_list_ ReadbackList list = { 0 };
        Layout *l = s->sections[0];

        assert_int_equal(readback_list(l, &plain, &list), 0);
        assert_int_equal(list.n_items, 20);
        assert_int_equal(list.items[0].size, 0x40000);
        assert_true(problem_need(l, "the size of the boot area is not known")->note);
        problem_need(l, "flashinfo is left out: its address counts from the end");
        problem_need(l, "sgpt is left out");
}

static void test_choice(void **state)
{
        static const char *const only[] = { "nv*", "preloader", "BOOT", NULL },
                                 *const except[] = { "nvram", NULL };
        _cleanup_(scatter_freep) Scatter *s = scatter_example("MT6893_Android_scatter.txt");
        _cleanup_list_ ReadbackList list = { 0 }, less = { 0 }, none = { 0 };
        Layout *l = scatter_section(s, STORAGE_UFS);
        ReadbackOptions o = plain;

        o.only = only;
        assert_int_equal(readback_list(l, &o, &list), 0);
        assert_int_equal(list.n_items, 3);
        assert_string_equal(list.items[0].name, "preloader");
        assert_int_equal(list.items[0].region, REGION_BOOT1);
        assert_string_equal(list.items[1].name, "nvram");
        assert_string_equal(list.items[2].name, "boot");
        o.exclude = except;
        assert_int_equal(readback_list(l, &o, &less), 0);
        assert_int_equal(less.n_items, 2);
        o.only = except;
        assert_int_equal(readback_list(l, &o, &none), 0);
        assert_int_equal(none.n_items, 0);
        problem_need(l, "the list is empty");
}

static void test_paths(void **state)
{
        static const struct {
                const char *folder, *path;
        } rows[] = { { "/backup/x", "/backup/x/a%20b.img" }, { "/x/", "/x/a%20b.img" },
                { "D:\\Backup", "D:\\Backup\\a%20b.img" }, { "D:\\", "D:\\a%20b.img" },
                { "d:", "d:\\a%20b.img" }, { "\\\\server\\x", "\\\\server\\x\\a%20b.img" },
                { "", "a%20b.img" }, { NULL, "a%20b.img" }, { "here", "here/a%20b.img" } };

        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_(layout_freep) Layout *l = layout_new();
                _cleanup_list_ ReadbackList list = { 0 };
                ReadbackOptions o = plain;
                l->storage = STORAGE_NAND;
                for (int k = 0; k < 2; k++)
                        layout_add(l, "a b")->size = 4096;
                o.folder = rows[i].folder;
                o.suffix = ".img";
                assert_int_equal(readback_list(l, &o, &list), 0);
                assert_int_equal(list.n_items, 2);
                assert_string_equal(list.items[0].path, rows[i].path);
                assert_non_null(strstr(list.items[1].path, "a%20b~2.img"));
        }
}

/* What the tool would stumble over is left out or told. */
static void test_doubtful(void **state)
{
        _cleanup_(layout_freep) Layout *l = layout_new();
        _cleanup_list_ ReadbackList list = { 0 };

        l->storage = STORAGE_EMMC;
        layout_set_region(l, REGION_USER, 0x100000);
        layout_add(l, "empty");
        layout_add(l, "odd")->size = 0x101;
        Partition *p = layout_add(l, "rest");
        p->offset = 0x80000;
        p->open_end = true;
        p = layout_add(l, "");
        p->size = 512;
        snprintf(p->index, sizeof(p->index), "SYS7");
        layout_add(l, "lost")->unplaced = true;
        assert_int_equal(readback_list(l, &plain, &list), 0);
        assert_int_equal(list.n_items, 3);
        assert_int_equal(list.items[1].size, 0x80000);
        assert_string_equal(list.items[2].name, "SYS7");
        problem_need(l, "empty is left out: it has no size");
        problem_need(l, "lost is left out: it has no place");
        problem_need(l, "odd does not lie on units of 512 bytes");
        problem_need(l, "no size for the boot areas");
        problem_need(l, "is no chip name that the tool accepts");
}

/* Version 6 asks by name where the phone knows the name, and never reads up to an end by address. */
static void test_v6(void **state)
{
        _cleanup_(scatter_freep) Scatter *s = scatter_example("MT6893_Android_scatter.txt");
        _cleanup_list_ ReadbackList list = { 0 }, console = { 0 };
        Layout *l = scatter_section(s, STORAGE_EMMC);
        ReadbackOptions o = plain;

        layout_set_region(l, REGION_BOOT1, 0x400000);
        layout_set_region(l, REGION_BOOT2, 0x80000);
        o.form = READBACK_V6;
        assert_int_equal(readback_list(l, &o, &list), 0);
        assert_false(list.items[0].by_name);
        assert_int_equal(list.items[0].size, 0x80000);
        assert_true(problem_need(l, "preloader_backup is read up to the end")->note);
        assert_string_equal(list.items[2].name, "pgpt");
        assert_false(list.items[2].by_name);
        assert_true(list.items[3].by_name);

        o.form = READBACK_CONSOLE6;
        assert_int_equal(readback_list(l, &o, &console), 0);
        for (size_t i = 0; i < console.n_items; i++)
                assert_true(console.items[i].by_name);
}

TEST_MAIN(cmocka_unit_test(test_whole_phone), cmocka_unit_test(test_unknown_sizes),
        cmocka_unit_test(test_choice), cmocka_unit_test(test_paths),
        cmocka_unit_test(test_doubtful), cmocka_unit_test(test_v6))
