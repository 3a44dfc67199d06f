/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include "format/crc32.h"

/* The check value of this CRC; pieces give the same as the whole. */
static void test_known(void **state)
{
        assert_int_equal(crc32_add(0, "123456789", 9), 0xcbf43926);
        assert_int_equal(crc32_add(crc32_add(0, "1234", 4), "56789", 5), 0xcbf43926);
        assert_int_equal(crc32_add(0, "", 0), 0);
}

static uint32_t slow(const uint8_t *p, size_t size)
{
        uint32_t crc = ~0u;

        for (size_t i = 0; i < size; i++) {
                crc ^= p[i];
                for (int bit = 0; bit < 8; bit++)
                        crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
        }
        return ~crc;
}

static void test_every_length_and_alignment(void **state)
{
        uint8_t data[80];

        for (size_t i = 0; i < sizeof(data); i++)
                data[i] = (uint8_t)(i * 37 + 11);
        for (size_t at = 0; at < 8; at++)
                for (size_t n = 0; at + n <= sizeof(data); n++)
                        assert_int_equal(crc32_add(0, data + at, n), slow(data + at, n));
}

static void test_zeros(void **state)
{
        static const uint8_t zeros[100000];
        uint32_t start = crc32_add(0, "abc", 3);

        for (size_t n = 0; n < 70; n++)
                assert_int_equal(crc32_add_zeros(start, n), crc32_add(start, zeros, n));
        assert_int_equal(
                crc32_add_zeros(start, sizeof(zeros)), crc32_add(start, zeros, sizeof(zeros)));
        /* no length is too long: in two steps or in one */
        assert_int_equal(crc32_add_zeros(crc32_add_zeros(start, UINT64_MAX / 2), 7),
                crc32_add_zeros(start, UINT64_MAX / 2 + 7));
}

TEST_MAIN(cmocka_unit_test(test_known), cmocka_unit_test(test_every_length_and_alignment),
        cmocka_unit_test(test_zeros))
