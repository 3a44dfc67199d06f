/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>

#include "store/time-text.h"

static void test_there_and_back(void **state)
{
        char text[TIME_TEXT_SIZE];
        int64_t seconds;

        time_text_format(1795184223, text);
        assert_string_equal(text, "2026-11-20T14:17:03Z");
        assert_int_equal(time_text_parse(text, &seconds), 0);
        assert_int_equal(seconds, 1795184223);
}

static void test_limits(void **state)
{
        char text[TIME_TEXT_SIZE];

        time_text_format(INT64_C(253402300799), text);
        assert_string_equal(text, "9999-12-31T23:59:59Z");
        time_text_format(INT64_C(253402300800), text);
        assert_string_equal(text, "1970-01-01T00:00:00Z");
        time_text_format(INT64_MIN, text);
        assert_string_equal(text, "1970-01-01T00:00:00Z");
}

static void test_refused(void **state)
{
        static const char *const bad[] = { "", "2026-11-20", "2026-11-20T14:17:03",
                "2026-11-20T14:17:03+00:00", "2026-11-20T14:17:03Zx", " 2026-11-20T14:17:03Z",
                "2026-02-31T14:17:03Z", "2026-1-20T14:17:03Z", "1969-12-31T23:59:59Z",
                "2026-11-20T25:17:03Z" };
        int64_t seconds;

        for (size_t i = 0; i < ELEMENTS(bad); i++)
                assert_int_equal(time_text_parse(bad[i], &seconds), -EINVAL);
}

TEST_MAIN(cmocka_unit_test(test_there_and_back), cmocka_unit_test(test_limits),
        cmocka_unit_test(test_refused))
