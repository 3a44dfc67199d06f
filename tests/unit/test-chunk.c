/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <zstd.h>

#include "basic/fd.h"
#include "store/chunk.h"
#include "store/names.h"

static char folder[64];
static int dir = -1;
static ChunkCodec *codec;
static uint8_t plain[CHUNK_SIZE + 1];

static int setup(void **state)
{
        snprintf(folder, sizeof folder, "/tmp/test-chunk.XXXXXX");
        if (!mkdtemp(folder) || chunk_codec_new(CHUNK_LEVEL, &codec) < 0)
                return -1;
        dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        for (size_t i = 0; i < sizeof plain; i++)
                plain[i] = (uint8_t)(i * i >> 9);
        return dir < 0 ? -1 : 0;
}

static int teardown(void **state)
{
        codec = chunk_codec_free(codec);
        dir = fd_close(dir);
        return tree_remove_at(AT_FDCWD, folder);
}

static void put_file(const ChunkHash *hash, const void *data, size_t size)
{
        char path[CHUNK_PATH_SIZE], prefix[5];

        chunk_path(hash->bytes, path);
        snprintf(prefix, sizeof prefix, "%.4s", path);
        assert_true(mkdirat(dir, prefix, 0700) == 0 || errno == EEXIST);
        _cleanup_close_ int sub = dir_open_at(dir, prefix);
        assert_true(sub >= 0);
        assert_int_equal(file_replace_at(sub, path + 5, data, size, 0600), 0);
}

static void put_chunk(const void *data, size_t size, ChunkHash *ret)
{
        const uint8_t *frame;
        size_t n;

        chunk_hash_of(data, size, ret);
        assert_int_equal(chunk_encode(codec, data, size, &frame, &n), 0);
        put_file(ret, frame, n);
}

/* Bytes become a frame, the frame a file named by their hash, and the file gives the bytes back. */
static void test_there_and_back(void **state)
{
        const uint8_t *data;
        uint64_t stored;
        ChunkHash hash;
        size_t size;

        put_chunk("IMEI 350000000000000", 20, &hash);
        assert_int_equal(chunk_load(codec, dir, &hash, CHUNK_COLD, &data, &size), 0);
        assert_int_equal(size, 20);
        assert_memory_equal(data, "IMEI 350000000000000", 20);
        assert_int_equal(chunk_compare(codec, dir, &hash, "IMEI 350000000000000", 20), 0);
        assert_int_equal(chunk_stat(dir, &hash, &stored), 0);
        assert_in_range(stored, 20, 60);
}

static void test_sizes(void **state)
{
        static const size_t sizes[] = { 1, 511, 512, 4096, CHUNK_SIZE - 1, CHUNK_SIZE };
        const uint8_t *frame, *data;
        size_t n, size;

        for (size_t i = 0; i < ELEMENTS(sizes); i++) {
                assert_int_equal(chunk_encode(codec, plain, sizes[i], &frame, &n), 0);
                assert_int_equal(chunk_decode(codec, frame, n, &data, &size), 0);
                assert_int_equal(size, sizes[i]);
                assert_memory_equal(data, plain, size);
        }
        assert_int_equal(chunk_encode(codec, plain, 0, &frame, &n), -EINVAL);
        assert_int_equal(chunk_encode(codec, plain, CHUNK_SIZE + 1, &frame, &n), -EINVAL);
}

static void test_zero_hash(void **state)
{
        ChunkHash hash;

        chunk_hash_of(chunk_zeros(), CHUNK_SIZE, &hash);
        assert_true(chunk_hash_equal(&hash, chunk_hash_zero()));
}

static void test_missing(void **state)
{
        ChunkHash hash = { { 1, 2, 3 } };
        const uint8_t *data;
        uint64_t stored;
        size_t size;

        assert_int_equal(chunk_load(codec, dir, &hash, CHUNK_CACHED, &data, &size), -ENOENT);
        assert_int_equal(chunk_compare(codec, dir, &hash, "x", 1), -ENOENT);
        assert_int_equal(chunk_stat(dir, &hash, &stored), -ENOENT);
        assert_false(chunk_damaged(-ENOENT));
}

/* A whole and valid chunk under the wrong name is damage like any other. */
static void test_wrong_name(void **state)
{
        ChunkHash hash = { { 1, 2, 4 } };
        const uint8_t *frame, *data;
        size_t n, size;

        assert_int_equal(chunk_encode(codec, "other", 5, &frame, &n), 0);
        put_file(&hash, frame, n);
        assert_int_equal(chunk_load(codec, dir, &hash, CHUNK_CACHED, &data, &size), -EBADMSG);
        assert_int_equal(chunk_compare(codec, dir, &hash, "right", 5), -EBADMSG);
        assert_int_equal(chunk_compare(codec, dir, &hash, "othe", 4), -EBADMSG);
        assert_true(chunk_damaged(-EBADMSG));
}

/* Every single bit of a small chunk's file. A handful of bits in a frame mean nothing to any decoder
 * (RFC 8878: reserved bits, padding of bit streams); then the bytes are still right. */
static void test_flipped_bits(void **state)
{
        uint8_t file[128];
        const uint8_t *frame, *data;
        size_t n, size, meaningless = 0;
        ChunkHash hash;

        chunk_hash_of("nvram nvram nvram nvram", 23, &hash);
        assert_int_equal(chunk_encode(codec, "nvram nvram nvram nvram", 23, &frame, &n), 0);
        assert_true(n < sizeof file);
        memcpy(file, frame, n);
        for (size_t i = 0; i < 8 * n; i++) {
                file[i / 8] ^= (uint8_t)(1 << i % 8);
                put_file(&hash, file, n);
                if (chunk_load(codec, dir, &hash, CHUNK_CACHED, &data, &size) != -EBADMSG) {
                        assert_int_equal(size, 23);
                        assert_memory_equal(data, "nvram nvram nvram nvram", 23);
                        meaningless++;
                }
                file[i / 8] ^= (uint8_t)(1 << i % 8);
        }
        assert_in_range(meaningless, 0, 4);
}

static void test_truncated(void **state)
{
        uint8_t file[256];
        const uint8_t *frame, *data;
        size_t n, size;

        assert_int_equal(chunk_encode(codec, plain, 100, &frame, &n), 0);
        memcpy(file, frame, n);
        for (size_t i = 0; i < n; i++)
                assert_int_equal(chunk_decode(codec, file, i, &data, &size), -EBADMSG);
        file[n] = 0;
        assert_int_equal(chunk_decode(codec, file, n + 1, &data, &size), -EBADMSG);
}

/* Frames other programs could have put there: without size, without checksum, two in a file, a
 * skippable one in front, or one that unpacks to more than a chunk. */
static void test_foreign_frames(void **state)
{
        _cleanup_free_ uint8_t *file = malloc(2 * CHUNK_FRAME_MAX), *big = calloc(1, 64 * MiB);
        ZSTD_CCtx *c = ZSTD_createCCtx();
        const uint8_t *data;
        size_t n, m, size;

        assert_non_null(file);
        assert_non_null(big);
        ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 0);
        n = ZSTD_compress2(c, file, CHUNK_FRAME_MAX, plain, 1000);
        assert_int_equal(chunk_decode(codec, file, n, &data, &size), -EBADMSG);

        ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1);
        n = ZSTD_compress2(c, file, CHUNK_FRAME_MAX, plain, 1000);
        assert_int_equal(chunk_decode(codec, file, n, &data, &size), 0);
        m = ZSTD_compress2(c, file + n, CHUNK_FRAME_MAX, plain, 1000);
        assert_int_equal(chunk_decode(codec, file, n + m, &data, &size), -EBADMSG);

        memcpy(file, "\x50\x2a\x4d\x18\4\0\0\0abcd", 12);
        n = ZSTD_compress2(c, file + 12, CHUNK_FRAME_MAX, plain, 1000);
        assert_int_equal(chunk_decode(codec, file, n + 12, &data, &size), -EBADMSG);

        n = ZSTD_compress2(c, file, CHUNK_FRAME_MAX, plain, 0);
        assert_int_equal(chunk_decode(codec, file, n, &data, &size), -EBADMSG);
        n = ZSTD_compress2(c, file, CHUNK_FRAME_MAX, plain, CHUNK_SIZE + 1);
        assert_int_equal(chunk_decode(codec, file, n, &data, &size), -EBADMSG);
        /* a bomb: 64 MiB in some KiB */
        n = ZSTD_compress2(c, file, CHUNK_FRAME_MAX, big, 64 * MiB);
        assert_false(ZSTD_isError(n));
        assert_int_equal(chunk_decode(codec, file, n, &data, &size), -EBADMSG);

        ZSTD_CCtx_setParameter(c, ZSTD_c_contentSizeFlag, 0);
        n = ZSTD_compress2(c, file, CHUNK_FRAME_MAX, plain, 1000);
        assert_int_equal(chunk_decode(codec, file, n, &data, &size), -EBADMSG);
        ZSTD_freeCCtx(c);
}

/* What is no file of a chunk's size is never read. */
static void test_odd_files(void **state)
{
        ChunkHash hash = { { 9, 9 } };
        char path[CHUNK_PATH_SIZE];
        const uint8_t *data;
        uint64_t stored;
        size_t size;

        put_file(&hash, "", 0);
        assert_int_equal(chunk_load(codec, dir, &hash, CHUNK_CACHED, &data, &size), -EBADMSG);
        assert_int_equal(chunk_stat(dir, &hash, &stored), -EBADMSG);

        chunk_path(hash.bytes, path);
        assert_int_equal(unlinkat(dir, path, 0), 0);
        assert_int_equal(symlinkat("/dev/zero", dir, path), 0);
        assert_int_equal(chunk_load(codec, dir, &hash, CHUNK_CACHED, &data, &size), -EBADMSG);
        assert_int_equal(unlinkat(dir, path, 0), 0);
        assert_int_equal(mkfifoat(dir, path, 0600), 0);
        assert_int_equal(chunk_load(codec, dir, &hash, CHUNK_CACHED, &data, &size), -EBADMSG);
        assert_int_equal(unlinkat(dir, path, 0), 0);

        _cleanup_close_ int fd = openat(dir, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        assert_true(fd >= 0);
        assert_int_equal(ftruncate(fd, CHUNK_FRAME_MAX + 1), 0);
        assert_int_equal(chunk_load(codec, dir, &hash, CHUNK_CACHED, &data, &size), -EBADMSG);
}

TEST_MAIN(cmocka_unit_test_setup_teardown(test_there_and_back, setup, teardown),
        cmocka_unit_test_setup_teardown(test_sizes, setup, teardown),
        cmocka_unit_test(test_zero_hash),
        cmocka_unit_test_setup_teardown(test_missing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_wrong_name, setup, teardown),
        cmocka_unit_test_setup_teardown(test_flipped_bits, setup, teardown),
        cmocka_unit_test_setup_teardown(test_truncated, setup, teardown),
        cmocka_unit_test_setup_teardown(test_foreign_frames, setup, teardown),
        cmocka_unit_test_setup_teardown(test_odd_files, setup, teardown))
