/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <string.h>

#include "data.h"
#include "format/checksum.h"

/* The sums that the examples' lists name. */
static void test_examples(void **state)
{
        static const struct {
                const char *name;
                uint16_t sum16;
                uint32_t sum32;
        } files[] = {
                { "examples/preloader_demo.bin", 0xA2A2, 0xc0ad961a },
                { "examples/img-lk.bin", 0xC9B8, 0xe461e1a4 },
                { "examples/img-boot.img", 0xFBFD, 0x817e79fd }, /* with two bytes over */
        };

        for (size_t i = 0; i < ELEMENTS(files); i++) {
                size_t size;
                _cleanup_free_ char *data = data_read(files[i].name, &size);
                Sum32 sum = { 0 };

                assert_int_equal(sum16_add(0, data, size), files[i].sum16);
                sum32_add(&sum, data, size);
                assert_int_equal(sum32_finish(&sum), files[i].sum32);
        }
}

static void test_pieces(void **state)
{
        size_t size;
        _cleanup_free_ char *data = data_read("examples/img-boot.img", &size);

        for (size_t piece = 1; piece < 40; piece++) {
                uint16_t sum16 = 0;
                Sum32 sum32 = { 0 };

                for (size_t at = 0; at < size; at += piece) {
                        sum16 = sum16_add(sum16, data + at, MIN(piece, size - at));
                        sum32_add(&sum32, data + at, MIN(piece, size - at));
                }
                assert_int_equal(sum16, 0xFBFD);
                assert_int_equal(sum32_finish(&sum32), 0x817e79fd);
        }
}

static void test_long(void **state)
{
        /* more than any 32-bit intermediate sum could hold at 255 a byte */
        size_t size = 20 * MiB;
        _cleanup_free_ uint8_t *data = malloc(size);
        Sum32 sum = { 0 };

        memset(data, 0xFF, size);
        assert_int_equal(sum16_add(0, data, size), (uint16_t)(size * 255));
        sum32_add(&sum, data, size - 1);
        assert_int_equal(sum32_finish(&sum),
                (uint32_t)(-(int64_t)(size / 4 - 1) - 3)); /* words of -1, three bytes of -1 */
}

TEST_MAIN(
        cmocka_unit_test(test_examples), cmocka_unit_test(test_pieces), cmocka_unit_test(test_long))
