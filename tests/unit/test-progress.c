/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include "daemon/progress.h"

#define SECOND UINT64_C(1000000)

/* 40 MB/s for ten seconds of a 1 GB job: fifteen seconds more. */
static void test_steady(void **state)
{
        Progress p = { 0 };

        assert_int_equal(progress_rate(&p), 0);
        assert_int_equal(progress_expected_end(&p, SECOND), 0);
        for (uint64_t ms = 0; ms <= 10000; ms += 100)
                progress_set(&p, ms * 40000, 1000000000, 5 * SECOND + ms * 1000);
        assert_int_equal(p.done, 400000000);
        assert_int_equal(progress_rate(&p), 40000000);
        assert_true(progress_fraction(&p) > 0.399 && progress_fraction(&p) < 0.401);
        assert_int_equal(progress_expected_end(&p, 100 * SECOND), 115 * SECOND);
}

/* The rate is that of the last seconds, not that of the whole job. */
static void test_slow_start_is_forgotten(void **state)
{
        Progress p = { 0 };
        uint64_t done = 0;

        for (unsigned s = 0; s < 60; s++)
                progress_set(&p, done += 1000, 1 << 30, s * SECOND);
        for (unsigned s = 60; s < 80; s++)
                progress_set(&p, done += 1000000, 1 << 30, s * SECOND);
        assert_int_equal(progress_rate(&p), 1000000);
}

static void test_nothing_known(void **state)
{
        Progress p = { 0 };

        progress_set(&p, 10, 0, SECOND);
        progress_set(&p, 20, 0, 3 * SECOND);
        assert_true(progress_fraction(&p) == 0.0);
        assert_int_equal(progress_expected_end(&p, SECOND), 0);
        assert_int_equal(progress_rate(&p), 5);
}

/* Standing still: no rate, no end, no division by nothing. */
static void test_standing(void **state)
{
        Progress p = { 0 };

        progress_set(&p, 10, 100, SECOND);
        progress_set(&p, 10, 100, 2 * SECOND);
        assert_int_equal(progress_rate(&p), 0);
        assert_int_equal(progress_expected_end(&p, SECOND), 0);
        progress_reset(&p);
        progress_set(&p, 10, 100, SECOND);
        progress_set(&p, 50, 100, SECOND);
        assert_int_equal(progress_rate(&p), 0);
}

/* A part is read again: no negative rate. Too much is cut. A job of years has no end worth telling. */
static void test_odd_numbers(void **state)
{
        Progress p = { 0 };

        progress_set(&p, 1000, 2000, SECOND);
        progress_set(&p, 500, 2000, 2 * SECOND);
        assert_int_equal(progress_rate(&p), 0);
        progress_set(&p, 600, 2000, 3 * SECOND);
        assert_int_equal(progress_rate(&p), 100);
        progress_set(&p, 5000, 2000, 4 * SECOND);
        assert_int_equal(p.done, 2000);
        progress_reset(&p);
        progress_set(&p, 0, UINT64_MAX, SECOND);
        progress_set(&p, 1, UINT64_MAX, 3 * SECOND);
        assert_int_equal(progress_expected_end(&p, SECOND), 0);
}

TEST_MAIN(cmocka_unit_test(test_steady), cmocka_unit_test(test_slow_start_is_forgotten),
        cmocka_unit_test(test_nothing_known), cmocka_unit_test(test_standing),
        cmocka_unit_test(test_odd_numbers))
