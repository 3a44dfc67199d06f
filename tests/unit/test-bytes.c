/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>

#include "basic/bytes.h"

/* A parser reads a whole header and asks once at the end whether all of it was there. */
static void test_header(void **state)
{
        static const uint8_t header[] = { 0x34, 0x12, 0x00, 0x00, 0xfe, 0xca, 'M', 'T', 0, 'x' };
        Bytes b = bytes_make(header, sizeof header);
        char text[5];

        assert_int_equal(bytes_le32(&b), 0x1234);
        assert_int_equal(bytes_be16(&b), 0xfeca);
        bytes_text(&b, 4, text);
        assert_string_equal(text, "MT");
        assert_false(b.bad);
        assert_int_equal(bytes_left(&b), 0);
}

static void test_past_the_end(void **state)
{
        static const uint8_t data[] = { 1, 2, 3 };
        Bytes b = bytes_make(data, sizeof data);

        assert_int_equal(bytes_le32(&b), 0);
        assert_true(b.bad);
        /* once bad, nothing is read any more, even where there is something */
        assert_int_equal(bytes_u8(&b), 0);
        assert_null(bytes_take(&b, 1));

        b = bytes_make(data, sizeof data);
        assert_true(bytes_seek(&b, 3));
        assert_false(bytes_seek(&b, 4));
        assert_true(b.bad);
        b = bytes_make(data, sizeof data);
        assert_false(bytes_skip(&b, SIZE_MAX));
}

static void test_all_widths(void **state)
{
        static const uint8_t data[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
        Bytes b = bytes_make(data, 8);

        assert_true(bytes_le64(&b) == UINT64_C(0x0807060504030201));
        b = bytes_make(data, 8);
        assert_int_equal(bytes_u8(&b), 1);
        assert_int_equal(bytes_le16(&b), 0x0302);
        assert_int_equal(bytes_be32(&b), 0x04050607);
}

static void test_window(void **state)
{
        static const uint8_t data[16] = { [4] = 0xaa };
        Bytes all = bytes_make(data, sizeof data), part = bytes_sub(&all, 4, 12);

        assert_int_equal(bytes_u8(&part), 0xaa);
        assert_int_equal(bytes_left(&part), 11);
        assert_true(bytes_sub(&all, 4, 13).bad);
        assert_true(bytes_sub(&all, UINT64_MAX, 2).bad);
        assert_false(bytes_sub(&all, 16, 0).bad);
}

static void test_put_and_get(void **state)
{
        uint8_t p[8];

        put_le64(p, UINT64_C(0x1122334455667788));
        assert_true(get_le64(p) == UINT64_C(0x1122334455667788));
        assert_int_equal(get_be32(p), 0x88776655);
        put_be32(p, 0xdeadbeef);
        assert_int_equal(get_be32(p), 0xdeadbeef);
        assert_int_equal(p[0], 0xde);
        put_be16(p, 0x0102);
        assert_int_equal(get_le16(p), 0x0201);
        put_be32(p, 0);
        put_be32(p + 4, 7);
        assert_true(get_be64(p) == 7);
}

static void test_ranges(void **state)
{
        assert_true(range_fits(0, 10, 10));
        assert_true(range_fits(10, 0, 10));
        assert_false(range_fits(1, 10, 10));
        assert_false(range_fits(11, 0, 10));
        assert_false(range_fits(UINT64_MAX, UINT64_MAX, UINT64_MAX - 1));
}

static void test_foreign_text(void **state)
{
        static const uint8_t data[] = { 'a', 0x1b, 0xff, 'b' };
        Bytes b = bytes_make(data, sizeof data);
        char text[5];

        bytes_text(&b, 4, text);
        assert_string_equal(text, "a??b");
        bytes_text(&b, 4, text);
        assert_string_equal(text, "");
}

static void test_hex(void **state)
{
        static const uint8_t data[] = { 0x00, 0xa5, 0xff };
        char text[7];
        uint8_t back[3];

        hex_encode(data, 3, text);
        assert_string_equal(text, "00a5ff");
        assert_int_equal(hex_decode("00A5ff", back, 3), 0);
        assert_memory_equal(back, data, 3);
        assert_int_equal(hex_decode("00a5f", back, 3), -EINVAL);
        assert_int_equal(hex_decode("00a5fff", back, 3), -EINVAL);
        assert_int_equal(hex_decode("00a5fg", back, 3), -EINVAL);
        assert_int_equal(hex_decode("", back, 0), 0);
}

static void test_all_equal(void **state)
{
        uint8_t data[4096] = {};

        assert_true(bytes_all(data, sizeof data, 0));
        assert_true(bytes_all(data, 0, 7));
        assert_false(bytes_all(data, 1, 7));
        data[4095] = 1;
        assert_false(bytes_all(data, sizeof data, 0));
        assert_true(bytes_all(data, 4095, 0));
}

TEST_MAIN(cmocka_unit_test(test_header), cmocka_unit_test(test_past_the_end),
        cmocka_unit_test(test_all_widths), cmocka_unit_test(test_window),
        cmocka_unit_test(test_put_and_get), cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_foreign_text), cmocka_unit_test(test_hex),
        cmocka_unit_test(test_all_equal))
