/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>

#include "basic/bytes.h"
#include "data.h"
#include "format/mbr.h"
#include "problems.h"

enum { EBR1 = 0x80000, SIZE = 0x100000 };

static uint8_t flash[SIZE];
static MemorySource memory;

static Source *demo(void)
{
        size_t size;
        _cleanup_free_ char *mbr = data_read("examples/mbr-mt6572.bin", &size);
        _cleanup_free_ char *ebr = data_read("examples/ebr1-mt6572.bin", &size);

        memset(flash, 0, SIZE);
        memcpy(flash, mbr, 512);
        memcpy(flash + EBR1, ebr, 512);
        return memory_source_init(&memory, flash, SIZE);
}

/* bytes of record i of the sector at `at` */
static uint8_t *record(size_t at, size_t i)
{
        return flash + at + 446 + 16 * i;
}

/* Two file systems in one EBR, counted from that EBR; the last one has no end. */
static void test_phone(void **state)
{
        _cleanup_(layout_freep) Layout *l = NULL;

        assert_int_equal(mbr_read(demo(), 0x100000000, &l), 0);
        assert_int_equal(l->n_parts, 4);
        assert_string_equal(l->parts[0].name, "MBR");
        assert_int_equal(l->parts[0].size, 512);
        assert_string_equal(l->parts[1].name, "EBR1");
        assert_int_equal(l->parts[1].offset, EBR1);
        assert_string_equal(l->parts[2].name, "part5");
        assert_int_equal(l->parts[2].offset, 0xc60000);
        assert_int_equal(l->parts[2].size, 0x20000000);
        assert_string_equal(l->parts[3].name, "part6");
        assert_int_equal(l->parts[3].offset, 0x20c60000);
        assert_true(l->parts[3].open_end);
        assert_int_equal(l->n_problems, 0);
        assert_int_equal(layout_tile(l), 0);
        assert_int_equal(l->parts[l->n_parts - 1].size, 0x100000000 - 0x20c60000);
}

/* MBR with its own partitions, EBR1 that leads on to EBR2. */
static void test_chain(void **state)
{
        _cleanup_(layout_freep) Layout *l = NULL;
        Source *s = demo();

        record(0, 1)[4] = 0x83;
        put_le32(record(0, 1) + 8, 0x20);
        put_le32(record(0, 1) + 12, 0x10);
        record(EBR1, 1)[4] = 0x05; /* leads to 0x200 sectors behind EBR1 */
        put_le32(record(EBR1, 1) + 8, 0x200);
        flash[EBR1 + 0x40000 + 510] = 0x55;
        flash[EBR1 + 0x40000 + 511] = 0xaa;
        record(EBR1 + 0x40000, 0)[4] = 0x83;
        put_le32(record(EBR1 + 0x40000, 0) + 8, 1);
        put_le32(record(EBR1 + 0x40000, 0) + 12, 2);
        assert_int_equal(mbr_read(s, 0x100000000, &l), 0);
        assert_int_equal(l->n_parts, 6);
        assert_string_equal(l->parts[1].name, "part2");
        assert_string_equal(l->parts[3].name, "part5");
        assert_string_equal(l->parts[4].name, "EBR2");
        assert_int_equal(l->parts[4].offset, EBR1 + 0x40000);
        assert_string_equal(l->parts[5].name, "part6");
        assert_int_equal(l->parts[5].offset, EBR1 + 0x40000 + 512);
        assert_int_equal(l->parts[5].size, 1024);
        assert_int_equal(l->n_problems, 0);
}

static void test_missing_ebr(void **state)
{
        _cleanup_(layout_freep) Layout *l = NULL, *m = NULL;

        demo();
        assert_int_equal(mbr_read(memory_source_init(&memory, flash, 512), 0, &l), 0);
        problem_need(l, "EBR1 at 0x80000 is not in what was read");
        assert_int_equal(l->n_parts, 1);
        Source *s = demo();
        flash[EBR1 + 511] = 0;
        assert_int_equal(mbr_read(s, SIZE, &m), 0);
        problem_need(m, "EBR1 at 0x80000 is no partition table");
}

/* A chain that bites its tail, one without end, two chains. */
static void test_endless(void **state)
{
        _cleanup_(layout_freep) Layout *l = NULL, *m = NULL, *n = NULL;
        Source *s = demo();

        record(EBR1, 0)[4] = 0x05;
        put_le32(record(EBR1, 0) + 8, 0);
        assert_int_equal(mbr_read(s, SIZE, &l), 0);
        problem_need(l, "the chain of EBRs does not end");

        s = demo();
        for (size_t i = 0; i < 2 * MBR_CHAIN_MAX; i++) {
                memcpy(flash + EBR1 + i * 512, flash, 512);
                put_le32(record(EBR1 + i * 512, 0) + 8, 1);
        }
        assert_int_equal(mbr_read(s, SIZE, &m), 0);
        problem_need(m, "the chain of EBRs does not end");

        s = demo();
        memcpy(record(0, 1), record(0, 0), 16);
        assert_int_equal(mbr_read(s, SIZE, &n), 0);
        problem_need(n, "a second chain of EBRs is left out");
}

static void test_none(void **state)
{
        Layout *l = NULL;
        size_t size;
        Source *s = demo();

        flash[510] = 0;
        assert_int_equal(mbr_read(s, SIZE, &l), -ENOENT);
        s = demo();
        memset(record(0, 0), 0, 64);
        assert_int_equal(mbr_read(s, SIZE, &l), -ENOENT);
        s = demo();
        record(0, 2)[0] = 'M'; /* the boot sector of a file system has text there */
        assert_int_equal(mbr_read(s, SIZE, &l), -ENOENT);
        assert_int_equal(mbr_read(memory_source_init(&memory, flash, 511), 0, &l), -ENOENT);
        _cleanup_free_ char *gpt = data_read("examples/gpt-emmc-p70a-primary.bin", &size);
        assert_int_equal(mbr_read(memory_source_init(&memory, gpt, size), 0, &l), -ENOENT);
        assert_null(l);
}

TEST_MAIN(cmocka_unit_test(test_phone), cmocka_unit_test(test_chain),
        cmocka_unit_test(test_missing_ebr), cmocka_unit_test(test_endless),
        cmocka_unit_test(test_none))
