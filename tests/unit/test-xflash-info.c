/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "basic/bytes.h"
#include "protocol/xflash-info.h"

static void make_emmc(uint8_t e[104], uint64_t user)
{
        memset(e, 0, 104);
        put_le32(e, 1);
        put_le32(e + 4, 512);
        put_le64(e + 0x08, 0x400000);
        put_le64(e + 0x10, 0x400000);
        put_le64(e + 0x18, 0x400000);
        put_le64(e + 0x20, 0x100000); /* GP1 */
        put_le64(e + 0x40, user);
        memcpy(e + 0x48,
                "\x15\x01\x00"
                "AJTD4R"
                "\x06\x6e\x12\x34\x56\x78\x49",
                16);
        e[0x58] = 6;
}

/* An eMMC says the exact sizes of its areas; the stock agent reads three of them. */
static void test_emmc(void **state)
{
        uint8_t e[104];

        make_emmc(e, 0x747C00000);
        for (size_t size = 96; size <= 104; size += 8) {
                StorageInfo s = { 0 };

                assert_int_equal(xflash_parse_emmc(e, size, &s), 1);
                assert_int_equal(s.type, STORAGE_EMMC);
                assert_int_equal(s.block_size, 512);
                assert_int_equal(s.n_regions, 5);
                assert_true(storage_region(&s, REGION_USER)->size == 0x747C00000);
                assert_int_equal(storage_region(&s, REGION_USER)->section, 8);
                assert_true(storage_region(&s, REGION_BOOT2)->readable);
                assert_false(storage_region(&s, REGION_RPMB)->readable);
                assert_int_equal(storage_region(&s, REGION_GP1)->section, 4);
                assert_false(storage_region(&s, REGION_GP1)->readable);
                assert_int_equal(s.n_cid, 16);
                assert_int_equal(s.cid[0], 0x15);
                assert_int_equal(s.fw_version[0], 6);
        }
}

static void test_no_emmc(void **state)
{
        uint8_t e[104] = { 0 };
        StorageInfo s = { 0 };

        assert_int_equal(xflash_parse_emmc(e, sizeof(e), &s), 0);
        e[0] = 2; /* a memory card */
        assert_int_equal(xflash_parse_emmc(e, sizeof(e), &s), 0);
        assert_int_equal(s.type, STORAGE_UNKNOWN);
}

static void test_impossible_emmc(void **state)
{
        static const uint32_t blocks[] = { 0, 1, 256, 513, 0x20000, UINT32_MAX };
        static const uint64_t users[] = { 0, 511, 513, UINT64_MAX, UINT64_C(1) << 46 };
        uint8_t e[104];

        for (size_t i = 0; i < ELEMENTS(blocks); i++) {
                StorageInfo s = { 0 };

                make_emmc(e, 0x747C00000);
                put_le32(e + 4, blocks[i]);
                assert_int_equal(xflash_parse_emmc(e, sizeof(e), &s), -EPROTO);
        }
        for (size_t i = 0; i < ELEMENTS(users); i++) {
                StorageInfo s = { 0 };

                make_emmc(e, users[i]);
                assert_int_equal(xflash_parse_emmc(e, sizeof(e), &s), -EPROTO);
        }
        for (size_t size = 0; size < 96; size++) {
                StorageInfo s = { 0 };

                assert_int_equal(xflash_parse_emmc(e, size, &s), -EPROTO);
        }
}

static void test_empty_ids_are_none(void **state)
{
        StorageInfo s = { 0 };
        uint8_t e[104];

        make_emmc(e, 0x747C00000);
        memset(e + 0x48, 0xff, 16);
        assert_int_equal(xflash_parse_emmc(e, sizeof(e), &s), 1);
        assert_int_equal(s.n_cid, 0);
}

static void make_ufs(uint8_t u[208])
{
        memset(u, 0, 208);
        put_le32(u, 0x30);
        put_le32(u + 4, 4096);
        put_le64(u + 0x08, 0x400000);
        put_le64(u + 0x10, 0x400000);
        put_le64(u + 0x18, 0x1DCB000000);
        memcpy(u + 0x20, "\xce\x01KLUCG4J1ED-B0C1", 17);
        memcpy(u + 0x36, "0200", 4);
        memcpy(u + 0x3e,
                "\0S\0N\0"
                "1",
                6);
}

/* The long form has the version of the storage's firmware between product and serial number; the
 * identity is the same before and after an update. */
static void test_ufs(void **state)
{
        StorageInfo s = { 0 }, updated = { 0 };
        uint8_t u[208];

        make_ufs(u);
        assert_int_equal(xflash_parse_ufs(u, sizeof(u), &s), 1);
        assert_int_equal(s.type, STORAGE_UFS);
        assert_int_equal(s.block_size, 4096);
        assert_int_equal(s.n_regions, 3);
        assert_true(storage_region(&s, REGION_USER)->size == 0x1DCB000000);
        assert_int_equal(storage_region(&s, REGION_USER)->section, 3);
        assert_int_equal(s.n_cid, 22 + 6);
        assert_memory_equal(s.fw_version, "0200", 4);
        u[0x37] = '3';
        assert_int_equal(xflash_parse_ufs(u, sizeof(u), &updated), 1);
        assert_int_equal(updated.n_cid, s.n_cid);
        assert_memory_equal(updated.cid, s.cid, s.n_cid);
        assert_memory_equal(updated.fw_version, "0300", 4);
}

static void test_other_forms_of_ufs(void **state)
{
        uint8_t u[208];

        for (size_t size = 0; size <= sizeof(u); size++) {
                StorageInfo s = { 0 };
                _cleanup_free_ uint8_t *copy = malloc(MAX(size, 1U));

                make_ufs(u);
                memcpy(copy, u, size);
                assert_int_equal(xflash_parse_ufs(copy, size, &s), size < 52 ? -EPROTO : 1);
        }
        memset(u, 0, sizeof(u));
        assert_int_equal(xflash_parse_ufs(u, sizeof(u), &(StorageInfo){ 0 }), 0);
        make_ufs(u);
        put_le64(u + 0x18, 0x1DCB000000 + 512); /* no whole block */
        assert_int_equal(xflash_parse_ufs(u, sizeof(u), &(StorageInfo){ 0 }), -EPROTO);
}

static void test_ram(void **state)
{
        StorageInfo s = { 0 }, old = { 0 };
        uint8_t r[48] = { 0 }, o[24] = { 0 };

        put_le32(r, 2);
        put_le64(r + 16, 0x40000);
        put_le32(r + 24, 1);
        put_le64(r + 40, 0x80000000);
        assert_int_equal(xflash_parse_ram(r, 48, &s), 0);
        assert_true(s.sram_size == 0x40000 && s.dram_size == 0x80000000);
        put_le32(o, 2);
        put_le32(o + 8, 0x40000);
        put_le32(o + 12, 1);
        put_le32(o + 20, 0x80000000);
        assert_int_equal(xflash_parse_ram(o, 24, &old), 0);
        assert_true(old.sram_size == 0x40000 && old.dram_size == 0x80000000);
        assert_int_equal(xflash_parse_ram(r, 47, &s), -EPROTO);
        assert_int_equal(xflash_parse_ram(r, 0, &s), -EPROTO);
}

static void test_text(void **state)
{
        char out[8];

        xflash_parse_text("high-speed", 10, out, sizeof(out));
        assert_string_equal(out, "high-sp");
        xflash_parse_text("a\x1b\n", 3, out, sizeof(out));
        assert_string_equal(out, "a??");
        xflash_parse_text("", 0, out, sizeof(out));
        assert_string_equal(out, "");
}

TEST_MAIN(cmocka_unit_test(test_emmc), cmocka_unit_test(test_no_emmc),
        cmocka_unit_test(test_impossible_emmc), cmocka_unit_test(test_empty_ids_are_none),
        cmocka_unit_test(test_ufs), cmocka_unit_test(test_other_forms_of_ufs),
        cmocka_unit_test(test_ram), cmocka_unit_test(test_text))
