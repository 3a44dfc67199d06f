/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "format/sink.h"

/* A sink takes bytes in order; without a way to make holes it gets zeros. */
static void test_memory(void **state)
{
        MemorySink m;
        Sink *s = memory_sink_init(&m, 100);

        assert_int_equal(sink_write(s, "abc", 3), 0);
        assert_int_equal(sink_hole(s, 4), 0);
        assert_int_equal(sink_write(s, "d", 1), 0);
        assert_int_equal(s->position, 8);
        assert_int_equal(m.size, 8);
        assert_memory_equal(m.data, "abc\0\0\0\0d", 8);
        assert_int_equal(sink_hole(s, 93), -EFBIG);
        memory_sink_done(&m);
}

/* what a sink with holes was given, as text: 'w' or 'h' and a length in KiB */
typedef struct LogSink {
        Sink sink;
        char log[256];
        int fail;
} LogSink;

static int log_add(LogSink *l, char what, uint64_t size)
{
        size_t n = strlen(l->log);

        if (l->fail)
                return l->fail;
        snprintf(l->log + n, sizeof(l->log) - n, "%c%llu ", what, (unsigned long long)size / 1024);
        return 0;
}

static int log_write(Sink *s, const void *data, size_t size)
{
        return log_add((LogSink *)s, 'w', size);
}

static int log_hole(Sink *s, uint64_t size)
{
        return log_add((LogSink *)s, 'h', size);
}

static int count_calls(void *userdata, uint64_t done)
{
        uint64_t *last = userdata;

        assert_true(done > *last);
        *last = done;
        return 0;
}

static int stop(void *userdata, uint64_t done)
{
        return -ECANCELED;
}

/* Zeros of 4 KiB at aligned places are holes; shorter stretches and odd ends are not. */
static void test_copy_makes_holes(void **state)
{
        static uint8_t data[64 * 1024];
        LogSink l = { .sink = { .write = log_write, .hole = log_hole } };
        MemorySource m;
        uint64_t last = 0;
        Progress progress = { count_calls, &last }, never = { stop, NULL };

        memset(data, 1, sizeof(data));
        memset(data + 8 * 1024, 0, 12 * 1024);
        memset(data + 33 * 1024, 0, 3 * 1024);
        assert_int_equal(sink_copy(&l.sink, memory_source_init(&m, data, sizeof(data)), 0,
                                 sizeof(data), &progress),
                0);
        assert_string_equal(l.log, "w8 h12 w44 ");
        assert_int_equal(l.sink.position, sizeof(data));
        assert_int_equal(last, sizeof(data));

        /* an output that stands at 3 KiB: the hole is made where the output is aligned */
        l = (LogSink){ .sink = { .write = log_write, .hole = log_hole, .position = 3 * 1024 } };
        assert_int_equal(sink_copy(&l.sink, &m.source, 0, 40 * 1024, NULL), 0);
        assert_string_equal(l.log, "w9 h8 w23 ");

        assert_int_equal(sink_copy(&l.sink, &m.source, 1, sizeof(data), NULL), -ERANGE);
        assert_int_equal(sink_copy(&l.sink, &m.source, 0, 10, &never), -ECANCELED);
        l.fail = -ENOSPC;
        assert_int_equal(sink_copy(&l.sink, &m.source, 0, 10, NULL), -ENOSPC);
}

static int fail_read(Source *s, void *data, size_t size, uint64_t offset)
{
        fail();
        return -EIO;
}

static int no_extent(Source *s, uint64_t offset, uint64_t *start, uint64_t *end)
{
        return -ENXIO;
}

/* The holes of the source are never read: a terabyte of them is one call. */
static void test_copy_keeps_holes(void **state)
{
        const SourceOps ops = { fail_read, no_extent };
        Source empty = { .ops = &ops, .size = UINT64_C(1) << 40 };
        LogSink l = { .sink = { .write = log_write, .hole = log_hole } };

        assert_int_equal(sink_copy(&l.sink, &empty, 0, empty.size, NULL), 0);
        assert_string_equal(l.log, "h1073741824 ");
}

TEST_MAIN(cmocka_unit_test(test_memory), cmocka_unit_test(test_copy_makes_holes),
        cmocka_unit_test(test_copy_keeps_holes))
