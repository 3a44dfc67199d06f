/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <string.h>

#include "daemon/text.h"

static void copied(const char *source, size_t size, const char *expected)
{
        char out[64];

        memset(out, 'x', sizeof out);
        text_copy(out, size, source);
        assert_string_equal(out, expected);
}

static void test_text_stays(void **state)
{
        copied("The phone says \"no\".", 64, "The phone says \"no\".");
        copied("M\xc3\xbcnchen \xe2\x82\xac \xf0\x9f\x93\xb1", 64,
                "M\xc3\xbcnchen \xe2\x82\xac \xf0\x9f\x93\xb1");
        copied(NULL, 64, "");
}

static void test_no_utf8(void **state)
{
        copied("a\xff"
               "b",
                64, "a?b");
        copied("\xc0\x80", 64, "??");           /* over-long */
        copied("\xed\xa0\x80", 64, "???");      /* a surrogate */
        copied("\xf4\x90\x80\x80", 64, "????"); /* beyond the last character */
        copied("\xe2\x82", 64, "??");           /* cut */
        copied("\xc3", 64, "?");
        copied("\x1b[2J\n\x7f", 64, " [2J  ");
}

/* Cut between characters, never within one. */
static void test_too_long(void **state)
{
        char text[] = "a\xff\xc3\xbc";

        copied("abcdef", 4, "abc");
        copied("ab\xc3\xbc", 4, "ab");
        copied("ab\xc3\xbc", 5, "ab\xc3\xbc");
        copied("abc", 1, "");
        text_clean(text);
        assert_string_equal(text, "a?\xc3\xbc");
}

TEST_MAIN(cmocka_unit_test(test_text_stays), cmocka_unit_test(test_no_utf8),
        cmocka_unit_test(test_too_long))
