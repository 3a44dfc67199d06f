/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "data.h"
#include "format/scatter.h"

static Scatter *parse(const char *text, size_t size)
{
        Scatter *s = NULL;
        assert_int_equal(scatter_read("MT6577_emmc.txt", text, size, &s), 0);
        return s;
}

/* What was written by V1.1.2 and V2.1.0 hands comes out byte for byte. */
static void test_same_text(void **state)
{
        static const struct {
                const char *name;
                ScatterDialect dialect;
        } rows[] = { { "examples/MT6752_Android_scatter.txt", SCATTER_V1 },
                { "examples/MT6893_Android_scatter.txt", SCATTER_V2 } };

        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                size_t size, size2;
                _cleanup_free_ char *text = data_read(rows[i].name, &size), *text2 = NULL;
                _cleanup_(scatter_freep) Scatter *s = parse(text, size);
                assert_int_equal(
                        scatter_write(rows[i].dialect, s->sections, s->n_sections, &text2, &size2),
                        0);
                assert_string_equal(text2, text);
                assert_int_equal(size2, size);
        }
}

/* Any dialect into any other and back again: from the second time on nothing changes. */
static void test_fixed_point(void **state)
{
        static const char *const names[] = { "MT6572_Android_scatter.txt",
                "MT6577_Android_scatter_emmc.txt", "MT6752_Android_scatter.txt",
                "MT6893_Android_scatter.txt", "MT6893_Android_scatter.xml" };

        for (size_t i = 0; i < ELEMENTS(names); i++)
                for (ScatterDialect d = SCATTER_V1; d < _SCATTER_MAX; d++) {
                        char path[100];
                        size_t size, size2, size3;
                        _cleanup_free_ char *text2 = NULL, *text3 = NULL;

                        snprintf(path, sizeof(path), "examples/%s", names[i]);
                        _cleanup_free_ char *text = data_read(path, &size);
                        _cleanup_(scatter_freep) Scatter *s = parse(text, size);
                        size_t n = d == SCATTER_V1 ? 1 : s->n_sections;
                        assert_int_equal(scatter_write(d, s->sections, n, &text2, &size2), 0);
                        _cleanup_(scatter_freep) Scatter *t = parse(text2, size2);
                        assert_int_equal(t->dialect, d);
                        assert_int_equal(scatter_write(d, t->sections, n, &text3, &size3), 0);
                        assert_string_equal(text3, text2);

                        assert_int_equal(t->n_sections, n);
                        for (size_t k = 0; k < n; k++) {
                                const Layout *a = s->sections[k], *b = t->sections[k];
                                assert_int_equal(a->n_parts, b->n_parts);
                                assert_int_equal(a->storage, b->storage);
                                for (size_t p = 0; p < a->n_parts; p++) {
                                        assert_string_equal(a->parts[p].name, b->parts[p].name);
                                        assert_int_equal(a->parts[p].offset, b->parts[p].offset);
                                        assert_int_equal(a->parts[p].size, b->parts[p].size);
                                        assert_int_equal(a->parts[p].region, b->parts[p].region);
                                        assert_string_equal(
                                                a->parts[p].file_name, b->parts[p].file_name);
                                        assert_int_equal(
                                                a->parts[p].from_end, b->parts[p].from_end);
                                }
                        }
                }
}

/* A layout that no scatter made gets every key that the version has. */
static void test_bare_layout(void **state)
{
        _cleanup_(layout_freep) Layout *l = layout_new();
        _cleanup_free_ char *text = NULL, *v2 = NULL;
        size_t size;

        l->storage = STORAGE_UFS;
        snprintf(l->chip, sizeof(l->chip), "MT6893");
        Partition *p = layout_add(l, "nvram");
        p->physical_address = p->linear_address = p->offset = 0x8000;
        p->size = 0x4000000;
        assert_int_equal(scatter_write(SCATTER_V1, &l, 1, &text, &size), 0);
        static const char *const expected[] = { "config_version: V1.1.2\n", "platform: MT6893\n",
                "project: \n", "storage: UFS\n", "boot_channel: UFSHCI_0\n",
                "block_size: 0x80000\n",
                "- partition_index: SYS0\n  partition_name: nvram\n  file_name: NONE\n",
                "type: NORMAL_ROM\n  linear_start_addr: 0x8000\n", "region: UFS_LU2\n",
                "storage: HW_STORAGE_UFS\n",
                "operation_type: INVISIBLE\n  is_upgradable: false\n"
                "  empty_boot_needed: false\n  reserve: 0x00\n\n" };
        for (size_t i = 0; i < ELEMENTS(expected); i++)
                if (!strstr(text, expected[i]))
                        fail_msg("%s is not in %s", expected[i], text);
        assert_int_equal(scatter_write(SCATTER_V2, &l, 1, &v2, &size), 0);
        assert_non_null(strstr(v2, "    combo_partsize_check: false\n    reserve: 0x00\n"));
}

static void test_refuses(void **state)
{
        _cleanup_(layout_freep) Layout *l = layout_new();
        Layout *two[] = { l, l };
        char *text = NULL;
        size_t size;

        assert_int_equal(scatter_write(SCATTER_LEGACY, &l, 1, &text, &size), -EINVAL);
        assert_int_equal(scatter_write(SCATTER_V1, two, 2, &text, &size), -EINVAL);
        assert_int_equal(scatter_write(SCATTER_V2, two, 0, &text, &size), -EINVAL);
        assert_int_equal(
                scatter_write(SCATTER_XML, two, SCATTER_SECTIONS_MAX + 1, &text, &size), -EINVAL);
        assert_null(text);
}

TEST_MAIN(cmocka_unit_test(test_same_text), cmocka_unit_test(test_fixed_point),
        cmocka_unit_test(test_bare_layout), cmocka_unit_test(test_refuses))
