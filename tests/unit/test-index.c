/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "basic/bytes.h"
#include "folder.h"
#include "store/index.h"

static ChunkHash nth_hash(uint64_t i)
{
        ChunkHash hash = {};

        put_le64(hash.bytes, i * UINT64_C(0x9e3779b97f4a7c15));
        return hash;
}

/* writes "x.caibx" for a partition of this size, and gives a descriptor of it */
static int make_index(uint64_t part_size, uint8_t sum[SHA256_SIZE])
{
        _cleanup_(index_writer_freep) IndexWriter *w = NULL;
        uint64_t n = index_chunks(part_size);

        (void)unlinkat(test_folder.fd, "x.caibx", 0);
        assert_int_equal(index_create_at(test_folder.fd, "x.caibx", &w), 0);
        for (uint64_t i = 0; i < n; i++) {
                ChunkHash hash = nth_hash(i);

                assert_int_equal(index_add(w, index_chunk_length(part_size, i), &hash), 0);
        }
        assert_int_equal(index_finish(w, sum), 0);
        return openat(test_folder.fd, "x.caibx", O_RDONLY | O_CLOEXEC);
}

/* Chunks go in by length and hash and come out with the offset they lie at. */
static void test_there_and_back(void **state)
{
        _cleanup_(index_reader_freep) IndexReader *r = NULL;
        uint8_t written[SHA256_SIZE], read[SHA256_SIZE];
        uint64_t part_size = 2 * CHUNK_SIZE + 512, offset;
        _cleanup_close_ int fd = make_index(part_size, written);
        ChunkHash hash, want;
        size_t length;

        assert_int_equal(index_open(fd, part_size, &r, read), 0);
        assert_memory_equal(read, written, SHA256_SIZE);
        for (uint64_t i = 0; i < 3; i++) {
                assert_int_equal(index_next(r, &hash, &offset, &length), 1);
                want = nth_hash(i);
                assert_memory_equal(hash.bytes, want.bytes, SHA256_SIZE);
                assert_int_equal(offset, i * CHUNK_SIZE);
                assert_int_equal(length, i < 2 ? CHUNK_SIZE : 512);
        }
        assert_int_equal(index_next(r, &hash, &offset, &length), 0);
        assert_int_equal(index_next(r, &hash, &offset, &length), 0);
}

/* The numbers of casync's format, byte by byte. */
static void test_format(void **state)
{
        uint8_t sum[SHA256_SIZE], file_sum[SHA256_SIZE];
        _cleanup_close_ int fd = make_index(CHUNK_SIZE + 5, sum);
        _cleanup_free_ char *data = NULL;
        const uint8_t *p;
        size_t size;

        assert_int_equal(fd_read_all(fd, 1000, &data, &size), 0);
        assert_int_equal(size, 64 + 2 * 40 + 40);
        p = (const uint8_t *)data;
        assert_int_equal(get_le64(p), 48);
        assert_int_equal(get_le64(p + 8), UINT64_C(0x96824d9c7b129ff9));
        assert_int_equal(get_le64(p + 24), CHUNK_SIZE);
        assert_int_equal(get_le64(p + 48), UINT64_MAX);
        assert_int_equal(get_le64(p + 64), CHUNK_SIZE);
        assert_int_equal(get_le64(p + 104), CHUNK_SIZE + 5);
        assert_int_equal(get_le64(p + 144 + 16), 48);
        assert_int_equal(get_le64(p + 144 + 24), 40 * 2 + 56);
        assert_int_equal(get_le64(p + 144 + 32), UINT64_C(0x4b4f050e5549ecd1));
        digest_of(DIGEST_SHA256, data, size, file_sum);
        assert_memory_equal(file_sum, sum, SHA256_SIZE);
}

/* around the borders of the buffers of writer and reader */
static void test_lengths(void **state)
{
        static const uint64_t chunks[] = { 1, 2, 97, 98, 99, 100, 101, 199, 200, 201, 1000 };

        for (size_t k = 0; k < ELEMENTS(chunks); k++) {
                _cleanup_(index_reader_freep) IndexReader *r = NULL;
                uint8_t written[SHA256_SIZE], read[SHA256_SIZE];
                uint64_t part_size = chunks[k] * CHUNK_SIZE, offset, i = 0;
                _cleanup_close_ int fd = make_index(part_size, written);
                ChunkHash hash, want;
                size_t length;

                assert_int_equal(index_open(fd, part_size, &r, read), 0);
                assert_memory_equal(read, written, SHA256_SIZE);
                while (index_next(r, &hash, &offset, &length) == 1) {
                        want = nth_hash(i++);
                        assert_true(chunk_hash_equal(&hash, &want));
                }
                assert_int_equal(i, chunks[k]);
        }
}

static void test_writer_refuses(void **state)
{
        _cleanup_(index_writer_freep) IndexWriter *w = NULL, *again = NULL;
        ChunkHash hash = nth_hash(1);

        assert_int_equal(index_create_at(test_folder.fd, "x.caibx", &w), 0);
        assert_int_equal(index_create_at(test_folder.fd, "x.caibx", &again), -EEXIST);
        assert_int_equal(index_add(w, 0, &hash), -EINVAL);
        assert_int_equal(index_add(w, CHUNK_SIZE + 1, &hash), -EINVAL);
        assert_int_equal(index_add(w, 512, &hash), 0);
        assert_int_equal(index_add(w, 512, &hash), -EINVAL);
}

static void test_wrong_size(void **state)
{
        IndexReader *r = NULL;
        uint8_t sum[SHA256_SIZE];
        _cleanup_close_ int fd = make_index(3 * CHUNK_SIZE, sum);

        assert_int_equal(index_open(fd, 3 * CHUNK_SIZE - 1, &r, sum), -EBADMSG);
        assert_int_equal(index_open(fd, 3 * CHUNK_SIZE + 1, &r, sum), -EBADMSG);
        assert_int_equal(index_open(fd, 2 * CHUNK_SIZE, &r, sum), -EBADMSG);
        assert_int_equal(index_open(fd, 0, &r, sum), -EBADMSG);
        assert_int_equal(index_open(fd, UINT64_MAX, &r, sum), -EBADMSG);
        assert_int_equal(index_open(test_folder.fd, 3 * CHUNK_SIZE, &r, sum), -EBADMSG);
}

/* Any bit of the structure is noticed by the reader; bits of the hashes change the sum. */
static void test_flipped_bits(void **state)
{
        uint8_t sum[SHA256_SIZE], found[SHA256_SIZE];
        uint64_t part_size = CHUNK_SIZE + 512;
        _cleanup_close_ int fd = make_index(part_size, sum);
        _cleanup_free_ char *data = NULL;
        size_t size;

        assert_int_equal(fd_read_all(fd, 1000, &data, &size), 0);
        for (size_t i = 0; i < 8 * size; i++) {
                _cleanup_(index_reader_freep) IndexReader *r = NULL;
                _cleanup_close_ int flipped = -1;
                int err;

                data[i / 8] = (char)(data[i / 8] ^ 1 << i % 8);
                flipped = memory_file(data, size);
                err = index_open(flipped, part_size, &r, found);
                assert_true(err == -EBADMSG || (err == 0 && memcmp(sum, found, sizeof sum) != 0));
                data[i / 8] = (char)(data[i / 8] ^ 1 << i % 8);
        }
}

static void test_truncated(void **state)
{
        uint8_t sum[SHA256_SIZE];
        _cleanup_close_ int fd = make_index(CHUNK_SIZE, sum);
        _cleanup_free_ char *data = NULL;
        IndexReader *r = NULL;
        size_t size;

        assert_int_equal(fd_read_all(fd, 1000, &data, &size), 0);
        for (size_t i = 0; i < size; i++) {
                _cleanup_close_ int cut = -1;

                cut = memory_file(data, i);
                assert_int_equal(index_open(cut, CHUNK_SIZE, &r, sum), -EBADMSG);
        }
}

TEST_MAIN(folder_test(test_there_and_back), folder_test(test_format), folder_test(test_lengths),
        folder_test(test_writer_refuses), folder_test(test_wrong_size),
        folder_test(test_flipped_bits), folder_test(test_truncated))
