/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <string.h>

#include "format/utf8.h"

static void test_put_and_length(void **state)
{
        static const struct {
                uint32_t c;
                const char *text;
        } rows[] = { { 'A', "A" }, { 0xe9, "\xc3\xa9" }, { 0x20ac, "\xe2\x82\xac" },
                { 0x1f4f1, "\xf0\x9f\x93\xb1" } };

        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                char out[5] = "";
                assert_int_equal(utf8_put(out, rows[i].c), strlen(rows[i].text));
                assert_string_equal(out, rows[i].text);
                assert_int_equal(utf8_length(out, strlen(out)), strlen(out));
                if (strlen(out) > 1)
                        assert_int_equal(utf8_length(out, strlen(out) - 1), 0);
        }
}

static void test_invalid(void **state)
{
        static const char *const rows[] = { "\x80", "\xc0\x80", "\xc1\xbf", "\xc3(", "\xe0\x80\x80",
                "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xe2\x82(" };

        for (size_t i = 0; i < ELEMENTS(rows); i++)
                assert_int_equal(utf8_length(rows[i], strlen(rows[i])), 0);
        assert_int_equal(utf8_length("", 0), 0);
}

static void test_printable(void **state)
{
        assert_int_equal(utf8_printable('a'), 'a');
        assert_int_equal(utf8_printable(0xe9), 0xe9);
        assert_int_equal(utf8_printable(0x1b), '?');
        assert_int_equal(utf8_printable(0x7f), '?');
        assert_int_equal(utf8_printable(0x9b), '?');
}

static void test_copy(void **state)
{
        char out[5];

        assert_true(utf8_copy(out, sizeof(out), "abcd"));
        assert_string_equal(out, "abcd");
        assert_false(utf8_copy(out, sizeof(out), "abcde"));
        assert_string_equal(out, "abcd");
        assert_false(utf8_copy(out, sizeof(out), "abc\xc3\xa9"));
        assert_string_equal(out, "abc");
        assert_false(utf8_copy(out, sizeof(out), "a\xf0\x9f\x93\xb1"));
        assert_string_equal(out, "a");
        assert_false(utf8_copy(out, 1, "\xc3\xa9"));
        assert_string_equal(out, "");
}

TEST_MAIN(cmocka_unit_test(test_put_and_length), cmocka_unit_test(test_invalid),
        cmocka_unit_test(test_printable), cmocka_unit_test(test_copy))
