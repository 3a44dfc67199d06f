/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include "format/address.h"
#include "problems.h"

static Partition *add(
        Layout *l, const char *name, uint64_t linear, uint64_t physical, uint64_t size)
{
        Partition *p = layout_add(l, name);
        p->linear_address = linear;
        p->physical_address = physical;
        p->size = size;
        return p;
}

/* flashinfo and sgpt of a phone with 15 GiB: blocks of 128 KiB counted back from its end. */
static void test_from_end(void **state)
{
        _cleanup_(layout_freep) Layout *l = layout_new();

        l->block_size = 0x20000;
        add(l, "pgpt", 0, 0, 0x80000);
        add(l, "flashinfo", 0xffff0084, 0xffff0084, 0x1000000);
        add(l, "sgpt", 0xffff0004, 0xffff0004, 0x80000);
        layout_place(l);
        /* nothing is guessed before the size is known */
        assert_true(l->parts[1].from_end && l->parts[1].unplaced);
        assert_int_equal(l->parts[1].end_blocks, 0x84);
        assert_false(l->parts[0].unplaced);

        layout_set_region(l, REGION_USER, 0x3a3e00000);
        layout_place(l);
        assert_false(l->parts[1].unplaced);
        assert_int_equal(l->parts[1].offset, 0x3a2d80000);
        assert_int_equal(l->parts[2].offset, 0x3a3d80000);
        assert_int_equal(l->n_problems, 0);
}

/* In newer files the others count from the start of sgpt. */
static void test_from_sgpt(void **state)
{
        _cleanup_(layout_freep) Layout *l = layout_new();

        l->block_size = 0x20000;
        layout_set_region(l, REGION_USER, 0xe8f800000);
        add(l, "flashinfo", 0xffff0080, 0xffff0080, 0x1000000);
        add(l, "sgpt", 0xffff0000, 0xffff0000, 0x4200);
        layout_place(l);
        assert_int_equal(l->parts[1].offset, 0xe8f7fbe00);
        assert_int_equal(l->parts[0].offset, 0xe8e7fbe00);
}

static void test_physical_wins(void **state)
{
        _cleanup_(layout_freep) Layout *l = layout_new();

        add(l, "MBR", 0x1400000, 0, 0x80000);
        add(l, "EBR1", 0x1480000, 0x80000, 0x80000);
        add(l, "flashinfo", 0xffff0084, 0x3aa380000, 0x1000000);
        layout_place(l);
        assert_int_equal(l->parts[1].offset, 0x80000);
        assert_int_equal(l->parts[2].offset, 0x3aa380000);
        assert_false(l->parts[2].from_end);
        assert_int_equal(l->n_problems, 0);
}

/* All physical addresses zero: the linear ones tell, counted from MBR. */
static void test_physical_missing(void **state)
{
        _cleanup_(layout_freep) Layout *l = layout_new();

        l->block_size = 0x20000;
        layout_set_region(l, REGION_USER, 0x100000000);
        add(l, "preloader", 0, 0, 0x1400000)->region = REGION_BOOT1;
        add(l, "MBR", 0x1400000, 0, 0x80000);
        add(l, "EBR1", 0x1480000, 0, 0x80000);
        add(l, "BMTPOOL", 0xffff00a8, 0, 0x1500000);
        add(l, "odd", 0x1000, 0, 0x80000);
        layout_place(l);
        assert_int_equal(l->parts[0].offset, 0);
        assert_int_equal(l->parts[1].offset, 0);
        assert_int_equal(l->parts[2].offset, 0x80000);
        assert_int_equal(l->parts[3].offset, 0x100000000 - 0x1500000);
        assert_true(l->parts[4].unplaced);
        problem_need(l, "odd lies before the user area");
        problem_need(l, "physical addresses are missing");

        /* without MBR and pgpt the first one has to do, with a warning */
        _cleanup_(layout_freep) Layout *m = layout_new();
        add(m, "nvram", 0x500000, 0, 0x80000);
        add(m, "boot", 0x580000, 0, 0x80000);
        layout_place(m);
        assert_int_equal(m->parts[1].offset, 0x80000);
        problem_need(m, "nvram is taken for the start");
}

static void test_one_part_at_zero(void **state)
{
        _cleanup_(layout_freep) Layout *l = layout_new();

        add(l, "pgpt", 0, 0, 0x80000);
        layout_place(l);
        assert_int_equal(l->n_problems, 0);
        assert_false(l->parts[0].unplaced);
}

static void test_nonsense(void **state)
{
        _cleanup_(layout_freep) Layout *l = layout_new();

        l->block_size = 0x20000;
        layout_set_region(l, REGION_USER, 0x1000000);
        add(l, "pgpt", 0, 0, 0x8000);
        add(l, "BMTPOOL", 0, 0xfebf00a8, 0x100000);
        add(l, "far", 0, 0xffffffff, 0x100000);
        add(l, "zero", 0, 0xffff0000, 0x100000);
        add(l, "loader", 0, 0xffff0001, 0x100000)->region = REGION_BOOT1;
        layout_place(l);
        assert_int_equal(l->parts[1].end_blocks, 0xa8);
        problem_need(l, "address 0xfebf00a8 of BMTPOOL is taken as 0xffff00a8");
        assert_true(l->parts[2].unplaced);
        problem_need(l, "far would start before");
        assert_true(l->parts[3].unplaced);
        problem_need(l, "zero is said to start 0 blocks");
        assert_true(l->parts[4].unplaced);

        /* an sgpt larger than the area cannot be an anchor */
        add(l, "sgpt", 0, 0xffff0000, 0x2000000);
        layout_place(l);
        assert_int_equal(l->parts[5].offset, 0x1000000);
}

/* The way back: reserved parts count from the end where they can, others never do. */
static void test_address(void **state)
{
        _cleanup_(layout_freep) Layout *l = layout_new();
        static const struct {
                const char *name;
                uint64_t offset, size;
                bool reserved;
                uint64_t physical;
        } rows[] = {
                { "pgpt", 0, 0x80000, false, 0 },
                { "boot", 0x80000, 0x1000000, false, 0x80000 },
                { "flashinfo", 0x3a2d80000, 0x1000000, true, 0xffff0084 },
                { "otp", 0x3a2d80200, 0x200, true, 0x3a2d80200 },
                { "sgpt", 0x3a3d80000, 0x80000, true, 0xffff0004 },
        };

        l->block_size = 0x20000;
        layout_set_region(l, REGION_USER, 0x3a3e00000);
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                Partition *p = add(l, rows[i].name, 0, 0, rows[i].size);
                p->offset = rows[i].offset;
                p->is_reserved = rows[i].reserved;
        }
        add(l, "preloader", 0, 0, 0x40000)->region = REGION_BOOT1;
        layout_address(l, 0x1400000);
        for (size_t i = 0; i < ELEMENTS(rows); i++)
                assert_int_equal(l->parts[i].physical_address, rows[i].physical);
        assert_int_equal(l->parts[1].linear_address, 0x1480000);
        assert_int_equal(l->parts[2].linear_address, 0xffff0084);
        assert_int_equal(l->parts[5].linear_address, 0);
        assert_int_equal(l->n_problems, 0);

        layout_place(l);
        for (size_t i = 0; i < ELEMENTS(rows); i++)
                assert_int_equal(l->parts[i].offset, rows[i].offset);

        /* the newer way, for an sgpt of 33 sectors */
        l->parts[4].offset = 0x3a3e00000 - 0x4200;
        l->parts[4].size = 0x4200;
        l->parts[2].offset = l->parts[4].offset - 0x80 * 0x20000;
        layout_address(l, 0);
        assert_int_equal(l->parts[4].physical_address, 0xffff0000);
        assert_int_equal(l->parts[2].physical_address, 0xffff0080);
        layout_place(l);
        assert_int_equal(l->parts[4].offset, 0x3a3e00000 - 0x4200);

        l->parts[1].offset = 0xffff8000;
        layout_address(l, 0);
        problem_need(l, "boot lies where a scatter file cannot say it");
}

TEST_MAIN(cmocka_unit_test(test_from_end), cmocka_unit_test(test_from_sgpt),
        cmocka_unit_test(test_physical_wins), cmocka_unit_test(test_physical_missing),
        cmocka_unit_test(test_one_part_at_zero), cmocka_unit_test(test_nonsense),
        cmocka_unit_test(test_address))
