/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "basic/bytes.h"
#include "data.h"
#include "format/sparse-writer.h"

/* A sparse image can be looked into anywhere without expanding it. */
static void test_random_access(void **state)
{
        size_t size, raw_size;
        _cleanup_free_ char *image = data_read("examples/sparse-all-kinds.simg", &size);
        _cleanup_free_ char *raw = data_read("examples/sparse-source.raw", &raw_size);
        _cleanup_(sparse_source_freep) SparseSource *x = NULL;
        uint8_t buffer[10000];
        MemorySource m;
        Source *s;

        assert_int_equal(sparse_source_new(memory_source_init(&m, image, size), &x), 0);
        s = sparse_source(x);
        assert_int_equal(s->size, raw_size);
        for (size_t at = 0; at < raw_size; at += 1237)
                for (size_t n = 1; n < sizeof(buffer) && at + n <= raw_size; n = n * 3 + 1) {
                        assert_int_equal(source_read(s, buffer, n, at), 0);
                        assert_memory_equal(buffer, raw + at, n);
                        assert_int_equal(source_read(s, buffer, n, raw_size - at - n), 0);
                        assert_memory_equal(buffer, raw + raw_size - at - n, n);
                }
        assert_int_equal(source_read(s, buffer, 1, raw_size), -ERANGE);
}

static void test_extents(void **state)
{
        size_t size;
        _cleanup_free_ char *image = data_read("examples/sparse-all-kinds.simg", &size);
        _cleanup_(sparse_source_freep) SparseSource *x = NULL;
        uint64_t start, end;
        MemorySource m;
        Source *s;

        assert_int_equal(sparse_source_new(memory_source_init(&m, image, size), &x), 0);
        s = sparse_source(x);
        assert_int_equal(source_extent(s, 0, &start, &end), 0);
        assert_int_equal(start, 0);
        assert_int_equal(end, 4096);
        assert_int_equal(source_extent(s, 4096, &start, &end), 0);
        assert_int_equal(start, 4 * 4096);
        assert_int_equal(source_extent(s, 8 * 4096, &start, &end), -ENXIO);
}

/* More chunks than the index has places: every block of another kind than its neighbour. */
static void test_many_chunks(void **state)
{
        enum { BLOCKS = 100000, BLOCK = 16 };
        static uint8_t plain[BLOCKS * BLOCK];
        _cleanup_(sparse_source_freep) SparseSource *x = NULL;
        const SparseOptions options = { .block_size = BLOCK };
        MemorySource from, m;
        MemorySink out;
        uint8_t header[SPARSE_HEADER_SIZE], buffer[100];
        uint32_t chunks;
        Source *s;

        for (size_t i = 0; i < sizeof(plain); i++)
                plain[i] = (uint8_t)(i / BLOCK % 2 ? i % 251 : 0);
        memory_sink_init(&out, 8 * MiB);
        assert_int_equal(sparse_compress(memory_source_init(&from, plain, sizeof(plain)), &out.sink,
                                 &options, NULL, &chunks),
                0);
        assert_int_equal(chunks, BLOCKS);
        sparse_make_header(sizeof(plain), BLOCK, chunks, header);
        memcpy(out.data, header, sizeof(header));

        assert_int_equal(sparse_source_new(memory_source_init(&m, out.data, out.size), &x), 0);
        s = sparse_source(x);
        for (size_t at = 0; at + sizeof(buffer) <= sizeof(plain); at += 4999) {
                assert_int_equal(source_read(s, buffer, sizeof(buffer), at), 0);
                assert_memory_equal(buffer, plain + at, sizeof(buffer));
        }
        memory_sink_done(&out);
}

static void test_broken_images_are_refused(void **state)
{
        size_t size;
        _cleanup_free_ char *image = data_read("examples/sparse-all-kinds.simg", &size);
        SparseSource *x = NULL;
        MemorySource m;

        for (size_t n = 0; n < size; n += n < 200 ? 1 : 61)
                assert_true(sparse_source_new(memory_source_init(&m, image, n), &x) < 0);
        put_le32((uint8_t *)image + 16, 9); /* blocks */
        assert_int_equal(sparse_source_new(memory_source_init(&m, image, size), &x), -EBADMSG);
        assert_null(x);
}

TEST_MAIN(cmocka_unit_test(test_random_access), cmocka_unit_test(test_extents),
        cmocka_unit_test(test_many_chunks), cmocka_unit_test(test_broken_images_are_refused))
