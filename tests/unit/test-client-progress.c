/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <string.h>

#include "client/progress.h"

static int setup(void **state)
{
        locale_open();
        return 0;
}

/* What, bar, percentage, bytes, rate, time left. */
static void test_line(void **state)
{
        ProgressLine p = { .what = "reading userdata",
                .done = 512 * MiB,
                .total = GiB,
                .rate = 40 * MiB,
                .remaining = 13 };
        _cleanup_free_ char *plain = progress_line(&p, 81, false, false);

        assert_string_equal(plain,
                "reading userdata ##########...........  50%  512.0 MiB/1.0 GiB  "
                "40.0 MiB/s  0:13");
        assert_int_equal(text_width(plain), 80);
}

/* Never wider than the terminal, at any width and progress, so that no line is left behind. */
static void test_width(void **state)
{
        static const char *const what[] = { "", "reading preloader_backup_of_a_very_long_name",
                "les données à l’intérieur", "\xff\xfe broken" };
        for (size_t w = 0; w < ELEMENTS(what); w++)
                for (size_t width = 0; width < 140; width++)
                        for (uint64_t done = 0; done <= 100; done += 7) {
                                ProgressLine p = { what[w], done * MiB, 100 * MiB, done, done };
                                for (int utf8 = 0; utf8 < 2; utf8++) {
                                        _cleanup_free_ char *line =
                                                progress_line(&p, width, utf8, false);
                                        assert_non_null(line);
                                        assert_true(text_width(line) < MAX(width, (size_t)2));
                                }
                        }
}

static void test_strange_numbers(void **state)
{
        static const ProgressLine cases[] = {
                { "a", 0, 0, 0, UINT64_MAX },
                { "a", 5, 3, 0, 0 },
                { "a", UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX - 1 },
                { "a", UINT64_MAX, 1, 1, 1 },
        };
        static const char *const words[] = { "a", "100%", "100%", "100%" };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_free_ char *line = progress_line(&cases[i], 120, true, false);
                assert_non_null(strstr(line, words[i]));
        }
}

/* A name with control characters or line ends cannot break the line. */
static void test_hostile_name(void **state)
{
        ProgressLine p = {
                .what = "a\033[2J\nb\rc", .done = 1, .total = 2, .remaining = UINT64_MAX
        };
        _cleanup_free_ char *line = progress_line(&p, 80, true, false);

        for (const char *c = line; *c; c++)
                assert_true((unsigned char)*c >= ' ');
}

TEST_MAIN(cmocka_unit_test_setup(test_line, setup), cmocka_unit_test_setup(test_width, setup),
        cmocka_unit_test_setup(test_strange_numbers, setup),
        cmocka_unit_test_setup(test_hostile_name, setup))
