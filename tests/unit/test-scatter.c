/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>

#include "data.h"
#include "format/address.h"
#include "format/scatter.h"
#include "problems.h"

static Scatter *read_example(const char *name)
{
        char path[100];
        size_t size;
        Scatter *s = NULL;

        snprintf(path, sizeof(path), "examples/%s", name);
        _cleanup_free_ char *text = data_read(path, &size);
        int r = scatter_read(name, text, size, &s);
        if (r < 0)
                fail_msg("%s: %d", name, r);
        return s;
}

/* A file of a phone with GPT; what counts from the end is placed when the size is known. */
static void test_v1(void **state)
{
        _cleanup_(scatter_freep) Scatter *s = read_example("MT6752_Android_scatter.txt");

        assert_int_equal(s->dialect, SCATTER_V1);
        assert_string_equal(s->version, "V1.1.2");
        Layout *l = scatter_section(s, STORAGE_UNKNOWN);
        assert_int_equal(l->storage, STORAGE_EMMC);
        assert_string_equal(l->chip, "MT6752");
        assert_string_equal(l->project, "demo_p70a");
        assert_string_equal(l->boot_channel, "MSDC_0");
        assert_int_equal(l->block_size, 0x20000);
        assert_int_equal(l->n_problems, 0);
        assert_int_equal(l->n_parts, 22);
        assert_string_equal(l->parts[17].index, "SYS17");
        assert_string_equal(l->parts[17].name, "system");
        assert_string_equal(l->parts[17].type, "EXT4_IMG");
        assert_string_equal(l->parts[17].file_name, "system.img");
        assert_true(l->parts[17].is_download);
        assert_int_equal(l->parts[0].region, REGION_BOOT1);
        assert_string_equal(l->parts[0].region_text, "EMMC_BOOT_1");
        assert_string_equal(l->parts[3].operation, "BINREGION");
        assert_string_equal(l->parts[3].file_name, "");
        assert_int_equal(l->parts[3].class, CLASS_IDENTITY);
        assert_int_equal(l->parts[3].line, 64);

        assert_true(layout_find(l, "flashinfo")->unplaced);
        layout_set_region(l, REGION_USER, 0x3a3e00000);
        layout_place(l);
        assert_int_equal(layout_find(l, "flashinfo")->offset, 0x3a2d80000);
        assert_int_equal(layout_find(l, "sgpt")->offset, 0x3a3d80000);
        assert_int_equal(layout_check(l), 0);
        assert_int_equal(layout_tile(l), 0);
}

static void test_linear_differs(void **state)
{
        _cleanup_(scatter_freep) Scatter *s = read_example("MT6572_Android_scatter.txt");
        Layout *l = s->sections[0];

        assert_string_equal(s->version, "V1.1.1");
        assert_int_equal(l->n_parts, 9);
        assert_int_equal(l->n_problems, 0);
        const Partition *mbr = layout_find(l, "MBR");
        assert_int_equal(mbr->linear_address, 0x1400000);
        assert_int_equal(mbr->offset, 0);
        assert_int_equal(layout_find(l, "EBR1")->offset, 0x80000);
        assert_int_equal(layout_find(l, "BMTPOOL")->end_blocks, 0xa8);
}

/* The legacy list of the same phone gives the same places; only the last end is not known. */
static void test_legacy(void **state)
{
        _cleanup_(scatter_freep) Scatter *s = read_example("MT6577_Android_scatter_emmc.txt");
        _cleanup_(scatter_freep) Scatter *v1 = read_example("MT6572_Android_scatter.txt");
        const Layout *l = s->sections[0], *m = v1->sections[0];

        assert_int_equal(s->dialect, SCATTER_LEGACY);
        assert_string_equal(l->chip, "MT6577");
        assert_int_equal(l->storage, STORAGE_EMMC);
        assert_int_equal(l->n_parts, 9);
        assert_int_equal(l->n_problems, 0);
        size_t kept = 0;
        for (size_t i = 0; i < 9; i++) {
                const Partition *p = l->parts + i, *q = m->parts + i;
                assert_string_equal(p->name, q->name);
                assert_int_equal(p->region, q->region);
                assert_int_equal(p->linear_address, q->linear_address);
                assert_int_equal(p->physical_address, q->physical_address);
                assert_int_equal(p->from_end, q->from_end);
                if (!p->is_reserved)
                        assert_string_equal(p->type, q->type);
                assert_string_equal(p->operation, q->operation);
                if (i < 7)
                        assert_int_equal(p->size, q->size);
                kept += !p->is_download;
        }
        assert_int_equal(kept, 2);
        assert_true(l->parts[7].open_end);
}

/* Two storages in one file; the XML form says the same to the last field. */
static void test_v2_and_xml(void **state)
{
        _cleanup_(scatter_freep) Scatter *s = read_example("MT6893_Android_scatter.txt");
        _cleanup_(scatter_freep) Scatter *x = read_example("MT6893_Android_scatter.xml");

        assert_int_equal(s->dialect, SCATTER_V2);
        assert_int_equal(x->dialect, SCATTER_XML);
        assert_string_equal(s->version, "V2.1.0");
        assert_string_equal(x->version, "V2.1.0");
        assert_int_equal(s->n_sections, 2);
        assert_int_equal(x->n_sections, 2);
        assert_int_equal(
                layout_find(scatter_section(s, STORAGE_EMMC), "flashinfo")->physical_address,
                0xffff0080);
        assert_int_equal(
                layout_find(scatter_section(s, STORAGE_UFS), "flashinfo")->physical_address,
                0xffff0020);
        assert_null(scatter_section(s, STORAGE_UNKNOWN));
        assert_null(scatter_section(s, STORAGE_NAND));
        for (size_t k = 0; k < 2; k++) {
                Layout *a = s->sections[k], *b = x->sections[k];
                assert_int_equal(a->n_parts, 8);
                assert_int_equal(a->n_parts, b->n_parts);
                assert_int_equal(a->n_problems, 0);
                assert_int_equal(b->n_problems, 0);
                assert_int_equal(a->storage, b->storage);
                assert_int_equal(a->block_size, b->block_size);
                assert_string_equal(a->chip, b->chip);
                for (size_t i = 0; i < a->n_parts; i++) {
                        Partition p = a->parts[i], q = b->parts[i];
                        assert_int_not_equal(q.line, 0);
                        p.line = q.line = 0;
                        assert_memory_equal(&p, &q, sizeof(p));
                }
        }
}

/* What real files do to readers, all in one: still read, each oddity told with its line. */
static void test_odd_file(void **state)
{
        static const char text[] = "\xef\xbb\xbf#### h\xe9 ####\r\n"
                                   "- general: MTK_PLATFORM_CFG\r\n"
                                   "  info: \r\n"
                                   "    - config_version: V1.1.2\r\n"
                                   "      platform: MT6752\r\n"
                                   "\tproject: caf\xe9 \r\n"
                                   "      storage: EMMC\r\n"
                                   "      some_new_key: 1\r\n"
                                   "- partition_index: SYS0\r\n"
                                   "  partition_name: boot\r\n"
                                   "  file_name: boot.img\r\n"
                                   "  partition_size: 0x100000\r\n"
                                   "  physical_start_addr: 0x8000\r\n"
                                   "  linear_start_addr: 0x8000\r\n"
                                   "  region: EMMC_USR\r\n"
                                   "  type: NEW_IMG\r\n"
                                   "  some_new_key: 2\r\n"
                                   "somebody wrote this\r\n"
                                   "  is_download: maybe\r\n"
                                   "partition_name: pasted\r\n"
                                   "  physical_start_addr: 0x18000\r\n"
                                   "  partition_size: 12x\r\n"
                                   "  is_reserved: true\r\n"
                                   "  is_reserved: false\r\n"
                                   "  is_download: true\r\n"
                                   "- partition_index: SYS7\r\n"
                                   "  partition_name: \r\n"
                                   "  physical_start_addr: 0x28000\r\n"
                                   "  partition_size: 0x10\r\n"
                                   "- partition_index: SYS3\r\n"
                                   "  partition_name: boot\r\n"
                                   "  physical_start_addr: 0x100000\r\n"
                                   "  partition_size: 0x10";
        _cleanup_(scatter_freep) Scatter *s = NULL;

        assert_int_equal(scatter_read(NULL, text, sizeof(text) - 1, &s), 0);
        assert_int_equal(s->dialect, SCATTER_V1);
        const Layout *l = s->sections[0];
        assert_string_equal(l->project, "caf\xc3\xa9");
        assert_int_equal(l->n_parts, 4);
        assert_string_equal(l->parts[0].name, "boot");
        assert_string_equal(l->parts[1].name, "pasted");
        assert_string_equal(l->parts[0].type, "NEW_IMG");
        assert_int_equal(l->parts[0].region, REGION_USER);
        static const struct {
                unsigned line;
                const char *text;
        } rows[] = {
                { 8, "unknown key \"some_new_key\"" },
                { 24, "is_reserved is there twice" },
                { 15, "unknown region \"EMMC_USR\"" },
                { 16, "unknown type \"NEW_IMG\"" },
                { 18, "stray line" },
                { 19, "is_download: \"maybe\" is neither" },
                { 20, "partition_index is missing" },
                { 22, "partition_size: \"12x\" is no number" },
                { 20, "pasted is reserved and yet for download" },
                { 26, "SYS7 has no name" },
                { 30, "boot is there twice" },
                { 30, "boot overlaps boot" },
        };
        for (size_t i = 0; i < ELEMENTS(rows); i++)
                assert_int_equal(problem_need(l, rows[i].text)->line, rows[i].line);
        assert_true(problem_need(l, "SYS7 stands at place 2")->note);
}

static void test_no_scatter(void **state)
{
        static const char *const texts[] = { "", "\n\n", "hello", "a: b\nc: d\n", "PRELOADER 0x0\n",
                "<html></html>", "<?xml version=\"1.0\"?>", "<", "- general: MTK_PLATFORM_CFG\n",
                "{\n}\n", "\xef\xbb\xbf", "type: NORMAL_ROM\n", "<root/>",
                "<root><a>b</a></root>" };

        for (size_t i = 0; i < ELEMENTS(texts); i++) {
                Scatter *s = NULL;
                if (scatter_read("x.txt", texts[i], strlen(texts[i]), &s) != -EBADMSG)
                        fail_msg("%s", texts[i]);
        }
        Scatter *s = NULL;
        _cleanup_free_ char *big = calloc(1, SCATTER_SIZE_MAX + 1);
        assert_int_equal(scatter_read("x", big, SCATTER_SIZE_MAX + 1, &s), -EFBIG);
        assert_int_equal(scatter_read("x", big, SCATTER_SIZE_MAX, &s), -EBADMSG);
        assert_null(scatter_free(NULL));
        assert_int_equal(scatter_dialect_from_string("xml"), SCATTER_XML);
        assert_string_equal(scatter_dialect_to_string(SCATTER_V2), "v2");
}

/* Cut at every byte: an error or what was there so far. */
static void test_truncated(void **state)
{
        static const char *const names[] = { "MT6572_Android_scatter.txt",
                "MT6752_Android_scatter.txt", "MT6893_Android_scatter.xml",
                "MT6893_Android_scatter.txt", "MT6577_Android_scatter_emmc.txt" };

        for (size_t i = 0; i < ELEMENTS(names); i++) {
                char path[100];
                size_t size, last = 0;
                snprintf(path, sizeof(path), "examples/%s", names[i]);
                _cleanup_free_ char *text = data_read(path, &size);
                for (size_t n = 0; n < size; n++) {
                        _cleanup_(scatter_freep) Scatter *s = NULL;
                        _cleanup_free_ char *cut = malloc(n + 1);
                        size_t parts = 0;
                        memcpy(cut, text, n);
                        int r = scatter_read(NULL, cut, n, &s);
                        assert_true(r == 0 || r == -EBADMSG);
                        for (size_t k = 0; s && k < s->n_sections; k++)
                                parts += s->sections[k]->n_parts;
                        assert_true(parts >= last);
                        last = parts;
                }
        }
}

static void test_too_many_parts(void **state)
{
        char *text = NULL;
        size_t size;
        _cleanup_(scatter_freep) Scatter *s = NULL;
        FILE *f = open_memstream(&text, &size);

        fputs("- general: MTK_PLATFORM_CFG\n- storage: EMMC\n", f);
        for (unsigned i = 0; i < LAYOUT_PARTS_MAX + 3; i++)
                fprintf(f,
                        "- partition_index: SYS%u\n  partition_name: p%u\n  partition_size: 1\n"
                        "  physical_start_addr: 0x%x\n",
                        i, i, 0x100000 + i);
        fclose(f);
        assert_int_equal(scatter_read(NULL, text, size, &s), 0);
        assert_int_equal(s->sections[0]->n_parts, LAYOUT_PARTS_MAX);
        problem_need(s->sections[0], "more than 1024 partitions");
        free(text);
}

TEST_MAIN(cmocka_unit_test(test_v1), cmocka_unit_test(test_linear_differs),
        cmocka_unit_test(test_legacy), cmocka_unit_test(test_v2_and_xml),
        cmocka_unit_test(test_odd_file), cmocka_unit_test(test_no_scatter),
        cmocka_unit_test(test_truncated), cmocka_unit_test(test_too_many_parts))
