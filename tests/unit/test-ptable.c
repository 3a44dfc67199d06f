/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>

#include "data.h"
#include "format/ptable.h"
#include "problems.h"

static char *flash;
static size_t flash_size;
static MemorySource memory;

static Source *flash_make(size_t size)
{
        free(flash);
        flash = calloc(1, size);
        flash_size = size;
        return memory_source_init(&memory, flash, size);
}

static void flash_put(const char *name, size_t at)
{
        size_t size;
        _cleanup_free_ char *data = data_read(name, &size);

        assert_true(at + size <= flash_size);
        memcpy(flash + at, data, size);
}

/* Whatever table is there is found, and the facts say which it was. */
static void test_which(void **state)
{
        static const struct {
                const char *name;
                PtableKind kind;
                size_t n_parts;
        } rows[] = { { "examples/gpt-emmc-p70a-primary.bin", PTABLE_GPT, 19 },
                { "examples/gpt-emmc-p70a-backup.bin", PTABLE_GPT, 19 },
                { "examples/gpt-ufs-4096-backup.bin", PTABLE_GPT, 6 },
                { "examples/mbr-mt6572.bin", PTABLE_MBR, 1 },
                { "examples/pmt-v1.bin", PTABLE_PMT, 9 },
                { "examples/pmt-v3.bin", PTABLE_PMT, 9 } };

        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_(layout_freep) Layout *l = NULL;
                PtableFacts facts;
                size_t size;
                _cleanup_free_ char *data = data_read(rows[i].name, &size);

                assert_int_equal(
                        ptable_read(memory_source_init(&memory, data, size), 0, &l, &facts), 0);
                assert_int_equal(facts.kind, rows[i].kind);
                assert_int_equal(l->n_parts, rows[i].n_parts);
        }
        assert_string_equal(ptable_kind_to_string(PTABLE_PMT), "pmt");
}

/* MBR and PMT together: the PMT has the names. */
static void test_mbr_phone(void **state)
{
        _cleanup_(layout_freep) Layout *l = NULL, *m = NULL;
        PtableFacts facts;
        Source *s = flash_make(4 * MiB);

        flash_put("examples/mbr-mt6572.bin", 0);
        flash_put("examples/ebr1-mt6572.bin", 0x80000);
        assert_int_equal(ptable_read(s, 0, &l, &facts), 0);
        assert_int_equal(facts.kind, PTABLE_MBR);
        assert_true(problem_need(l, "file systems only")->note);

        flash_put("examples/pmt-v1.bin", 0x100000);
        assert_int_equal(ptable_read(s, 0x100000000, &m, &facts), 0);
        assert_int_equal(facts.kind, PTABLE_PMT);
        assert_true(facts.has_mbr);
        assert_string_equal(m->parts[3].name, "NVRAM");
}

/* The user area of a dump of the whole storage starts behind boot areas and RPMB. */
static void test_linear_dump(void **state)
{
        _cleanup_(layout_freep) Layout *l = NULL, *m = NULL;
        PtableFacts facts;
        Source *s = flash_make(0x1400000 + 4 * MiB);

        flash_put("examples/mbr-mt6572.bin", 0x1400000);
        flash_put("examples/pmt-v3.bin", 0x1400000 + 0x100000);
        assert_int_equal(ptable_read(s, 0, &l, &facts), 0);
        assert_int_equal(facts.offset, 0x1400000);
        assert_int_equal(facts.kind, PTABLE_PMT);
        assert_true(problem_need(l, "linear dump")->note);

        s = flash_make(0xc00000 + 1 * MiB);
        flash_put("examples/gpt-emmc-p70a-primary.bin", 0xc00000);
        assert_int_equal(ptable_read(s, 0, &m, &facts), 0);
        assert_int_equal(facts.offset, 0xc00000);
        /* an area of known size is never taken for a linear dump */
        Layout *n = NULL;
        assert_int_equal(ptable_read(s, 0xd00000, &n, &facts), -ENOENT);
}

static void test_none(void **state)
{
        Layout *l = NULL;
        PtableFacts facts;
        Source *s = flash_make(2 * MiB);

        assert_int_equal(ptable_read(s, 0, &l, &facts), -ENOENT);
        assert_int_equal(facts.kind, PTABLE_NONE);
        flash_put("examples/gpt-emmc-p70a-primary.bin", 0);
        flash[1024] ^= 1;
        assert_int_equal(ptable_read(s, 0, &l, &facts), -EBADMSG);
        assert_true(facts.gpt.found);
        assert_int_equal(ptable_read(memory_source_init(&memory, "", 0), 0, &l, &facts), -ENOENT);
        assert_null(l);
        free(flash);
        flash = NULL;
}

static void test_dumchar(void **state)
{
        static const char text[] =
                "Part_Name\tSize\tStartAddr\tType\tMapTo\r\n"
                "preloader    0x0000000001400000   0x0000000000000000   2   /dev/misc-sd\n"
                "mbr          0x0000000000080000   0x0000000000000000   2   /dev/block/mmcblk0\n"
                "nvram\t0x0000000000500000\t0x0000000000100000\t2\t/dev/block/mmcblk0\n"
                "bmtpool      0x0000000001500000   0x00000000FEBF00A8   2   /dev/block/mmcblk0\n"
                "Part_Name:Partition name you should open;\n"
                "odd          0x12z 0x0\nshort 0x1";
        _cleanup_(layout_freep) Layout *l = NULL;

        assert_int_equal(dumchar_read(text, strlen(text), &l), 0);
        assert_int_equal(l->n_parts, 4);
        assert_int_equal(l->parts[0].region, REGION_BOOT1);
        assert_int_equal(l->parts[2].offset, 0x100000);
        assert_int_equal(l->parts[2].line, 4);
        assert_int_equal(l->parts[3].end_blocks, 0xa8);
        assert_int_equal(problem_need(l, "bmtpool")->line, 5);

        Layout *none = NULL;
        assert_int_equal(dumchar_read("", 0, &none), -ENOENT);
        assert_int_equal(dumchar_read("a 0x1 0x2", 9, &none), -ENOENT);
}

TEST_MAIN(cmocka_unit_test(test_which), cmocka_unit_test(test_mbr_phone),
        cmocka_unit_test(test_linear_dump), cmocka_unit_test(test_none),
        cmocka_unit_test(test_dumchar))
