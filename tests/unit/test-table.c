/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>

#include "basic/table.h"

typedef enum Colour { COLOUR_RED, COLOUR_NONE, COLOUR_BLUE } Colour;

static const char *const names[] = { [COLOUR_RED] = "red", [COLOUR_BLUE] = "blue" };
DECLARE_TABLE(colour, Colour);
DEFINE_TABLE(colour, Colour, names)

/* An enum gets its two functions from one array of names. */
static void test_both_ways(void **state)
{
        assert_string_equal(colour_to_string(COLOUR_BLUE), "blue");
        assert_int_equal(colour_from_string("red"), COLOUR_RED);
}

static void test_unknown(void **state)
{
        assert_null(colour_to_string(COLOUR_NONE));
        assert_null(table_name(names, ELEMENTS(names), 3));
        assert_null(table_name(names, ELEMENTS(names), -1));
        assert_int_equal(colour_from_string("Red"), -ENOENT);
        assert_int_equal(colour_from_string(""), -ENOENT);
        assert_int_equal(colour_from_string(NULL), -ENOENT);
}

TEST_MAIN(cmocka_unit_test(test_both_ways), cmocka_unit_test(test_unknown))
