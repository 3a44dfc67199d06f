/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "basic/bytes.h"
#include "data.h"
#include "format/sparse-writer.h"

/* Compresses in two passes, the first to count the chunks. */
static void compress(Source *s, SparseOptions options, MemorySink *out)
{
        uint32_t chunks;

        assert_int_equal(sparse_compress(s, NULL, &options, NULL, &options.chunks), 0);
        memory_sink_init(out, 64 * MiB);
        assert_int_equal(sparse_compress(s, &out->sink, &options, NULL, &chunks), 0);
        assert_int_equal(chunks, options.chunks);
}

static void assert_expands_to(const MemorySink *image, const void *plain, size_t size)
{
        MemorySource m;
        MemorySink out;

        assert_int_equal(sparse_expand(memory_source_init(&m, image->data, image->size),
                                 memory_sink_init(&out, 64 * MiB), NULL),
                0);
        assert_int_equal(out.size, size);
        assert_memory_equal(out.data, plain, size);
        memory_sink_done(&out);
}

/* Blocks become the cheapest chunk that says the same; a checksum ends the image. */
static void test_exact(void **state)
{
        size_t size;
        _cleanup_free_ char *raw = data_read("examples/sparse-source.raw", &size);
        MemorySource m, image;
        MemorySink out;
        SparseSurvey survey;
        SparseHeader h;

        compress(memory_source_init(&m, raw, size), (SparseOptions){ .crc = true }, &out);
        assert_expands_to(&out, raw, size);
        memory_source_init(&image, out.data, out.size);
        assert_int_equal(sparse_read_header(&image.source, &h), 0);
        assert_int_equal(sparse_survey(&image.source, &h, &survey), 0);
        assert_int_equal(survey.raw, 2);
        assert_int_equal(survey.fill, 3);
        assert_int_equal(survey.dont_care, 0);
        assert_int_equal(survey.crc, 1);
        memory_sink_done(&out);
}

static void test_zeros_that_do_not_matter(void **state)
{
        size_t size, example_size;
        _cleanup_free_ char *raw = data_read("examples/sparse-source.raw", &size);
        _cleanup_free_ char *example = data_read("examples/sparse-all-kinds.simg", &example_size);
        MemorySource m;
        MemorySink out;

        /* the example was made by this rule: the same bytes */
        compress(memory_source_init(&m, raw, size), (SparseOptions){ .zeros_dont_matter = true },
                &out);
        assert_int_equal(out.size, example_size);
        assert_memory_equal(out.data, example, example_size);
        memory_sink_done(&out);
}

static void test_a_last_block_that_is_not_whole(void **state)
{
        uint8_t plain[3 * 4096] = { 0 };
        MemorySource m;
        MemorySink out;

        memset(plain, 'x', 4096 + 17);
        compress(memory_source_init(&m, plain, 4096 + 17), (SparseOptions){ .crc = true }, &out);
        assert_expands_to(&out, plain, 2 * 4096);
        memory_sink_done(&out);
        compress(memory_source_init(&m, plain, 0), (SparseOptions){ .crc = true }, &out);
        assert_expands_to(&out, plain, 0);
        memory_sink_done(&out);
}

/* However the bytes arrive, the image is the same. */
static void test_pieces(void **state)
{
        size_t size;
        _cleanup_free_ char *raw = data_read("examples/sparse-source.raw", &size);
        const SparseOptions options = { .crc = true };
        MemorySource m;
        MemorySink whole;

        compress(memory_source_init(&m, raw, size), options, &whole);
        for (size_t piece = 1; piece < 9000; piece = piece * 2 + 3) {
                _cleanup_(sparse_writer_freep) SparseWriter *w = NULL;
                MemorySink out;
                uint32_t chunks;

                memory_sink_init(&out, MiB);
                assert_int_equal(sparse_writer_new(&out.sink, size, &options, &w), 0);
                for (size_t at = 0; at < size; at += piece) {
                        size_t n = MIN(piece, size - at);

                        if (bytes_all(raw + at, n, 0))
                                assert_int_equal(sparse_writer_add_zeros(w, n), 0);
                        else
                                assert_int_equal(sparse_writer_add(w, raw + at, n), 0);
                }
                assert_int_equal(sparse_writer_finish(w, &chunks), 0);
                sparse_make_header(size, 4096, chunks, out.data);
                assert_int_equal(out.size, whole.size);
                assert_memory_equal(out.data, whole.data, whole.size);
                memory_sink_done(&out);
        }
        memory_sink_done(&whole);
}

static void test_long_runs(void **state)
{
        /* a RAW run longer than what is kept back, and zeros beyond any single chunk */
        size_t size = 3 * SPARSE_RUN_MAX + 4096;
        _cleanup_free_ uint8_t *plain = malloc(size);
        _cleanup_(sparse_writer_freep) SparseWriter *w = NULL;
        const SparseOptions options = { .crc = true };
        MemorySource m;
        MemorySink out;
        uint32_t chunks;

        for (size_t i = 0; i < size; i++)
                plain[i] = (uint8_t)(i % 253);
        compress(memory_source_init(&m, plain, size), options, &out);
        assert_expands_to(&out, plain, size);
        memory_sink_done(&out);

        assert_int_equal(sparse_writer_new(NULL, 10 * GiB, &options, &w), 0);
        assert_int_equal(sparse_writer_add_zeros(w, 10 * GiB), 0);
        assert_int_equal(sparse_writer_finish(w, &chunks), 0);
        assert_int_equal(chunks, 11);
}

static bool odd_blocks(void *userdata, uint64_t offset, uint64_t size)
{
        assert_int_equal(size, 4096);
        return offset / 4096 % 2;
}

static void test_free_blocks(void **state)
{
        uint8_t plain[6 * 4096], expected[6 * 4096];
        SparseOptions options = { .crc = true, .is_free = odd_blocks };
        MemorySource m;
        MemorySink out;

        for (size_t i = 0; i < sizeof(plain); i++)
                plain[i] = (uint8_t)(i % 253);
        memset(plain + 4 * 4096, 0, 8192);
        memcpy(expected, plain, sizeof(plain));
        memset(expected + 4096, 0, 4096);
        memset(expected + 3 * 4096, 0, 4096);
        compress(memory_source_init(&m, plain, sizeof(plain)), options, &out);
        assert_expands_to(&out, expected, sizeof(expected));
        memory_sink_done(&out);
}

static void test_misuse(void **state)
{
        _cleanup_(sparse_writer_freep) SparseWriter *w = NULL;
        SparseOptions options = { .block_size = 4098 };
        MemorySink out;
        uint32_t chunks;

        memory_sink_init(&out, 100);
        assert_int_equal(sparse_writer_new(&out.sink, 4096, &options, &w), -EINVAL);
        options.block_size = 4;
        assert_int_equal(
                sparse_writer_new(&out.sink, 5 * (uint64_t)UINT32_MAX, &options, &w), -EFBIG);
        assert_int_equal(sparse_writer_new(&out.sink, 8, &options, &w), 0);
        assert_int_equal(sparse_writer_add(w, "123456789", 9), -EINVAL);
        assert_int_equal(sparse_writer_add(w, "1234567", 7), 0);
        assert_int_equal(sparse_writer_finish(w, &chunks), -EINVAL);
        assert_int_equal(sparse_writer_add_zeros(w, 2), -EINVAL);
        memory_sink_done(&out);
}

TEST_MAIN(cmocka_unit_test(test_exact), cmocka_unit_test(test_zeros_that_do_not_matter),
        cmocka_unit_test(test_a_last_block_that_is_not_whole), cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_long_runs), cmocka_unit_test(test_free_blocks),
        cmocka_unit_test(test_misuse))
