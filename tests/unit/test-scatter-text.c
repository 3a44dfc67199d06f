/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <yaml.h>

#include "data.h"
#include "format/scatter-build.h"
#include "problems.h"

static Layout *read_one(const char *text, Scatter **s)
{
        assert_int_equal(scatter_read_text(NULL, text, strlen(text), s), 0);
        return (*s)->sections[0];
}

/* Indentation, dashes, tabs and quotes are as people left them. */
static void test_shapes(void **state)
{
        static const char *const texts[] = {
                "- general: MTK_PLATFORM_CFG\n"
                "- storage: EMMC\n"
                "- partition_index: SYS0\n"
                "  partition_name: boot\n"
                "  partition_size: 0x100\n",
                "general: MTK_PLATFORM_CFG\nstorage: EMMC\npartition_index: SYS0\n"
                "partition_name: boot\npartition_size: 0x100\n",
                "\t- general:\tMTK_PLATFORM_CFG\r\n  storage:EMMC\r\n-\t partition_index: SYS0\r\n"
                "\t\tpartition_name: \"boot\"   \r\n partition_size : '0x100' # a comment\r\n",
                "storage: EMMC\n- - partition_index: SYS0\n- partition_name: boot\n- "
                "partition_size: 256",
        };

        for (size_t i = 0; i < ELEMENTS(texts); i++) {
                _cleanup_(scatter_freep) Scatter *s = NULL;
                Layout *l = read_one(texts[i], &s);
                assert_int_equal(l->storage, STORAGE_EMMC);
                assert_int_equal(l->n_parts, 1);
                assert_string_equal(l->parts[0].name, "boot");
                assert_int_equal(l->parts[0].size, 0x100);
                if (l->n_problems > 0)
                        fail_msg("%zu: %s", i, l->problems[0].text);
        }
}

static void test_long_line(void **state)
{
        char text[5000] = "- general: MTK_PLATFORM_CFG\n";
        _cleanup_(scatter_freep) Scatter *s = NULL, *t = NULL;

        size_t n = strlen(text);
        memset(text + n, '#', 4000);
        snprintf(text + n + 4000, 200, "\n- storage: EMMC\n- partition_index: SYS0\n");
        Layout *l = read_one(text, &s);
        assert_null(problem_find(l, "too long"));

        memset(text + n, 'x', 4000);
        memcpy(text + n, "project: ", 9);
        l = read_one(text, &t);
        assert_int_equal(problem_need(l, "the line is too long")->line, 2);
        assert_int_equal(strlen(l->project), LAYOUT_TEXT_MAX - 1);
}

/* Values that XML can hold and text cannot are made harmless, so that they stay what they are. */
static void test_values(void **state)
{
        static const struct {
                const char *written, *read;
        } rows[] = { { "a:b", "a:b" }, { "a#b", "a#b" }, { "\"'x'\"", "x" }, { "'x", "'x" },
                { "\"\"", "" }, { "  y  ", "y" }, { "a # b", "a" }, { "\x1b[31m", "?[31m" },
                { "\xc3\xa9\xe9", "\xc3\xa9\xc3\xa9" }, { "'# x'", "_ x" } };

        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_(scatter_freep) Scatter *s = NULL;
                char text[200];
                snprintf(text, sizeof(text), "partition_index: SYS0\npartition_name: %s\n",
                        rows[i].written);
                Layout *l = read_one(text, &s);
                assert_string_equal(l->parts[0].name, rows[i].read);
        }
}

/* One scalar of a YAML document, by its path of keys and indices. */
static const char *yaml_value(yaml_document_t *d, yaml_node_t *map, const char *key)
{
        if (map->type == YAML_MAPPING_NODE)
                for (yaml_node_pair_t *p = map->data.mapping.pairs.start;
                        p < map->data.mapping.pairs.top; p++)
                        if (strcmp((char *)yaml_document_get_node(d, p->key)->data.scalar.value,
                                    key) == 0)
                                return (char *)yaml_document_get_node(d, p->value)
                                        ->data.scalar.value;
        return NULL;
}

/* Clean files are YAML too: libyaml sees the same in them as the line parser. */
static void test_yaml_agrees(void **state)
{
        static const char *const names[] = { "examples/MT6752_Android_scatter.txt",
                "examples/MT6572_Android_scatter.txt" };

        for (size_t i = 0; i < ELEMENTS(names); i++) {
                size_t size, n = 0;
                _cleanup_free_ char *text = data_read(names[i], &size);
                _cleanup_(scatter_freep) Scatter *s = NULL;
                yaml_parser_t parser;
                yaml_document_t d;

                const Layout *l = read_one(text, &s);
                assert_true(yaml_parser_initialize(&parser));
                yaml_parser_set_input_string(&parser, (const unsigned char *)text, size);
                assert_true(yaml_parser_load(&parser, &d));
                yaml_node_t *root = yaml_document_get_root_node(&d);
                assert_int_equal(root->type, YAML_SEQUENCE_NODE);
                for (yaml_node_item_t *item = root->data.sequence.items.start;
                        item < root->data.sequence.items.top; item++) {
                        yaml_node_t *entry = yaml_document_get_node(&d, *item);
                        const char *name = yaml_value(&d, entry, "partition_name");
                        if (!name)
                                continue;
                        const Partition *p = l->parts + n++;
                        const char *file = yaml_value(&d, entry, "file_name");
                        assert_string_equal(p->name, name);
                        assert_string_equal(p->file_name, strcmp(file, "NONE") ? file : "");
                        assert_string_equal(p->type, yaml_value(&d, entry, "type"));
                        assert_string_equal(p->operation, yaml_value(&d, entry, "operation_type"));
                        assert_int_equal(p->size,
                                strtoull(yaml_value(&d, entry, "partition_size"), NULL, 16));
                        assert_int_equal(p->physical_address,
                                strtoull(yaml_value(&d, entry, "physical_start_addr"), NULL, 16));
                        assert_int_equal(p->is_download,
                                strcmp(yaml_value(&d, entry, "is_download"), "true") == 0);
                }
                assert_int_equal(n, l->n_parts);
                yaml_document_delete(&d);
                yaml_parser_delete(&parser);
        }
}

TEST_MAIN(cmocka_unit_test(test_shapes), cmocka_unit_test(test_long_line),
        cmocka_unit_test(test_values), cmocka_unit_test(test_yaml_agrees))
