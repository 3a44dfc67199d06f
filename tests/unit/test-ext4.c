/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "basic/bytes.h"
#include "format/ext4.h"

/* A file system of 24 blocks of 1 KiB in two groups: of the first, blocks 1 to 9 are in use, of the
 * second (17 to 23) only block 20. Real ones are compared with dumpe2fs in tests/toolbox. */
enum { BLOCK = 1024, BLOCKS = 24, PER_GROUP = 16 };

typedef struct Image {
        uint8_t data[BLOCKS * BLOCK];
        MemorySource m;
} Image;

static uint8_t *block(Image *i, unsigned n)
{
        return i->data + (size_t)n * BLOCK;
}

static Source *image_init(Image *i)
{
        uint8_t *sb = block(i, 1), *d = block(i, 2);

        memset(i->data, 0, sizeof(i->data));
        put_le32(sb + 4, BLOCKS);
        put_le32(sb + 20, 1);
        put_le32(sb + 24, 0);
        put_le32(sb + 32, PER_GROUP);
        put_le16(sb + 56, 0xEF53);
        put_le32(d, 3);
        put_le16(d + 0xC, 7);
        put_le32(d + 32, 4);
        put_le16(d + 32 + 0xC, 6);
        put_le16(block(i, 3), 0x01FF); /* bit n is block n + 1 */
        put_le16(block(i, 4), 0x0008);
        return memory_source_init(&i->m, i->data, sizeof(i->data));
}

/* A clear bit is a free block; a range is free when all its blocks are. */
static void test_map(void **state)
{
        _cleanup_(ext4_map_freep) Ext4Map *map = NULL;
        Image i;

        assert_int_equal(ext4_map_new(image_init(&i), &map), 0);
        assert_int_equal(ext4_map_size(map), sizeof(i.data));
        for (unsigned b = 0; b < BLOCKS; b++)
                assert_int_equal(ext4_map_is_free(map, b * BLOCK, BLOCK), b >= 10 && b != 20);
        assert_true(ext4_map_is_free(map, 10 * BLOCK, 10 * BLOCK));
        assert_false(ext4_map_is_free(map, 10 * BLOCK, 10 * BLOCK + 1));
        assert_false(ext4_map_is_free(map, 10 * BLOCK - 1, 2));
        assert_true(ext4_map_is_free(map, 10 * BLOCK + 5, 1));
        /* outside, or nothing at all */
        assert_false(ext4_map_is_free(map, BLOCKS * BLOCK, 1));
        assert_false(ext4_map_is_free(map, 23 * BLOCK, 2 * BLOCK));
        assert_false(ext4_map_is_free(map, 12 * BLOCK, 0));
        assert_false(ext4_map_is_free(map, UINT64_MAX, 2));
        assert_int_equal(ext4_map_doubtful(map), 0);
}

/* Everything doubtful counts as used. */
static void test_doubt(void **state)
{
        _cleanup_(ext4_map_freep) Ext4Map *map = NULL;
        Image i;
        Source *s = image_init(&i);

        put_le16(block(&i, 2) + 0xC, 8); /* the descriptor counts another number of free blocks */
        assert_int_equal(ext4_map_new(s, &map), 0);
        assert_false(ext4_map_is_free(map, 12 * BLOCK, BLOCK));
        assert_true(ext4_map_is_free(map, 18 * BLOCK, BLOCK));
        assert_int_equal(ext4_map_doubtful(map), 1);
        map = ext4_map_free(map);

        s = image_init(&i);
        put_le16(block(&i, 2) + 32 + 0x12, 2); /* the second bitmap was never written */
        put_le32(block(&i, 2), BLOCKS);        /* the first one lies outside */
        assert_int_equal(ext4_map_new(s, &map), 0);
        for (unsigned b = 0; b < BLOCKS; b++)
                assert_false(ext4_map_is_free(map, b * BLOCK, BLOCK));
        assert_int_equal(ext4_map_doubtful(map), 2);
}

static void test_refused(void **state)
{
        static const struct {
                size_t at;
                uint32_t value;
                int error;
        } bad[] = {
                { 56, 0, -ENOENT }, { 96, 0x4, -EUCLEAN }, /* journal to be replayed */
                { 96, 0x10, -EOPNOTSUPP },                 /* descriptors elsewhere */
                { 100, 0x200, -EOPNOTSUPP },               /* clusters */
                { 24, 7, -EBADMSG }, { 32, 0, -EBADMSG }, { 32, 8 * BLOCK + 1, -EBADMSG },
                { 20, 2, -EBADMSG }, { 4, 1, -EBADMSG },
                { 96, 0x80, -EBADMSG }, /* 64-bit descriptors of size 0 */
        };
        Ext4Map *map = NULL;
        Image i;

        for (size_t k = 0; k < ELEMENTS(bad); k++) {
                Source *s = image_init(&i);

                put_le32(block(&i, 1) + bad[k].at, bad[k].value);
                assert_int_equal(ext4_map_new(s, &map), bad[k].error);
        }
        assert_null(map);
}

static void test_every_truncation(void **state)
{
        Image i;

        image_init(&i);
        for (size_t n = 0; n < sizeof(i.data); n += 13) {
                _cleanup_(ext4_map_freep) Ext4Map *map = NULL;
                int r = ext4_map_new(memory_source_init(&i.m, i.data, n), &map);

                assert_int_equal(r, n < 2048 ? -ENOENT : 0);
                for (unsigned b = 0; r == 0 && b < BLOCKS; b++)
                        if (ext4_map_is_free(map, b * BLOCK, BLOCK))
                                assert_true(n >= 4 * BLOCK);
        }
}

TEST_MAIN(cmocka_unit_test(test_map), cmocka_unit_test(test_doubt), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_every_truncation))
