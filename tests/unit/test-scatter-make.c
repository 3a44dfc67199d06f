/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <string.h>

#include "basic/bytes.h"
#include "format/ptable.h"
#include "format/scatter-make.h"
#include "problems.h"
#include "scatter-example.h"

/* A GPT and the scatter of the same phone: the made one has the same entries at the same addresses,
 * those that count from the end included. */
static void test_gpt(void **state)
{
        _cleanup_(layout_freep) Layout *table = gpt_example("gpt-emmc-p70a", P70A_USER), *l = NULL;
        _cleanup_(scatter_freep) Scatter *s = scatter_example("MT6752_Android_scatter.txt");
        const Layout *expected = s->sections[0];
        ScatterMake how = { .chip = "MT6752", .project = "demo_p70a" };

        assert_int_equal(scatter_make(table, &how, &l), 0);
        assert_int_equal(l->n_problems, 0);
        assert_int_equal(l->n_parts, expected->n_parts);
        assert_int_equal(l->storage, STORAGE_EMMC);
        for (size_t i = 0; i < l->n_parts; i++) {
                const Partition *p = l->parts + i, *q = expected->parts + i;
                assert_string_equal(p->name, q->name);
                assert_int_equal(p->region, q->region);
                assert_string_equal(p->region_text, q->region_text);
                assert_int_equal(p->size, q->size);
                assert_int_equal(p->linear_address, q->linear_address);
                assert_int_equal(p->physical_address, q->physical_address);
                assert_int_equal(p->is_reserved, q->is_reserved);
                assert_int_equal(p->boundary_check, q->boundary_check);
                assert_string_equal(p->operation, q->operation);
                assert_string_equal(p->type, q->type);
                assert_int_equal(p->is_download, q->is_download);
        }
        assert_string_equal(layout_find(l, "boot")->file_name, "boot.img");
}

static void test_ufs(void **state)
{
        _cleanup_(layout_freep) Layout *table = gpt_example("gpt-ufs-4096", 0x80000000), *l = NULL;
        ScatterMake how = { .chip = "MT6893" };

        assert_int_equal(scatter_make(table, &how, &l), 0);
        assert_int_equal(l->storage, STORAGE_UFS);
        assert_int_equal(l->block_size, 0x80000);
        assert_int_equal(l->parts[0].region, REGION_BOOT1_BOOT2);
        assert_int_equal(l->parts[0].size, 0x80000);
        assert_int_equal(layout_find(l, "pgpt")->size, 0x8000);
        assert_int_equal(layout_find(l, "flashinfo")->physical_address, 0xffff0020);
        assert_int_equal(layout_find(l, "sgpt")->physical_address, 0xffff0000);
        assert_int_equal(layout_find(l, "sgpt")->size, 0x8000);
}

/* gpt -> scatter text -> gpt: names, places and sizes are the same again. */
static void test_round_trip(void **state)
{
        static const struct {
                const char *name;
                uint64_t size;
                uint32_t sector;
        } rows[] = { { "gpt-emmc-p70a", P70A_USER, 512 }, { "gpt-ufs-4096", 0x80000000, 4096 } };

        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_(layout_freep) Layout *table = gpt_example(rows[i].name, rows[i].size);
                _cleanup_(layout_freep) Layout *made = NULL, *again = NULL;
                _cleanup_(scatter_freep) Scatter *s = NULL;
                _cleanup_free_ char *text = NULL;
                size_t size;
                GptImage image;
                GptFacts facts;
                EndsSource e;
                ScatterMake how = { .chip = "MT6768" };

                assert_int_equal(scatter_make(table, &how, &made), 0);
                assert_int_equal(scatter_write(SCATTER_V1, &made, 1, &text, &size), 0);
                assert_int_equal(scatter_read(NULL, text, size, &s), 0);
                Layout *l = s->sections[0];
                assert_int_equal(l->n_problems, 0);
                layout_set_region(l, REGION_USER, rows[i].size);
                layout_place(l);
                assert_int_equal(gpt_write(l, rows[i].sector, rows[i].size, &image), 0);
                Source *source = ends_source_init(
                        &e, rows[i].size, image.head, image.head_size, image.tail, image.tail_size);
                assert_int_equal(gpt_read(source, rows[i].size, &again, &facts), 0);
                assert_int_equal(again->usable_end, table->usable_end);
                assert_int_equal(again->n_parts, table->n_parts);
                for (size_t k = 0; k < table->n_parts; k++) {
                        assert_string_equal(again->parts[k].name, table->parts[k].name);
                        assert_int_equal(again->parts[k].offset, table->parts[k].offset);
                        assert_int_equal(again->parts[k].size, table->parts[k].size);
                }
                gpt_image_done(&image);
        }
}

/* A PMT lists loader and MBR itself; linear addresses start behind the loader's area. */
static void test_pmt(void **state)
{
        size_t size;
        _cleanup_free_ char *data = data_read("examples/pmt-v1.bin", &size);
        _cleanup_(layout_freep) Layout *table = NULL, *l = NULL, *m = NULL;
        _cleanup_(scatter_freep) Scatter *s = scatter_example("MT6572_Android_scatter.txt");
        MemorySource memory;
        PtableFacts facts;
        ScatterMake how = { .chip = "MT6572" };

        assert_int_equal(
                ptable_read(memory_source_init(&memory, data, size), 0, &table, &facts), 0);
        assert_int_equal(scatter_make(table, &how, &l), 0);
        assert_int_equal(l->n_parts, 9);
        for (size_t i = 0; i < 9; i++) {
                const Partition *p = l->parts + i, *q = s->sections[0]->parts + i;
                assert_string_equal(p->name, q->name);
                assert_int_equal(p->region, q->region);
                assert_int_equal(p->size, q->size);
                assert_int_equal(p->linear_address, q->linear_address);
                assert_int_equal(p->physical_address, q->physical_address);
        }
        /* with the size known it is placed, and counts from the end all the same */
        layout_free(table);
        table = NULL;
        assert_int_equal(
                ptable_read(memory_source_init(&memory, data, size), 0x100000000, &table, &facts),
                0);
        assert_int_equal(scatter_make(table, &how, &m), 0);
        assert_int_equal(layout_find(m, "BMTPOOL")->physical_address, 0xffff00a8);
        assert_int_equal(layout_find(m, "BMTPOOL")->offset, 0x100000000 - 0x1500000);
}

/* What identifies the phone is never for download, whatever real files say; unknown names neither. */
static void test_defaults(void **state)
{
        _cleanup_(layout_freep) Layout *l = layout_new();
        static const struct {
                const char *name;
                bool download;
                const char *file, *type, *operation;
        } rows[] = {
                { "nvram", false, "", "NORMAL_ROM", "BINREGION" },
                { "efuse", false, "", "NORMAL_ROM", "PROTECTED" },
                { "opporeserve2", false, "", "EXT4_IMG", "PROTECTED" },
                { "boot_a", true, "boot.img", "NORMAL_ROM", "UPDATE" },
                { "boot_b", false, "", "NORMAL_ROM", "INVISIBLE" },
                { "usrdata", true, "userdata.img", "EXT4_IMG", "UPDATE" },
                { "something", false, "", "NORMAL_ROM", "INVISIBLE" },
                { "flashinfo", false, "", "NORMAL_ROM", "RESERVED" },
        };

        l->storage = STORAGE_EMMC;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                Partition *p = layout_add(l, rows[i].name);
                scatter_set_defaults(l, p);
                assert_int_equal(p->is_download, rows[i].download);
                assert_string_equal(p->file_name, rows[i].file);
                assert_string_equal(p->type, rows[i].type);
                assert_string_equal(p->operation, rows[i].operation);
        }
}

static void test_loader_by_chip(void **state)
{
        static const struct {
                const char *chip;
                bool old;
        } rows[] = { { "MT6572", true }, { "MT6753", true }, { "MT6735", true }, { "MT8167", true },
                { "MT6739", false }, { "MT6755", false }, { "MT6765", false }, { "MT8183", false },
                { "", false }, { "MT", false } };

        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_(layout_freep) Layout *table = gpt_example("gpt-emmc-p70a", P70A_USER),
                                               *l = NULL;
                ScatterMake how = { .chip = rows[i].chip, .boot_size = 0x20000 };
                assert_int_equal(scatter_make(table, &how, &l), 0);
                assert_int_equal(
                        l->parts[0].region, rows[i].old ? REGION_BOOT1 : REGION_BOOT1_BOOT2);
                assert_int_equal(l->parts[0].size, 0x20000);
                assert_true((problem_find(l, "the chip is not known") != NULL) == !rows[i].chip[0]);
        }
}

/* An ext4 superblock tells what an unknown partition is. */
static void test_filesystem(void **state)
{
        _cleanup_(layout_freep) Layout *table = layout_new(), *l = NULL;
        static uint8_t flash[0x4000];
        MemorySource m;

        Partition *p = layout_add(table, "vendor_stuff");
        p->offset = 0x1000;
        p->size = 0x2000;
        table->storage = STORAGE_EMMC;
        put_le16(flash + 0x200 + 0x1000 + 0x438, 0xef53);
        put_le32(flash + 0x200 + 0x1000 + 0x404, 2);
        put_le32(flash + 0x200 + 0x1000 + 0x418, 0);
        ScatterMake how = { .user = memory_source_init(&m, flash, sizeof(flash)),
                .user_offset = 0x200 };
        assert_int_equal(scatter_make(table, &how, &l), 0);
        assert_string_equal(layout_find(l, "vendor_stuff")->type, "EXT4_IMG");
}

/* A table that was tiled, as backups have it: its gaps are no partitions, but tell of sgpt. */
static void test_tiled(void **state)
{
        _cleanup_(layout_freep) Layout *table = gpt_example("gpt-emmc-p70a", P70A_USER), *l = NULL;
        ScatterMake how = { .chip = "MT6752" };

        assert_int_equal(layout_tile(table), 0);
        table->usable_end = 0;
        assert_int_equal(scatter_make(table, &how, &l), 0);
        assert_int_equal(l->n_parts, 22);
        assert_int_equal(layout_find(l, "pgpt")->size, 0x80000);
        assert_int_equal(layout_find(l, "sgpt")->size, 0x80000);
}

TEST_MAIN(cmocka_unit_test(test_gpt), cmocka_unit_test(test_ufs), cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_pmt), cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_loader_by_chip), cmocka_unit_test(test_filesystem),
        cmocka_unit_test(test_tiled))
