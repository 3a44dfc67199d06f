/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "protocol/session-source.h"

static uint64_t last_offset, last_size;
static int answer;

static int memory_read(DaSession *s, const Region *region, uint64_t offset, uint64_t size,
        DaSink sink, void *userdata, Failure *f)
{
        last_offset = offset;
        last_size = size;
        if (answer < 0)
                return answer;
        for (uint64_t at = 0; at < size; at++) {
                uint8_t byte = (uint8_t)((offset + at) * 3);

                assert_int_equal(sink(userdata, &byte, 1), 0);
        }
        return 0;
}

/* Any range of a region, read in whole blocks of its storage. */
static void test_blocks(void **state)
{
        static const DaOps ops = { .name = "memory", .read = memory_read };
        static const Region user = { .kind = REGION_USER, .size = 16384, .readable = true };
        DaSession s = { .ops = &ops, .storage.block_size = 4096 };
        SessionSource ss;
        Source *source = session_source_init(&ss, &s, &user, NULL);
        uint8_t data[100];

        assert_true(source->size == 16384);
        assert_int_equal(source_read(source, data, sizeof data, 4090), 0);
        assert_true(last_offset == 0 && last_size == 8192);
        for (size_t i = 0; i < sizeof data; i++)
                assert_int_equal(data[i], (uint8_t)((4090 + i) * 3));
        assert_int_equal(source_read(source, data, 1, 16383), 0);
        assert_true(last_offset == 12288 && last_size == 4096);
        assert_int_equal(source_read(source, data, 2, 16383), -ERANGE);

        answer = -ENODEV;
        assert_int_equal(source_read(source, data, 1, 0), -ENODEV);
}

TEST_MAIN(cmocka_unit_test(test_blocks))
