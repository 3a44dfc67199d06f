/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <string.h>

#include "format/rescue-map.h"

#define HEAD                                                                                       \
        "# Mapfile. Created by mtkbackup\n# userdata\n"                                            \
        "# current_pos  current_status  current_pass\n0x00000000     +               1\n"          \
        "#      pos        size  status\n"

static void assert_map(uint64_t size, const RescueRange *ranges, size_t n, const char *lines)
{
        _cleanup_free_ char *text = NULL;

        assert_int_equal(rescue_map_write(size, ranges, n, "userdata", &text), 0);
        assert_int_equal(strncmp(text, HEAD, strlen(HEAD)), 0);
        assert_string_equal(text + strlen(HEAD), lines);
}

/* What was not read stands between what was. */
static void test_bad_ranges(void **state)
{
        static const RescueRange ranges[] = { { 0x10000, 0x200, '-' },
                { UINT64_C(0x100000000), 0x1000, '?' } };

        assert_map(UINT64_C(0x200000000), ranges, 2,
                "0x00000000  0x00010000  +\n0x00010000  0x00000200  -\n"
                "0x00010200  0xFFFEFE00  +\n0x100000000  0x00001000  ?\n"
                "0x100001000  0xFFFFF000  +\n");
}

static void test_whole_and_empty(void **state)
{
        static const RescueRange all = { 0, UINT64_MAX, '-' };

        assert_map(0x1000, NULL, 0, "0x00000000  0x00001000  +\n");
        assert_map(0, NULL, 0, "");
        assert_map(0x1000, &all, 1, "0x00000000  0x00001000  -\n");
}

/* Ranges out of order, overlapping, outside or with a status nobody knows. */
static void test_untidy_ranges(void **state)
{
        static const RescueRange ranges[] = { { 0x800, 0x400, '*' }, { 0x100, 0x100, 'x' },
                { 0xA00, 0x400, '-' }, { 0x5000, 1, '-' }, { 0x300, 0, '-' },
                { 0xF00, UINT64_MAX, '/' } };

        assert_map(0x1000, ranges, 6,
                "0x00000000  0x00000100  +\n0x00000100  0x00000100  -\n"
                "0x00000200  0x00000600  +\n0x00000800  0x00000400  *\n"
                "0x00000C00  0x00000200  -\n0x00000E00  0x00000100  +\n"
                "0x00000F00  0x00000100  /\n");
}

TEST_MAIN(cmocka_unit_test(test_bad_ranges), cmocka_unit_test(test_whole_and_empty),
        cmocka_unit_test(test_untidy_ranges))
