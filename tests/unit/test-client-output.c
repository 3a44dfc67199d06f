/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "client/output.h"
#include "client/number.h"

static void test_sizes_and_times(void **state)
{
        char b[FORMAT_MAX];

        assert_string_equal(format_size(0, b), "0 B");
        assert_string_equal(format_size(1023, b), "1023 B");
        assert_string_equal(format_size(1536, b), "1.5 KiB");
        assert_string_equal(format_size(512 * MiB, b), "512.0 MiB");
        assert_string_equal(format_size(UINT64_MAX, b), "16.0 EiB");
        assert_string_equal(format_duration(7, b), "0:07");
        assert_string_equal(format_duration(3723, b), "1:02:03");
        assert_string_equal(format_time(0, b), "-");
        assert_string_equal(format_rfc3339(1795000000000000, b), "2026-11-18T11:06:40Z");
        assert_true(strlen(format_rfc3339(UINT64_MAX, b)) < FORMAT_MAX);
        assert_true(strlen(format_time(UINT64_MAX, b)) < FORMAT_MAX);
}

static void test_numbers(void **state)
{
        static const struct {
                const char *text;
                bool unit;
                int result;
                uint64_t value;
        } cases[] = {
                { "0", false, 0, 0 },
                { "4096", false, 0, 4096 },
                { "0x1000", false, 0, 4096 },
                { "4k", true, 0, 4096 },
                { "2GiB", true, 0, 2 * GiB },
                { "0x10M", true, 0, 16 * MiB },
                { "18446744073709551615", false, 0, UINT64_MAX },
                { "18446744073709551616", false, -ERANGE, 0 },
                { "16777216T", true, -ERANGE, 0 },
                { "4k", false, -EINVAL, 0 },
                { "4kB", true, -EINVAL, 0 },
                { "", false, -EINVAL, 0 },
                { "-1", false, -EINVAL, 0 },
                { " 1", false, -EINVAL, 0 },
                { "1 ", true, -EINVAL, 0 },
                { "k", true, -EINVAL, 0 },
                { "0x", false, -EINVAL, 0 },
        };
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                uint64_t value = 0;
                assert_int_equal(
                        number_parse(cases[i].text, cases[i].unit, &value), cases[i].result);
                assert_true(value == cases[i].value);
        }
}

/* Control characters of both sets go, everything else stays. */
static void test_sanitize(void **state)
{
        char text[] = "ä\n\033[1m\x7f\xc2\x9b"
                      "ok\t";

        assert_string_equal(text_sanitize(text), "ä\n?[1m???ok?");
        char cut[] = "\xc2";
        assert_string_equal(text_sanitize(cut), "\xc2");
}

static void test_redact(void **state)
{
        _cleanup_json_ json_t *j =
                json_loads("{\"identity\": {\"me_id\": \"0011223344\", \"chip\": "
                           "\"MT6765\"}, \"list\": [{\"cid\": \"abcdef\"}, "
                           "{\"cid\": \"abc\"}, {\"serial\": 3}]}",
                        0, NULL);
        assert_non_null(j);
        redact_json(j);
        _cleanup_free_ char *whole = json_dumps(j, JSON_COMPACT | JSON_SORT_KEYS);
        assert_non_null(strstr(whole, "0011223344"));

        arg_redact = true;
        redact_json(j);
        arg_redact = false;
        _cleanup_free_ char *text = json_dumps(j, JSON_COMPACT | JSON_SORT_KEYS);
        assert_string_equal(text,
                "{\"identity\":{\"chip\":\"MT6765\",\"me_id\":\"0011…\"},"
                "\"list\":[{\"cid\":\"abcd…\"},{\"cid\":\"abc\"},{\"serial\":3}]}");
}

static void test_width(void **state)
{
        locale_open();
        assert_int_equal(text_width(""), 0);
        assert_int_equal(text_width("aä…"), 3);
        assert_int_equal(text_width("日本"), 4);
        assert_int_equal(text_width("a\xff"
                                    "b"),
                3);
}

TEST_MAIN(cmocka_unit_test(test_sizes_and_times), cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_sanitize), cmocka_unit_test(test_redact),
        cmocka_unit_test(test_width))
