/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "data.h"
#include "format/memory-report.h"

/* A report as people paste it: the true sizes of the areas. */
static void test_example(void **state)
{
        size_t size;
        _cleanup_free_ char *text = data_read("examples/memory-report.txt", &size);
        _cleanup_(layout_freep) Layout *l = layout_new();
        MemoryReport m;

        assert_int_equal(memory_report_read(text, size, &m), 0);
        assert_int_equal(m.storage, STORAGE_EMMC);
        assert_string_equal(m.ram_type, "DRAM");
        assert_int_equal(m.external_ram, 0x80000000);
        assert_int_equal(m.regions[REGION_USER], UINT64_C(0x3A3E00000));
        assert_int_equal(m.regions[REGION_BOOT1], 0x400000);
        assert_int_equal(m.regions[REGION_RPMB], 0x400000);
        assert_int_equal(m.regions[REGION_GP1], 0);
        assert_int_equal(memory_report_to_layout(&m, l), 0);
        assert_int_equal(l->storage, STORAGE_EMMC);
        assert_int_equal(layout_region(l, REGION_USER)->size, UINT64_C(0x3A3E00000));
        assert_null(layout_region(l, REGION_GP1));
}

/* What is written is read back, for every kind of storage. */
static void test_round_trip(void **state)
{
        MemoryReport all[] = {
                { .external_ram = UINT64_C(0x100000000),
                        .ram_type = "DRAM",
                        .storage = STORAGE_UFS,
                        .regions = { [REGION_BOOT1] = 4 * MiB,
                                [REGION_BOOT2] = 4 * MiB,
                                [REGION_USER] = UINT64_C(0x1D9C000000) } },
                { .external_ram = 512 * KiB,
                        .ram_type = "SRAM",
                        .storage = STORAGE_NAND,
                        .nand_size = 512 * MiB,
                        .nand_id = "\"H8BCS0RJ0MCP\" (0x2C)" },
                { .storage = STORAGE_UNKNOWN },
        };

        for (size_t i = 0; i < ELEMENTS(all); i++) {
                _cleanup_free_ char *text = NULL;
                MemoryReport again;

                assert_int_equal(memory_report_write(&all[i], &text), 0);
                assert_int_equal(memory_report_read(text, strlen(text), &again), 0);
                assert_memory_equal(again.regions, all[i].regions, sizeof(again.regions));
                assert_int_equal(again.storage, all[i].storage);
                assert_int_equal(again.external_ram, all[i].external_ram);
                assert_int_equal(again.nand_size, all[i].nand_size);
                assert_string_equal(again.nand_id, all[i].nand_id);
        }
}

static void test_exact_text(void **state)
{
        MemoryReport m = { .external_ram = 2 * GiB,
                .ram_type = "DRAM",
                .storage = STORAGE_EMMC,
                .regions = { [REGION_USER] = UINT64_C(0x3A3E00000) } };
        _cleanup_free_ char *text = NULL;

        assert_int_equal(memory_report_write(&m, &text), 0);
        assert_non_null(strstr(text,
                "External RAM:\n\tType = DRAM\n"
                "\tSize = 0x80000000 (2048MB/16384Mb)\n"));
        assert_non_null(strstr(text, "\n\t EMMC_PART_USER \tSize = 0x00000003a3e00000(14910MB)\n"));
        assert_non_null(strstr(text, "UFS: \n\tERROR: UFS was not detected!\n"));
}

static void test_something_else(void **state)
{
        MemoryReport m;

        assert_int_equal(
                memory_report_read("EMMC: \n EMMC_PART_USER Size = 0x1\n", 33, &m), -ENOENT);
        assert_int_equal(memory_report_read("", 0, &m), -ENOENT);
}

static void test_every_truncation(void **state)
{
        size_t size;
        _cleanup_free_ char *text = data_read("examples/memory-report.txt", &size);
        MemoryReport m;

        for (size_t n = 0; n <= size; n++) {
                int r = memory_report_read(text, n, &m);

                assert_true(r == 0 || (r == -ENOENT && n < 40));
        }
}

TEST_MAIN(cmocka_unit_test(test_example), cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_exact_text), cmocka_unit_test(test_something_else),
        cmocka_unit_test(test_every_truncation))
