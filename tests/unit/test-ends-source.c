/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "format/ends-source.h"

/* An area of 100 bytes of which the first and last four are known. */
static void test_two_pieces(void **state)
{
        EndsSource e;
        char data[5] = "";

        Source *s = ends_source_init(&e, 100, "abcd", 4, "wxyz", 4);
        assert_int_equal(s->size, 100);
        assert_int_equal(source_read(s, data, 4, 0), 0);
        assert_string_equal(data, "abcd");
        assert_int_equal(source_read(s, data, 4, 96), 0);
        assert_string_equal(data, "wxyz");
        assert_int_equal(source_read(s, data, 2, 98), 0);
        assert_string_equal(data, "yzyz");
        assert_int_equal(s->bytes_read, 10);

        assert_int_equal(source_read(s, data, 1, 4), -ENODATA);
        assert_int_equal(source_read(s, data, 2, 3), -ENODATA);
        assert_int_equal(source_read(s, data, 2, 95), -ENODATA);
        assert_int_equal(source_read(s, data, 4, 97), -ERANGE);
        assert_int_equal(source_read(s, data, 1, UINT64_MAX), -ERANGE);
        assert_int_equal(source_read(s, data, 0, 100), 0);
}

/* Pieces longer than the area, an area without an end piece, no pieces at all. */
static void test_odd_pieces(void **state)
{
        EndsSource e;
        char data[4] = "";

        Source *s = ends_source_init(&e, 3, "abcd", 4, "wxyz", 4);
        assert_int_equal(source_read(s, data, 3, 0), 0);
        assert_memory_equal(data, "abc", 3);
        assert_int_equal(e.tail_size, 3);
        assert_memory_equal(e.tail, "xyz", 3);

        s = ends_source_init(&e, 8, "abcd", 4, NULL, 9);
        assert_int_equal(source_read(s, data, 4, 0), 0);
        assert_int_equal(source_read(s, data, 1, 7), -ENODATA);
        s = ends_source_init(&e, 8, NULL, 0, NULL, 0);
        assert_int_equal(source_read(s, data, 1, 0), -ENODATA);
}

TEST_MAIN(cmocka_unit_test(test_two_pieces), cmocka_unit_test(test_odd_pieces))
