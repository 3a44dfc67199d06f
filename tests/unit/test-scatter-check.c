/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <string.h>

#include "format/scatter-check.h"
#include "problems.h"
#include "scatter-example.h"

static size_t n_serious(const Layout *l)
{
        size_t n = 0;

        for (size_t i = 0; i < l->n_problems; i++)
                n += !l->problems[i].note;
        return n;
}

/* A scatter and the table of its phone agree once the size of the flash is known, which the table
 * tells. */
static void test_agree(void **state)
{
        _cleanup_(scatter_freep) Scatter *s = scatter_example("MT6752_Android_scatter.txt");
        _cleanup_(layout_freep) Layout *table = gpt_example("gpt-emmc-p70a", P70A_USER);
        Layout *l = s->sections[0];

        scatter_compare(l, table);
        scatter_check(l);
        assert_int_equal(n_serious(l), 0);
        assert_int_equal(l->n_problems, 0);
        assert_int_equal(layout_find(l, "flashinfo")->offset, 0x3a2d80000);
}

static void test_alone(void **state)
{
        _cleanup_(scatter_freep) Scatter *s = scatter_example("MT6752_Android_scatter.txt");
        Layout *l = s->sections[0];

        scatter_check(l);
        assert_int_equal(
                problem_need(l, "flashinfo counts 132 blocks from the end of EMMC_USER")->line,
                layout_find(l, "flashinfo")->line);
        problem_need(l, "sgpt counts 4 blocks");
        assert_int_equal(n_serious(l), 0);
}

static void test_differences(void **state)
{
        _cleanup_(scatter_freep) Scatter *s = scatter_example("MT6752_Android_scatter.txt");
        _cleanup_(layout_freep) Layout *table = gpt_example("gpt-emmc-p70a", P70A_USER);
        Layout *l = s->sections[0];

        table->parts[1].offset += 512;
        table->parts[6].size -= 512;
        table->parts[17].size -= 512; /* userdata */
        strcpy(table->parts[9].name, "misc");
        layout_set_region(l, REGION_USER, P70A_USER + 512);
        scatter_compare(l, table);
        problem_need(l, "nvram lies at 0x380000 and at 0x380200");
        problem_need(l, "boot has 0x1000000 and 0xfffe00 bytes");
        assert_true(problem_need(l, "userdata has")->note);
        problem_need(l, "para is only in the first");
        problem_need(l, "misc is only in the second");
        problem_need(l, "EMMC_USER has 0x3a3e00200 and 0x3a3e00000 bytes");
}

/* Two scatters of one phone are compared whole, loader and tables too. */
static void test_two_scatters(void **state)
{
        _cleanup_(scatter_freep) Scatter *a = scatter_example("MT6893_Android_scatter.txt");
        _cleanup_(scatter_freep) Scatter *b = scatter_example("MT6893_Android_scatter.xml");
        Layout *l = a->sections[0], *m = b->sections[0];

        scatter_compare(l, m);
        assert_int_equal(l->n_problems, 0);
        strcpy(m->parts[0].name, "loader");
        scatter_compare(l, m);
        problem_need(l, "preloader is only in the first");
}

static void test_holes(void **state)
{
        _cleanup_(layout_freep) Layout *l = layout_new();

        l->storage = STORAGE_EMMC;
        layout_set_region(l, REGION_USER, 0x100000);
        Partition *p = layout_add(l, "b");
        p->offset = 0x20000;
        p->size = 0x1000;
        p = layout_add(l, "a");
        p->offset = 0x8000;
        p->size = 0x8000;
        p = layout_add(l, "odd");
        p->offset = 0x21000;
        p->size = 0x101;
        scatter_check(l);
        assert_true(problem_need(l, "nothing names 0x0 to 0x8000 of EMMC_USER (32 KiB)")->note);
        problem_need(l, "nothing names 0x10000 to 0x20000");
        problem_need(l, "nothing names 0x21101 to 0x100000");
        problem_need(l, "odd does not lie on whole sectors");

        /* an end that is open reaches to the end */
        _cleanup_(layout_freep) Layout *m = layout_new();
        layout_set_region(m, REGION_USER, 0x100000);
        layout_add(m, "all")->open_end = true;
        scatter_check(m);
        assert_int_equal(m->n_problems, 0);
}

TEST_MAIN(cmocka_unit_test(test_agree), cmocka_unit_test(test_alone),
        cmocka_unit_test(test_differences), cmocka_unit_test(test_two_scatters),
        cmocka_unit_test(test_holes))
