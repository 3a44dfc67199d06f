/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <string.h>

#include "data.h"
#include "format/nvram.h"

#define EXAMPLE "examples/nvram-binregion.bin"

/* The header's sum proves the data, odd end included. */
static void test_example(void **state)
{
        size_t size;
        _cleanup_free_ char *data = data_read(EXAMPLE, &size);
        MemorySource m;
        Nvram n;

        assert_int_equal(nvram_read(memory_source_init(&m, data, size), 0x1000, &n), 0);
        assert_int_equal(n.state, NVRAM_GOOD);
        assert_int_equal(n.data_size, 0x153);
        assert_int_equal(n.stored, 0xABFC6822);
        assert_int_equal(n.computed, 0xABFC6822);
        for (size_t i = 0; i < 0x153; i += 7) {
                data[0x1000 + i] ^= 4;
                assert_int_equal(nvram_read(&m.source, 0x1000, &n), 0);
                assert_int_equal(n.state, NVRAM_BAD);
                data[0x1000 + i] ^= 4;
        }
        assert_string_equal(nvram_state_to_string(NVRAM_BAD), "bad");
}

/* Phones without that header are not damaged. */
static void test_unknown(void **state)
{
        uint8_t data[8192] = { 0 };
        MemorySource m;
        Nvram n;

        assert_int_equal(nvram_read(memory_source_init(&m, data, sizeof(data)), 0x1000, &n), 0);
        assert_int_equal(n.state, NVRAM_UNKNOWN);
        memset(data, 0xFF, sizeof(data));
        assert_int_equal(nvram_read(&m.source, 0x1000, &n), 0);
        assert_int_equal(n.state, NVRAM_UNKNOWN);
}

static void test_every_truncation(void **state)
{
        size_t size;
        _cleanup_free_ char *data = data_read(EXAMPLE, &size);
        MemorySource m;
        Nvram n;

        for (size_t k = 0; k < size; k++) {
                assert_int_equal(nvram_read(memory_source_init(&m, data, k), 0x1000, &n), 0);
                assert_int_equal(n.state, k < 0x1153 ? NVRAM_UNKNOWN : NVRAM_GOOD);
        }
}

TEST_MAIN(cmocka_unit_test(test_example), cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_every_truncation))
