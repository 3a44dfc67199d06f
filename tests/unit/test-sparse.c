/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "basic/bytes.h"
#include "data.h"
#include "format/crc32.h"
#include "format/sparse.h"

/* A sparse image lists chunks; expanded it is the plain image. */
static void test_expand(void **state)
{
        size_t size, raw_size;
        _cleanup_free_ char *image = data_read("examples/sparse-all-kinds.simg", &size);
        _cleanup_free_ char *raw = data_read("examples/sparse-source.raw", &raw_size);
        SparseSurvey survey;
        SparseHeader h;
        MemorySource m;
        MemorySink out;
        Source *s = memory_source_init(&m, image, size);

        assert_int_equal(sparse_read_header(s, &h), 0);
        assert_int_equal(h.block_size, 4096);
        assert_int_equal(sparse_size(&h), raw_size);
        assert_int_equal(sparse_survey(s, &h, &survey), 0);
        assert_int_equal(survey.raw, 2);
        assert_int_equal(survey.fill, 2);
        assert_int_equal(survey.dont_care, 1);
        assert_int_equal(survey.dont_care_bytes, 3 * 4096);
        assert_int_equal(survey.length, size);
        assert_true(survey.complete);

        assert_int_equal(sparse_expand(s, memory_sink_init(&out, raw_size), NULL), 0);
        assert_int_equal(out.size, raw_size);
        assert_memory_equal(out.data, raw, raw_size);
        memory_sink_done(&out);
}

/* a small image that tests put together by hand */
typedef struct Builder {
        uint8_t data[64 * 1024];
        size_t size;
} Builder;

static void build_header(Builder *b, uint32_t block, uint32_t blocks, uint32_t chunks)
{
        memset(b, 0, sizeof(*b));
        put_le32(b->data, SPARSE_MAGIC);
        put_le16(b->data + 4, 1);
        put_le16(b->data + 8, 28);
        put_le16(b->data + 10, 12);
        put_le32(b->data + 12, block);
        put_le32(b->data + 16, blocks);
        put_le32(b->data + 20, chunks);
        b->size = 28;
}

static void build_chunk(Builder *b, uint16_t type, uint32_t blocks, const void *data, size_t size)
{
        put_le16(b->data + b->size, type);
        put_le32(b->data + b->size + 4, blocks);
        put_le32(b->data + b->size + 8, (uint32_t)(12 + size));
        memcpy(b->data + b->size + 12, data, size);
        b->size += 12 + size;
}

static int expand(const Builder *b, MemorySink *out)
{
        MemorySource m;

        return sparse_expand(
                memory_source_init(&m, b->data, b->size), memory_sink_init(out, 1024 * 1024), NULL);
}

static void test_checksums(void **state)
{
        uint8_t plain[64] = { 0 }, word[4];
        MemorySink out;
        Builder b;

        memset(plain + 16, 'r', 16);
        memcpy(plain + 48, "abcdabcdabcdabcd", 16);
        build_header(&b, 16, 4, 5);
        build_chunk(&b, SPARSE_DONT_CARE, 1, "", 0);
        build_chunk(&b, SPARSE_RAW, 1, plain + 16, 16);
        put_le32(word, crc32_add(0, plain, 32));
        build_chunk(&b, SPARSE_CRC32, 0, word, 4);
        build_chunk(&b, SPARSE_FILL, 1, "\0\0\0\0", 4);
        build_chunk(&b, SPARSE_FILL, 1, "abcd", 4);
        put_le32(b.data + 24, crc32_add(0, plain, 64));
        assert_int_equal(expand(&b, &out), 0);
        assert_memory_equal(out.data, plain, 64);
        memory_sink_done(&out);

        /* a wrong sum of the whole, a wrong sum on the way: everything is written all the same */
        b.data[24] ^= 1;
        assert_int_equal(expand(&b, &out), -EILSEQ);
        assert_memory_equal(out.data, plain, 64);
        memory_sink_done(&out);
        put_le32(b.data + 24, 0);
        assert_int_equal(expand(&b, &out), 0);
        memory_sink_done(&out);
        b.data[28 + 12 + 28 + 12] ^= 1;
        assert_int_equal(expand(&b, &out), -EILSEQ);
        memory_sink_done(&out);
}

static void test_longer_headers(void **state)
{
        MemorySink out;
        MemorySource m;
        uint8_t data[32 + 16 + 8] = { 0 };

        put_le32(data, SPARSE_MAGIC);
        put_le16(data + 4, 1);
        put_le16(data + 6, 7); /* any minor version */
        put_le16(data + 8, 32);
        put_le16(data + 10, 16);
        put_le32(data + 12, 8);
        put_le32(data + 16, 1);
        put_le32(data + 20, 1);
        put_le16(data + 32, SPARSE_RAW);
        put_le32(data + 36, 1);
        put_le32(data + 40, 24);
        memcpy(data + 48, "8 bytes!", 8);
        assert_int_equal(sparse_expand(memory_source_init(&m, data, sizeof(data)),
                                 memory_sink_init(&out, 100), NULL),
                0);
        assert_int_equal(out.size, 8);
        assert_memory_equal(out.data, "8 bytes!", 8);
        memory_sink_done(&out);
}

static void test_bad_headers(void **state)
{
        static const struct {
                size_t at;
                uint16_t value;
                int error;
        } bad[] = {
                { 0, 0, -ENOENT },
                { 4, 2, -EPROTONOSUPPORT },
                { 8, 27, -EBADMSG },
                { 10, 11, -EBADMSG },
                { 12, 0, -EBADMSG },
                { 12, 4098, -EBADMSG },
                { 14, 0x7FFF, -EBADMSG },
        };
        SparseHeader h;
        MemorySource m;
        Builder b;

        for (size_t i = 0; i < ELEMENTS(bad); i++) {
                build_header(&b, 4096, 1, 1);
                put_le16(b.data + bad[i].at, bad[i].value);
                assert_int_equal(sparse_read_header(memory_source_init(&m, b.data, b.size), &h),
                        bad[i].error);
        }
}

static void test_bad_chunks(void **state)
{
        static const struct {
                uint16_t type;
                uint32_t blocks;
                size_t size;
        } bad[] = {
                { 0xCAC5, 1, 0 },                             /* nobody knows it */
                { SPARSE_RAW, 1, 15 }, { SPARSE_RAW, 2, 32 }, /* more than the image has */
                { SPARSE_RAW, 0x10000000, 0 }, { SPARSE_FILL, 1, 0 }, { SPARSE_DONT_CARE, 1, 4 },
                { SPARSE_CRC32, 1, 4 }, { SPARSE_DONT_CARE, 0, 0 }, /* the blocks do not add up */
        };
        uint8_t data[64] = { 0 };
        MemorySink out;
        Builder b;

        for (size_t i = 0; i < ELEMENTS(bad); i++) {
                build_header(&b, 16, 1, 1);
                build_chunk(&b, bad[i].type, bad[i].blocks, data, bad[i].size);
                assert_int_equal(expand(&b, &out), -EBADMSG);
                memory_sink_done(&out);
        }
}

static void test_every_truncation(void **state)
{
        size_t size;
        _cleanup_free_ char *image = data_read("examples/sparse-all-kinds.simg", &size);
        MemorySink out;
        MemorySource m;

        for (size_t n = 0; n < size; n += n < 200 ? 1 : 37) {
                int r = sparse_expand(memory_source_init(&m, image, n),
                        memory_sink_init(&out, 1024 * 1024), NULL);

                assert_int_equal(r, n < 4 ? -ENOENT : -EBADMSG);
                memory_sink_done(&out);
        }
}

/* An output of terabytes from a few bytes costs no memory and, with holes, no time. */
static int discard(Sink *s, const void *data, size_t size)
{
        fail();
        return 0;
}

static int discard_hole(Sink *s, uint64_t size)
{
        return 0;
}

static void test_huge(void **state)
{
        Sink sink = { .write = discard, .hole = discard_hole };
        MemorySource m;
        Builder b;

        build_header(&b, 65536, UINT32_MAX, 2);
        build_chunk(&b, SPARSE_DONT_CARE, UINT32_MAX - 1, "", 0);
        build_chunk(&b, SPARSE_FILL, 1, "\0\0\0\0", 4);
        assert_int_equal(sparse_expand(memory_source_init(&m, b.data, b.size), &sink, NULL), 0);
        assert_int_equal(sink.position, (uint64_t)UINT32_MAX * 65536);
}

TEST_MAIN(cmocka_unit_test(test_expand), cmocka_unit_test(test_checksums),
        cmocka_unit_test(test_longer_headers), cmocka_unit_test(test_bad_headers),
        cmocka_unit_test(test_bad_chunks), cmocka_unit_test(test_every_truncation),
        cmocka_unit_test(test_huge))
