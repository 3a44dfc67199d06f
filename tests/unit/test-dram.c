/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "basic/digest.h"
#include "protocol/dram.h"

enum { ENTRY = 0x40, BLOCK = 0x70 + 3 * ENTRY, HEAD = 0x38 };

static void make_block(uint8_t *p)
{
        memset(p, 0, BLOCK);
        memcpy(p, "MTK_BLOADER_INFO_v20", 20);
        put_le32(p + 0x6c, 3);
        for (unsigned i = 0; i < 3; i++) {
                memset(p + 0x70 + i * ENTRY, (int)i + 1, ENTRY);
                memcpy(p + 0x70 + i * ENTRY + 0x11,
                        "\x15\x01\x00"
                        "ABCDEF",
                        9);
                p[0x70 + i * ENTRY + 0x11 + 8] = (uint8_t)('0' + i);
        }
}

/* The block itself, as collections of them have it. */
static void test_block(void **state)
{
        uint8_t block[BLOCK];
        DramSettings d;
        const uint8_t *entry;

        make_block(block);
        assert_int_equal(dram_find(block, sizeof block, &d), 0);
        assert_int_equal(d.version, 20);
        assert_int_equal(d.n_entries, 3);
        assert_int_equal(d.entry_size, ENTRY);

        /* the entry of a phone is the one with its eMMC */
        entry = dram_entry(&d,
                (const uint8_t *)"\x15\x01\x00"
                                 "ABCDE1zzzzzzz");
        assert_ptr_equal(entry, block + 0x70 + ENTRY);
        assert_null(dram_entry(&d,
                (const uint8_t *)"\x15\x01\x00"
                                 "ABCDE9zzzzzzz"));
}

/* A preloader file: the block stands before the signature, its length behind it. */
static void test_file(void **state)
{
        uint8_t file[HEAD + BLOCK + 4 + SHA256_SIZE] = {};
        DramSettings d;

        memcpy(file, "MMM\1\x38\0\0\0FILE_INFO", 17);
        put_le32(file + 0x14, 1);
        put_le16(file + 0x18, 1);
        file[0x1a] = 5;
        file[0x1b] = 1;
        put_le32(file + 0x20, sizeof file);
        put_le32(file + 0x24, 0x10000);
        put_le32(file + 0x28, HEAD);
        put_le32(file + 0x2c, SHA256_SIZE);
        make_block(file + HEAD);
        put_le32(file + HEAD + BLOCK, BLOCK);
        digest_of(DIGEST_SHA256, file, sizeof file - SHA256_SIZE, file + sizeof file - SHA256_SIZE);
        assert_int_equal(dram_find(file, sizeof file, &d), 0);
        assert_ptr_equal(d.block, file + HEAD);
        assert_int_equal(d.size, BLOCK);

        /* a length that leads out of the file */
        put_le32(file + HEAD + BLOCK, 0x7fffffff);
        assert_int_equal(dram_find(file, sizeof file, &d), -ENOENT);
}

/* One entry fits every phone; a block whose entries are not alike has none to choose. */
static void test_counts(void **state)
{
        uint8_t block[BLOCK];
        DramSettings d;

        make_block(block);
        put_le32(block + 0x6c, 1);
        assert_int_equal(dram_settings(block, sizeof block, &d), 0);
        assert_ptr_equal(dram_entry(&d, (const uint8_t *)"0123456789abcdef"), block + 0x70);
        put_le32(block + 0x6c, 7);
        assert_int_equal(dram_settings(block, sizeof block, &d), 0);
        assert_int_equal(d.n_entries, 0);
        assert_null(dram_entry(&d, (const uint8_t *)"0123456789abcdef"));
        put_le32(block + 0x6c, 0xffffffff);
        assert_int_equal(dram_settings(block, sizeof block, &d), 0);
        assert_int_equal(d.n_entries, 0);
}

static void test_no_block(void **state)
{
        uint8_t block[BLOCK];
        DramSettings d;

        make_block(block);
        block[18] = 'x';
        assert_int_equal(dram_find(block, sizeof block, &d), -ENOENT);
        make_block(block);
        assert_int_equal(dram_find(block, 0x6f, &d), -ENOENT);
        assert_int_equal(dram_find(block, 0, &d), -ENOENT);
}

TEST_MAIN(cmocka_unit_test(test_block), cmocka_unit_test(test_file), cmocka_unit_test(test_counts),
        cmocka_unit_test(test_no_block))
