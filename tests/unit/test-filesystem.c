/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <string.h>

#include "basic/bytes.h"
#include "format/filesystem.h"

static Filesystem identify(const uint8_t *data, size_t size)
{
        MemorySource m;
        Filesystem f;

        assert_int_equal(filesystem_identify(memory_source_init(&m, data, size), 0, &f), 0);
        return f;
}

/* The superblock names the file system and its length. */
static void test_ext4(void **state)
{
        uint8_t data[4096] = { 0 }, *sb = data + 1024;
        Filesystem f;

        put_le32(sb + 4, 1000);
        put_le32(sb + 24, 2);
        put_le16(sb + 56, 0xEF53);
        put_le32(sb + 96, 0x4);
        sb[104] = 0x12;
        strcpy((char *)sb + 120, "system");
        f = identify(data, sizeof(data));
        assert_int_equal(f.kind, FILESYSTEM_EXT4);
        assert_string_equal(filesystem_kind_to_string(f.kind), "ext4");
        assert_int_equal(f.block_size, 4096);
        assert_int_equal(f.size, 4096000);
        assert_string_equal(f.label, "system");
        assert_string_equal(f.uuid, "12000000-0000-0000-0000-000000000000");
        assert_true(f.needs_recovery);

        put_le32(sb + 96, 0x80);
        put_le32(sb + 0x150, 1);
        assert_int_equal(identify(data, sizeof(data)).size, (UINT64_C(1) << 32 | 1000) * 4096);
        put_le32(sb + 24, 50);
        assert_int_equal(identify(data, sizeof(data)).kind, FILESYSTEM_NONE);
}

static void test_f2fs_and_erofs(void **state)
{
        uint8_t data[4096] = { 0 }, *sb = data + 1024;
        Filesystem f;

        put_le32(sb, 0xF2F52010);
        put_le32(sb + 16, 12);
        put_le64(sb + 36, 131072);
        sb[124] = 'd';
        sb[126] = 0xE4;
        f = identify(data, sizeof(data));
        assert_int_equal(f.kind, FILESYSTEM_F2FS);
        assert_int_equal(f.size, 512 * MiB);
        assert_string_equal(f.label, "d?");

        memset(data, 0, sizeof(data));
        put_le32(sb, 0xE0F5E1E2);
        sb[12] = 12;
        put_le32(sb + 36, 300);
        memcpy(sb + 64, "vendor", 6);
        f = identify(data, sizeof(data));
        assert_int_equal(f.kind, FILESYSTEM_EROFS);
        assert_int_equal(f.size, 300 * 4096);
        assert_string_equal(f.label, "vendor");
}

static void test_others(void **state)
{
        uint8_t data[4096] = { 0xEB, 0x3C, 0x90 };
        Filesystem f;

        put_le16(data + 11, 512);
        put_le32(data + 32, 4000);
        memcpy(data + 54, "FAT16", 5);
        put_le16(data + 510, 0xAA55);
        f = identify(data, sizeof(data));
        assert_int_equal(f.kind, FILESYSTEM_FAT);
        assert_int_equal(f.size, 4000 * 512);

        memset(data, 0, sizeof(data));
        put_le32(data, 0x73717368);
        put_le16(data + 28, 4);
        put_le64(data + 40, 12345);
        f = identify(data, sizeof(data));
        assert_int_equal(f.kind, FILESYSTEM_SQUASHFS);
        assert_int_equal(f.size, 12345);

        memset(data, 0, sizeof(data));
        for (size_t n = 0; n < sizeof(data); n += 100)
                assert_int_equal(identify(data, n).kind, FILESYSTEM_NONE);
}

TEST_MAIN(cmocka_unit_test(test_ext4), cmocka_unit_test(test_f2fs_and_erofs),
        cmocka_unit_test(test_others))
