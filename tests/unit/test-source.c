/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "format/source.h"

/* A source is a length and a bounded read; what was read is counted. */
static void test_memory(void **state)
{
        MemorySource m;
        Source *s = memory_source_init(&m, "0123456789", 10);
        uint64_t start, end;
        char text[16] = "";
        size_t n;

        assert_int_equal(source_read(s, text, 3, 4), 0);
        assert_memory_equal(text, "456", 3);
        assert_int_equal(source_read(s, text, 3, 8), -ERANGE);
        assert_int_equal(source_read(s, text, 1, UINT64_MAX), -ERANGE);
        assert_int_equal(source_read(s, text, 0, 10), 0);
        assert_int_equal(source_read_some(s, text, 16, 7, &n), 0);
        assert_int_equal(n, 3);
        assert_int_equal(source_read_some(s, text, 16, 99, &n), 0);
        assert_int_equal(n, 0);
        assert_int_equal(s->bytes_read, 6);
        assert_int_equal(source_extent(s, 5, &start, &end), 0);
        assert_int_equal(start, 5);
        assert_int_equal(end, 10);
        assert_int_equal(source_extent(s, 10, &start, &end), -ENXIO);
}

/* eight bytes of data at 8 and at 24 in a source of 40 */
static int holes_read(Source *s, void *data, size_t size, uint64_t offset)
{
        memset(data, 'x', size);
        return 0;
}

static int holes_extent(Source *s, uint64_t offset, uint64_t *start, uint64_t *end)
{
        for (uint64_t at = 8; at < 40; at += 16)
                if (offset < at + 8) {
                        *start = MAX(at, offset);
                        *end = at + 8;
                        return 0;
                }
        return -ENXIO;
}

static void test_window(void **state)
{
        const SourceOps ops = { holes_read, holes_extent };
        Source parent = { .ops = &ops, .size = 40 };
        WindowSource w, inner;
        Source *s = window_source_init(&w, &parent, 10, 18), *t;
        uint64_t start, end;
        char text[32];

        assert_int_equal(s->size, 18);
        assert_int_equal(source_read(s, text, 18, 0), 0);
        assert_int_equal(source_read(s, text, 19, 0), -ERANGE);
        assert_int_equal(source_extent(s, 0, &start, &end), 0);
        assert_int_equal(start, 0);
        assert_int_equal(end, 6);
        assert_int_equal(source_extent(s, 6, &start, &end), 0);
        assert_int_equal(start, 14);
        assert_int_equal(end, 18);
        assert_int_equal(parent.bytes_read, 18);

        /* cut at the end of the parent; beyond it nothing is left */
        assert_int_equal(window_source_init(&w, &parent, 30, 100)->size, 10);
        assert_int_equal(window_source_init(&w, &parent, 100, 5)->size, 0);
        /* data that begins behind the window does not count */
        s = window_source_init(&w, &parent, 0, 20);
        t = window_source_init(&inner, s, 0, 8);
        assert_int_equal(source_extent(t, 0, &start, &end), -ENXIO);
}

TEST_MAIN(cmocka_unit_test(test_memory), cmocka_unit_test(test_window))
