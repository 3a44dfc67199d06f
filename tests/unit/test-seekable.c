/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>
#include <zstd.h>

#include "basic/bytes.h"
#include "format/seekable.h"

enum { FRAMES = 5, CONTENT = 3000 };

static uint8_t plain[FRAMES * CONTENT];

/* A file of five frames and their table; the caller frees its data. */
static MemorySink make_file(void)
{
        _cleanup_(seekable_table_freep) SeekableTable *t = seekable_table_new();
        uint8_t frame[CONTENT + 1000];
        MemorySink m;

        memory_sink_init(&m, MiB);
        for (size_t i = 0; i < sizeof(plain); i++)
                plain[i] = (uint8_t)(i / 7 * 31);
        for (size_t i = 0; i < FRAMES; i++) {
                size_t n = ZSTD_compress(frame, sizeof(frame), plain + i * CONTENT, CONTENT, 3);

                assert_false(ZSTD_isError(n));
                assert_int_equal(sink_write(&m.sink, frame, n), 0);
                assert_int_equal(seekable_table_add(t, n, CONTENT), 0);
        }
        assert_int_equal(seekable_table_write(t, &m.sink), 0);
        return m;
}

/* The table makes a compressed file readable anywhere. */
static void test_round_trip(void **state)
{
        MemorySink file = make_file();
        _cleanup_(seekable_source_freep) SeekableSource *s = NULL;
        uint8_t buffer[2 * CONTENT];
        MemorySource m;

        assert_int_equal(seekable_source_new(memory_source_init(&m, file.data, file.size), &s), 0);
        assert_int_equal(seekable_source(s)->size, sizeof(plain));
        for (size_t at = 0; at + 1 < sizeof(plain); at += 611) {
                size_t n = MIN(sizeof(buffer), sizeof(plain) - at);

                assert_int_equal(source_read(seekable_source(s), buffer, n, at), 0);
                assert_memory_equal(buffer, plain + at, n);
        }
        memory_sink_done(&file);
}

/* zstd itself reads it as one file. */
static void test_plain_decoder(void **state)
{
        MemorySink file = make_file();
        static uint8_t out[sizeof(plain)];

        assert_int_equal(ZSTD_decompress(out, sizeof(out), file.data, file.size), sizeof(out));
        assert_memory_equal(out, plain, sizeof(out));
        memory_sink_done(&file);
}

static void test_empty(void **state)
{
        _cleanup_(seekable_table_freep) SeekableTable *t = seekable_table_new();
        _cleanup_(seekable_source_freep) SeekableSource *s = NULL;
        MemorySource m;
        MemorySink file;

        memory_sink_init(&file, 100);
        assert_int_equal(seekable_table_write(t, &file.sink), 0);
        assert_int_equal(file.size, 17);
        assert_int_equal(seekable_source_new(memory_source_init(&m, file.data, file.size), &s), 0);
        assert_int_equal(seekable_source(s)->size, 0);
        assert_int_equal(seekable_table_add(t, (size_t)UINT32_MAX + 1, 1), -E2BIG);
        memory_sink_done(&file);
}

static void test_damage(void **state)
{
        MemorySink file = make_file();
        size_t table = file.size - 9 - FRAMES * 8;
        SeekableSource *s = NULL;
        uint8_t buffer[10];
        MemorySource m;
        Source *f = memory_source_init(&m, file.data, file.size);

        /* a damaged frame is found when it is read, the others are not touched */
        file.data[10] ^= 1;
        assert_int_equal(seekable_source_new(f, &s), 0);
        assert_int_equal(source_read(seekable_source(s), buffer, 10, 0), -EBADMSG);
        assert_int_equal(source_read(seekable_source(s), buffer, 10, CONTENT), 0);
        s = seekable_source_free(s);

        /* lengths that do not fit the file */
        put_le32(file.data + table, get_le32(file.data + table) + 1);
        assert_int_equal(seekable_source_new(f, &s), -EBADMSG);
        put_le32(file.data + table, UINT32_MAX);
        assert_int_equal(seekable_source_new(f, &s), -EFBIG);
        put_le32(file.data + table + 4, 0);
        put_le32(file.data + table, 1);
        assert_int_equal(seekable_source_new(f, &s), -EBADMSG);
        put_le32(file.data + file.size - 9, 0x7FFFFFF);
        assert_int_equal(seekable_source_new(f, &s), -EBADMSG);
        file.data[file.size - 1] = 0;
        assert_int_equal(seekable_source_new(f, &s), -ENOENT);
        memory_sink_done(&file);
}

static void test_every_truncation(void **state)
{
        MemorySink file = make_file();
        SeekableSource *s = NULL;
        MemorySource m;

        for (size_t n = 0; n < file.size; n++)
                assert_true(seekable_source_new(memory_source_init(&m, file.data, n), &s) < 0);
        memory_sink_done(&file);
}

TEST_MAIN(cmocka_unit_test(test_round_trip), cmocka_unit_test(test_plain_decoder),
        cmocka_unit_test(test_empty), cmocka_unit_test(test_damage),
        cmocka_unit_test(test_every_truncation))
