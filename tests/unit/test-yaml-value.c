/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "profile/yaml-tree.h"

static YamlTree *tree;

static const YamlNode *value(const char *text)
{
        char line[200];

        tree = yaml_tree_free(tree);
        snprintf(line, sizeof(line), "v: %s\n", text);
        assert_int_equal(yaml_tree_parse("f", line, strlen(line), sizeof(line), ERROR_INVALID_FILE,
                                 &tree, NULL),
                0);
        return yaml_map_get(yaml_tree_root(tree), "v");
}

/* A value is asked for by what it should be; a key that is not there changes nothing. */
static void test_values(void **state)
{
        static const char *const names[] = { "red", NULL, "blue" };
        const char *text = "before";
        bool yes = false;
        uint64_t number = 7;
        int name = -1;

        assert_int_equal(yaml_get_text(tree, value("some text"), 20, &text, NULL), 0);
        assert_string_equal(text, "some text");
        assert_int_equal(yaml_get_bool(tree, value("Yes"), &yes, NULL), 0);
        assert_true(yes);
        assert_int_equal(yaml_get_bool(tree, value("off"), &yes, NULL), 0);
        assert_false(yes);
        assert_int_equal(yaml_get_number(tree, value("0x0766"), 1, 0xffff, &number, NULL), 0);
        assert_int_equal(number, 0x766);
        assert_int_equal(yaml_get_number(tree, value("\"42\""), 1, 42, &number, NULL), 0);
        assert_int_equal(number, 42);
        assert_int_equal(yaml_get_name(tree, value("blue"), names, 3, &name, NULL), 0);
        assert_int_equal(name, 2);
        assert_int_equal(yaml_check_list(tree, value("[a, bb]"), 2, 2, NULL), 0);

        assert_int_equal(yaml_get_text(tree, NULL, 20, &text, NULL), 0);
        assert_int_equal(yaml_get_bool(tree, NULL, &yes, NULL), 0);
        assert_int_equal(yaml_get_number(tree, NULL, 0, 0, &number, NULL), 0);
        assert_int_equal(yaml_get_name(tree, NULL, names, 3, &name, NULL), 0);
        assert_int_equal(number, 42);
        assert_int_equal(name, 2);
        tree = yaml_tree_free(tree);
}

typedef enum Ask { TEXT, BOOL, NUMBER, NAME, LIST, MAP } Ask;

static int ask(Ask kind, const YamlNode *n, Failure *f)
{
        static const char *const names[] = { "red", "blue" }, *const keys[] = { "a", "b", NULL };
        const char *text;
        bool yes;
        uint64_t number;
        int name;

        switch (kind) {
        case TEXT: return yaml_get_text(tree, n, 5, &text, f);
        case BOOL: return yaml_get_bool(tree, n, &yes, f);
        case NUMBER: return yaml_get_number(tree, n, 10, 0xff, &number, f);
        case NAME: return yaml_get_name(tree, n, names, 2, &name, f);
        case LIST: return yaml_check_list(tree, n, 2, 3, f);
        case MAP: break;
        }
        return yaml_map_check(tree, n, keys, f);
}

static void test_wrong_kinds(void **state)
{
        static const struct {
                Ask ask;
                const char *text, *expected;
        } rows[] = {
                { TEXT, "[a]", "f:1:4: v: expected a text" },
                { TEXT, "{a: b}", "f:1:4: v: expected a text" },
                { TEXT, "", "v: expected a text" },
                { TEXT, "sixsix", "f:1:4: v: expected a text of at most 5 bytes" },
                { BOOL, "maybe", "v: expected true or false, not \"maybe\"" },
                { BOOL, "[true]", "v: expected true or false" },
                { NUMBER, "ten", "v: expected a number, not \"ten\"" },
                { NUMBER, "-11", "v: expected a number, not \"-11\"" },
                { NUMBER, "1e3", "v: expected a number, not \"1e3\"" },
                { NUMBER, "0x", "v: expected a number" },
                { NUMBER, "0xfg", "v: expected a number" },
                { NUMBER, "\" 11\"", "v: expected a number" },
                { NUMBER, "99999999999999999999999", "v: expected a number" },
                { NUMBER, "9", "v: expected a number from 10 to 255" },
                { NUMBER, "0x100", "v: expected a number from 0xa to 0xff" },
                { NUMBER, "[11]", "v: expected a number" },
                { NAME, "green", "v: expected red or blue, not \"green\"" },
                { NAME, "Red", "v: expected red or blue" },
                { NAME, "{}", "v: expected red or blue" },
                { LIST, "a", "v: expected a list of texts" },
                { LIST, "[]", "v: expected a list of texts" },
                { LIST, "{a: b}", "v: expected a list of texts" },
                { LIST, "[a, b, c]", "v: expected at most 2 entries" },
                { LIST, "[a, long]", "f:1:8: v: expected a text of at most 3 bytes" },
                { LIST, "[a, [b]]", "f:1:8: v: expected a text" },
                { LIST, "[a, \"\"]", "f:1:8: v: expected a text" },
                { MAP, "x", "v: expected keys and values (a or b)" },
                { MAP, "[a]", "v: expected keys and values (a or b)" },
                { MAP, "{a: 1, c: 2}", "f:1:11: v.c: unknown key, expected a or b" },
        };

        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                Failure f = { 0 };
                assert_int_equal(ask(rows[i].ask, value(rows[i].text), &f), -EINVAL);
                if (!strstr(f.text, rows[i].expected))
                        fail_msg("%s: %s", rows[i].text, f.text);
        }
        tree = yaml_tree_free(tree);
}

TEST_MAIN(cmocka_unit_test(test_values), cmocka_unit_test(test_wrong_kinds))
