/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "profile/yaml-tree.h"

static YamlTree *parse(const char *text)
{
        YamlTree *t = NULL;
        Failure f = { 0 };

        int r = yaml_tree_parse("f.yaml", text, strlen(text), 65536, ERROR_INVALID_FILE, &t, &f);
        if (r < 0)
                fail_msg("%s", f.text);
        return t;
}

/* Every node knows its place, and errors name it together with the path of keys. */
static void test_tree(void **state)
{
        _cleanup_(yaml_tree_freep) YamlTree *t = parse("title: a phone\n"
                                                       "read:\n"
                                                       "  areas: [BOOT1, \"USER\"]\n"
                                                       "  empty:\n");
        const YamlNode *root = yaml_tree_root(t);

        assert_int_equal(root->kind, YAML_MAP);
        assert_string_equal(yaml_map_get(root, "title")->text, "a phone");
        const YamlNode *read = yaml_map_get(root, "read");
        const YamlNode *areas = yaml_map_get(read, "areas");
        assert_int_equal(areas->kind, YAML_LIST);
        assert_int_equal(areas->n_children, 2);
        assert_string_equal(areas->first->text, "BOOT1");
        assert_string_equal(areas->last->text, "USER");
        assert_string_equal(yaml_map_get(read, "empty")->text, "");
        assert_null(yaml_map_get(read, "title"));
        assert_null(yaml_map_get(NULL, "title"));
        assert_null(yaml_map_get(areas, "title"));

        Failure f = { 0 };
        assert_int_equal(yaml_tree_error(t, areas->last, &f, "expected %s", "something"), -EINVAL);
        assert_int_equal(f.id, ERROR_INVALID_FILE);
        assert_string_equal(f.text, "f.yaml:3:18: read.areas: expected something");
}

static void test_empty(void **state)
{
        static const char *const texts[] = { "", "\n", "# only a comment\n", "\xef\xbb\xbf" };

        for (size_t i = 0; i < ELEMENTS(texts); i++) {
                _cleanup_(yaml_tree_freep) YamlTree *t = parse(texts[i]);
                assert_int_equal(yaml_tree_root(t)->kind, YAML_MAP);
                assert_int_equal(yaml_tree_root(t)->n_children, 0);
        }
        _cleanup_(yaml_tree_freep) YamlTree *t = parse("\xef\xbb\xbf"
                                                       "a: b\r\n");
        assert_string_equal(yaml_map_get(yaml_tree_root(t), "a")->text, "b");
}

/* Each wrong text gives one error with its place. */
static void test_wrong(void **state)
{
        static const struct {
                const char *text, *expected;
        } rows[] = {
                { "a: [1, 2\n", "f.yaml:2:1: not valid YAML" },
                { "a: 1\n  b: 2\n", "f.yaml:2:4: not valid YAML" },
                { "a: \"x\n", "f.yaml:2:1: not valid YAML" },
                { "\ta: 1\n", "f.yaml:1:1: not valid YAML" },
                { "a: @\n", "f.yaml:1:4: not valid YAML" },
                { "a: \xff\n", "f.yaml: byte 3: not valid YAML" },
                { "a: \x01\n", "f.yaml: byte 3: not valid YAML" },
                { "a: *b\n", "f.yaml:1:4: aliases are not allowed" },
                { "a: [*]\n", "f.yaml:1:6: not valid YAML" },
                { "a: &b c\n", "f.yaml:1:4: anchors and tags" },
                { "a: &b [c]\n", "f.yaml:1:4: anchors and tags" },
                { "a: &b {c: d}\n", "f.yaml:1:4: anchors and tags" },
                { "a: !!str c\n", "f.yaml:1:4: anchors and tags" },
                { "a: !mine {}\n", "f.yaml:1:4: anchors and tags" },
                { "a: 1\n---\nb: 2\n", "f.yaml:2:1: only one document" },
                { "a: 1\nb: 2\na: 3\n", "f.yaml:3:1: a: this key is there twice" },
                { "[a]: 1\n", "f.yaml:1:1: expected a plain text as key" },
                { "{a: b}: 1\n", "f.yaml:1:1: expected a plain text as key" },
                { "a: |\n  two\n  lines\n", "f.yaml:1:4: line breaks" },
                { "a: \"x\\0y\"\n", "f.yaml:1:4: line breaks and control" },
                { "a: \"x\\e[m\"\n", "f.yaml:1:4: line breaks and control" },
                { "a: \"\\x9b\"\n", "f.yaml:1:4: line breaks and control" },
                { "a: [[[[[[[[[]]]]]]]]]\n", "f.yaml:1:11: nested too deeply" },
        };

        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                YamlTree *t = NULL;
                Failure f = { 0 };
                int r = yaml_tree_parse("f.yaml", rows[i].text, strlen(rows[i].text), 65536,
                        ERROR_INVALID_PROFILE, &t, &f);
                assert_int_equal(r, -EINVAL);
                assert_null(t);
                assert_int_equal(f.id, ERROR_INVALID_PROFILE);
                if (strncmp(f.text, rows[i].expected, strlen(rows[i].expected)) != 0)
                        fail_msg("%s: %s", rows[i].text, f.text);
                assert_true((strchr(rows[i].text, '*') != NULL) == (f.hint[0] != '\0'));
        }
}

static void test_limits(void **state)
{
        _cleanup_free_ char *text = malloc(65537);
        YamlTree *t = NULL;
        Failure f = { 0 }, g = { 0 }, h = { 0 };

        memset(text, ' ', 65537);
        assert_int_equal(
                yaml_tree_parse("f", text, 65537, 65536, ERROR_INVALID_FILE, &t, &f), -EINVAL);
        assert_string_equal(f.text, "f: the file is larger than 65536 bytes");

        text[0] = '[';
        for (size_t i = 1; i + 1 < 65536; i += 2)
                memcpy(text + i, "1,", 2);
        text[65535] = ']';
        assert_int_equal(
                yaml_tree_parse("f", text, 65536, 65536, ERROR_INVALID_FILE, &t, &g), -EINVAL);
        assert_non_null(strstr(g.text, "too many values"));

        memset(text, 'x', YAML_TEXT_MAX + 1);
        assert_int_equal(
                yaml_tree_parse("f", text, YAML_TEXT_MAX + 1, 65536, ERROR_INVALID_FILE, &t, &h),
                -EINVAL);
        assert_string_equal(h.text, "f:1:1: the text is too long");
        assert_int_equal(
                yaml_tree_parse("f", text, YAML_TEXT_MAX, 65536, ERROR_INVALID_FILE, &t, NULL), 0);
        assert_int_equal(yaml_tree_root(t)->kind, YAML_TEXT);
        assert_null(yaml_tree_free(t));
        assert_null(yaml_tree_free(NULL));
}

TEST_MAIN(cmocka_unit_test(test_tree), cmocka_unit_test(test_empty), cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_limits))
