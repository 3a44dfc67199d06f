/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>

#include "format/scatter-build.h"
#include "problems.h"

typedef struct Pair {
        const char *key, *value;
} Pair;

static int build(const Pair *pairs, size_t n, Scatter **ret)
{
        _cleanup_(scatter_builder_done) ScatterBuilder b;

        assert_int_equal(scatter_builder_init(&b), 0);
        for (size_t i = 0; i < n; i++)
                assert_int_equal(
                        scatter_builder_key(&b, (unsigned)i + 1, pairs[i].key, pairs[i].value), 0);
        return scatter_builder_finish(&b, NULL, SCATTER_V1, ret);
}

/* A reader says keys and values in their order, whatever it found them in. */
static void test_keys(void **state)
{
        static const Pair pairs[] = { { "general", "MTK_PLATFORM_CFG" },
                { "config_version", "V1.1.8" }, { "platform", "MT6768" }, { "project", "demo" },
                { "storage", "EMMC" }, { "boot_channel", "MSDC_0" }, { "block_size", "0x20000" },
                { "modem_check", "false" }, { "partition_index", "SYS0" },
                { "partition_name", "nvram" }, { "file_name", "NONE" }, { "is_download", "false" },
                { "type", "NORMAL_ROM" }, { "linear_start_addr", "0x3A3E00000" },
                { "physical_start_addr", "0x3a3E00000" }, { "partition_size", "0x4000000" },
                { "region", "EMMC_USER" }, { "storage", "HW_STORAGE_EMMC" },
                { "boundary_check", "true" }, { "is_reserved", "false" },
                { "operation_type", "BINREGION" }, { "d_type", "FALSE" },
                { "empty_boot_needed", "true" }, { "reserve", "0x00" } };
        _cleanup_(scatter_freep) Scatter *s = NULL;

        assert_int_equal(build(pairs, ELEMENTS(pairs), &s), 0);
        const Layout *l = s->sections[0];
        assert_int_equal(l->n_problems, 0);
        assert_int_equal(l->storage, STORAGE_EMMC);
        const Partition *p = l->parts;
        assert_int_equal(p->offset, 0x3a3e00000);
        assert_int_equal(p->size, 0x4000000);
        assert_int_equal(p->class, CLASS_IDENTITY);
        assert_true(p->boundary_check && p->empty_boot_needed && !p->is_upgradable);
        assert_int_equal(p->keys, SCATTER_KEY_SCATTER | SCATTER_KEY_EMPTY_BOOT);
}

static void test_sections(void **state)
{
        static const Pair pairs[] = { { "general", "MTK_PLATFORM_CFG" },
                { "config_version", "V2.2.0" }, { "storage_type", "EMMC" },
                { "general", "MTK_STORAGE_CFG" }, { "storage", "EMMC" },
                { "partition_index", "SYS0" }, { "partition_name", "a" }, { "storage_type", "UFS" },
                { "partition_index", "SYS0" }, { "partition_name", "a" }, { "storage_type", "UFS" },
                { "storage_type", "NOPE" }, { "partition_index", "SYS0" } };
        _cleanup_(scatter_freep) Scatter *s = NULL;

        assert_int_equal(build(pairs, ELEMENTS(pairs), &s), 0);
        assert_int_equal(s->dialect, SCATTER_V2);
        assert_int_equal(s->n_sections, 4);
        assert_int_equal(scatter_section(s, STORAGE_UFS)->n_parts, 1);
        assert_int_equal(problem_need(s->sections[2], "storage UFS is there twice")->line, 11);
        problem_need(s->sections[2], "there are no partitions");
        problem_need(s->sections[3], "unknown storage \"NOPE\"");
        assert_string_equal(scatter_storage_name(STORAGE_SD), "SDMMC");
}

static void test_too_many_sections(void **state)
{
        static const Pair pairs[] = { { "config_version", "V2" }, { "storage_type", "EMMC" },
                { "storage_type", "UFS" }, { "storage_type", "NAND" }, { "storage_type", "NOR" },
                { "storage_type", "SDMMC" }, { "partition_index", "SYS0" } };
        _cleanup_(scatter_freep) Scatter *s = NULL;

        assert_int_equal(build(pairs, ELEMENTS(pairs), &s), 0);
        assert_int_equal(s->n_sections, SCATTER_SECTIONS_MAX);
        problem_need(s->sections[3], "too many sections");
}

static void test_doubtful_values(void **state)
{
        static const struct {
                Pair pair;
                const char *problem;
        } rows[] = {
                { { "region", "UFS_LU2" }, "region UFS_LU2 does not belong to this storage" },
                { { "storage", "HW_STORAGE_UFS" }, "storage HW_STORAGE_UFS differs" },
                { { "storage", "FLOPPY" }, "unknown storage \"FLOPPY\"" },
                { { "operation_type", "DESTROY" }, "unknown operation_type \"DESTROY\"" },
                { { "partition_size", "" }, "partition_size: \"\" is no number" },
                { { "partition_size", "0x" }, "is no number" },
                { { "partition_size", "0x1ffffffffffffffff" }, "is no number" },
                { { "partition_size", "-1" }, "is no number" },
                { { "type", "A_TYPE_THAT_IS_MUCH_TOO_LONG" }, "type is too long and was cut" },
                { { "general", "SOMETHING" }, "unknown block \"SOMETHING\"" },
                { { "boundary_check", "1" }, "boundary_check: \"1\" is neither true nor false" },
                { { "nonsense", "1" }, "unknown key \"nonsense\"" },
        };

        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                Pair pairs[] = { { "storage", "EMMC" }, { "partition_index", "SYS0" },
                        { "partition_name", "x" }, rows[i].pair };
                _cleanup_(scatter_freep) Scatter *s = NULL;
                assert_int_equal(build(pairs, ELEMENTS(pairs), &s), 0);
                assert_int_equal(problem_need(s->sections[0], rows[i].problem)->line, 4);
        }
}

/* Keys of partitions before any partition, and many unknown ones. */
static void test_out_of_place(void **state)
{
        _cleanup_(scatter_builder_done) ScatterBuilder b;
        _cleanup_(scatter_freep) Scatter *s = NULL;
        char key[40];

        assert_int_equal(scatter_builder_init(&b), 0);
        assert_int_equal(scatter_builder_key(&b, 1, "partition_size", "0x1"), 0);
        for (unsigned i = 0; i < 3 * SCATTER_UNKNOWN_KEYS_MAX; i++) {
                snprintf(key, sizeof(key), "unknown_%u", i / 2);
                assert_int_equal(scatter_builder_key(&b, 2 + i, key, ""), 0);
        }
        assert_int_equal(scatter_builder_key(&b, 9, "partition_name", "x"), 0);
        assert_int_equal(scatter_builder_finish(&b, NULL, SCATTER_V1, &s), 0);
        problem_need(s->sections[0], "partition_size belongs to no partition");
        problem_need(s->sections[0], "partition_index is missing");
        assert_null(problem_find(s->sections[0], "unknown_32"));
        assert_int_equal(s->sections[0]->n_parts, 1);
}

static void test_nothing(void **state)
{
        _cleanup_(scatter_builder_done) ScatterBuilder b;
        Scatter *s = NULL;

        assert_int_equal(scatter_builder_init(&b), 0);
        assert_int_equal(scatter_builder_finish(&b, NULL, SCATTER_V1, &s), -EBADMSG);
        scatter_builder_problem(&b, 1, "something");
        assert_int_equal(scatter_builder_finish(&b, NULL, SCATTER_V1, &s), -EBADMSG);
}

TEST_MAIN(cmocka_unit_test(test_keys), cmocka_unit_test(test_sections),
        cmocka_unit_test(test_too_many_sections), cmocka_unit_test(test_doubtful_values),
        cmocka_unit_test(test_out_of_place), cmocka_unit_test(test_nothing))
