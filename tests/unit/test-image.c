/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include "store-one.h"
#include "store/image.h"

static int open_part(const char *name, Image **ret)
{
        fixture_failure = (Failure){};
        return image_open(fixture_store, backup->dir, backup->id,
                manifest_find(backup->manifest, name), codec, CHUNK_COLD, ret, &fixture_failure);
}

/* The image of a partition, chunk by chunk. */
static void test_read(void **state)
{
        _cleanup_(image_freep) Image *i = NULL;
        const uint8_t *data;
        uint64_t offset, want = 0;
        size_t size;

        assert_int_equal(open_part("boot", &i), 0);
        while (image_next(i, &data, &offset, &size, &fixture_failure) == 1) {
                assert_int_equal(offset, want);
                for (size_t k = 0; k < size; k += 511)
                        assert_int_equal(data[k], fixture_byte(1024 * 1024 + offset + k));
                want += size;
        }
        assert_int_equal(want, 2 * 1024 * 1024);
        assert_int_equal(image_finish(i, &fixture_failure), 0);
}

static void chunk_of(const char *part, uint64_t number, char *path)
{
        uint8_t bytes[1024 * 1024], sha256[SHA256_SIZE];
        uint64_t offset = manifest_find(backup->manifest, part)->offset + number * CHUNK_SIZE;

        for (size_t i = 0; i < sizeof bytes; i++)
                bytes[i] = fixture_byte(offset + i);
        digest_of(DIGEST_SHA256, bytes, sizeof bytes, sha256);
        strcpy(path, "chunks.castr/");
        chunk_path(sha256, path + strlen(path));
}

/* One bad chunk is reported with its place, and the others are still read. */
static void test_damaged_chunk(void **state)
{
        _cleanup_(image_freep) Image *i = NULL;
        char path[CHUNK_PATH_SIZE + 16];
        const uint8_t *data;
        uint64_t offset;
        size_t size;

        chunk_of("boot", 0, path);
        fixture_flip(path, 100);
        assert_int_equal(open_part("boot", &i), 0);
        assert_int_equal(image_next(i, &data, &offset, &size, &fixture_failure), -EBADMSG);
        assert_int_equal(offset, 0);
        assert_int_equal(size, CHUNK_SIZE);
        assert_int_equal(fixture_failure.id, ERROR_STORE_DAMAGED);
        assert_non_null(strstr(fixture_failure.text, "boot of backup"));
        assert_int_equal(image_next(i, &data, &offset, &size, NULL), 1);
        assert_int_equal(offset, CHUNK_SIZE);
        assert_int_equal(image_next(i, &data, &offset, &size, NULL), 0);
        assert_int_equal(image_finish(i, &fixture_failure), 0);
}

static void test_missing_chunk(void **state)
{
        _cleanup_(image_freep) Image *i = NULL;
        char path[CHUNK_PATH_SIZE + 16];
        const uint8_t *data;
        uint64_t offset;
        size_t size;

        chunk_of("boot", 1, path);
        assert_int_equal(unlinkat(fixture_dir, path, 0), 0);
        assert_int_equal(open_part("boot", &i), 0);
        assert_int_equal(image_next(i, &data, &offset, &size, &fixture_failure), 1);
        assert_int_equal(image_next(i, &data, &offset, &size, &fixture_failure), -EBADMSG);
        assert_non_null(strstr(fixture_failure.text, "is missing"));
}

static void test_damaged_index(void **state)
{
        Image *i = NULL;

        fixture_flip("backups/mt6765-0123456789ab/20261120T141703Z-0badc0de/index/boot.caibx", 80);
        assert_int_equal(open_part("boot", &i), -EBADMSG);
        assert_int_equal(fixture_failure.id, ERROR_STORE_DAMAGED);
}

/* Every chunk is right and the whole is not: an image made of the wrong chunks. */
static void test_wrong_whole(void **state)
{
        _cleanup_(image_freep) Image *i = NULL;
        ManifestPart part = *manifest_find(backup->manifest, "boot");
        const uint8_t *data;
        uint64_t offset;
        size_t size;

        part.sha256[0] ^= 1;
        assert_int_equal(image_open(fixture_store, backup->dir, backup->id, &part, codec,
                                 CHUNK_CACHED, &i, &fixture_failure),
                0);
        while (image_next(i, &data, &offset, &size, &fixture_failure) == 1)
                ;
        assert_int_equal(image_finish(i, &fixture_failure), -EBADMSG);
}

#define image_test(f) cmocka_unit_test_setup_teardown(f, one_setup, one_teardown)
TEST_MAIN(image_test(test_read), image_test(test_damaged_chunk), image_test(test_missing_chunk),
        image_test(test_damaged_index), image_test(test_wrong_whole))
