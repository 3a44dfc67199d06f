/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "basic/bytes.h"
#include "data.h"
#include "format/gfh.h"

/* A loader file tells its length and proves its content. */
static void test_read(void **state)
{
        size_t size;
        _cleanup_free_ char *data = data_read("examples/preloader_demo.bin", &size);
        MemorySource m;
        Source *s = memory_source_init(&m, data, size);
        GfhHash hash;
        GfhFile f;

        assert_int_equal(gfh_read(s, 0, &f), 0);
        assert_int_equal(f.file_len, 0x28C);
        assert_int_equal(f.file_type, GFH_TYPE_ARM_BL);
        assert_string_equal(gfh_file_type_name(f.file_type), "ARM_BL");
        assert_string_equal(gfh_flash_dev_name(f.flash_dev), "eMMC boot");
        assert_int_equal(f.sig_len, 0x20);
        assert_int_equal(f.n_blocks, 3);
        assert_string_equal(gfh_block_type_name(f.blocks[0].type), "FILE_INFO");
        assert_string_equal(gfh_block_type_name(f.blocks[1].type), "BL_INFO");
        assert_string_equal(gfh_block_type_name(f.blocks[2].type), "BROM_CFG");
        assert_false(f.chain_broken);
        assert_int_equal(gfh_check_hash(s, &f, &hash), 0);
        assert_int_equal(hash, GFH_HASH_GOOD);

        data[0x200] ^= 1;
        assert_int_equal(gfh_check_hash(s, &f, &hash), 0);
        assert_int_equal(hash, GFH_HASH_BAD);
        assert_string_equal(gfh_hash_to_string(hash), "bad");
        s = memory_source_init(&m, data, size - 1);
        assert_int_equal(gfh_check_hash(s, &f, &hash), 0);
        assert_int_equal(hash, GFH_HASH_CUT);
        f.sig_type = 2;
        assert_int_equal(gfh_check_hash(s, &f, &hash), 0);
        assert_int_equal(hash, GFH_HASH_NONE);
}

static void test_names_of_unknown_numbers(void **state)
{
        assert_null(gfh_file_type_name(0x999));
        assert_null(gfh_block_type_name(0x999));
        assert_null(gfh_flash_dev_name(99));
        assert_string_equal(gfh_file_type_name(GFH_TYPE_VIVA), "VIVA");
}

/* The signatures of a feature phone hold a SHA-1. */
static void test_sha1(void **state)
{
        size_t size;
        _cleanup_free_ char *data = data_read("examples/feature-demo61-head.bin", &size);
        MemorySource m;
        Source *s = memory_source_init(&m, data, size);
        GfhHash hash;
        GfhFile f;

        assert_int_equal(gfh_read(s, 0x800, &f), 0);
        assert_int_equal(f.file_len, 0x1164);
        assert_int_equal(gfh_check_hash(s, &f, &hash), 0);
        assert_int_equal(hash, GFH_HASH_GOOD);
        data[0x900] ^= 1;
        assert_int_equal(gfh_check_hash(s, &f, &hash), 0);
        assert_int_equal(hash, GFH_HASH_BAD);
}

static void test_find(void **state)
{
        size_t size;
        _cleanup_free_ char *data = data_read("examples/feature-demo61-head.bin", &size);
        static const uint64_t places[] = { 0x800, 0x2400, 0x8000, 0xB770 };
        MemorySource m;
        Source *s = memory_source_init(&m, data, size);
        uint64_t at = 0;
        GfhFile f;

        for (size_t i = 0; i < ELEMENTS(places); i++) {
                assert_int_equal(gfh_find(s, at, size, &f), 0);
                assert_int_equal(f.offset, places[i]);
                at = f.offset + f.file_len;
        }
        assert_int_equal(gfh_find(s, at, size, &f), -ENOENT);
        /* the end is a limit for where a file begins; an odd start is rounded up */
        assert_int_equal(gfh_find(s, 0x801, 0x2400, &f), -ENOENT);
        assert_int_equal(gfh_find(s, 0x801, 0x2401, &f), 0);
        assert_int_equal(gfh_find(s, UINT64_MAX - 2, UINT64_MAX, &f), -ENOENT);
}

static void test_impossible_lengths(void **state)
{
        static const struct {
                size_t at;
                uint32_t value;
        } bad[] = {
                { 0x20, 0xFFFFFFFF }, /* file_len of a file before its last build step */
                { 0x20, 0x37 },
                { 0x28, 0x10 },  /* content inside FILE_INFO */
                { 0x28, 0x28D }, /* content behind the end */
                { 0x2C, 0x28C }, /* signature longer than the content */
                { 0x2C, 0xFFFFFFFF },
        };
        GfhFile f;

        for (size_t i = 0; i < ELEMENTS(bad); i++) {
                size_t size;
                _cleanup_free_ char *data = data_read("examples/preloader_demo.bin", &size);
                MemorySource m;

                put_le32((uint8_t *)data + bad[i].at, bad[i].value);
                assert_int_equal(gfh_read(memory_source_init(&m, data, size), 0, &f), -EBADMSG);
        }
}

static void test_broken_chain(void **state)
{
        size_t size;
        _cleanup_free_ char *data = data_read("examples/preloader_demo.bin", &size);
        uint8_t *second = (uint8_t *)data + GFH_FILE_INFO_SIZE;
        MemorySource m;
        GfhFile f;

        put_le16(second + 4, 4); /* shorter than its own head: would never end */
        assert_int_equal(gfh_read(memory_source_init(&m, data, size), 0, &f), 0);
        assert_true(f.chain_broken);
        put_le16(second + 4, 0xFFFF);
        assert_int_equal(gfh_read(&m.source, 0, &f), 0);
        assert_true(f.chain_broken);
        assert_int_equal(f.n_blocks, 1);
}

static void test_every_truncation(void **state)
{
        size_t size;
        _cleanup_free_ char *data = data_read("examples/preloader_demo.bin", &size);
        MemorySource m;
        GfhHash hash;
        GfhFile f;

        for (size_t n = 0; n < size; n++) {
                Source *s = memory_source_init(&m, data, n);
                int r = gfh_read(s, 0, &f);

                assert_int_equal(r, n < GFH_FILE_INFO_SIZE ? -ENOENT : 0);
                if (r < 0)
                        continue;
                assert_int_equal(gfh_check_hash(s, &f, &hash), 0);
                assert_int_equal(hash, GFH_HASH_CUT);
        }
}

TEST_MAIN(cmocka_unit_test(test_read), cmocka_unit_test(test_names_of_unknown_numbers),
        cmocka_unit_test(test_sha1), cmocka_unit_test(test_find),
        cmocka_unit_test(test_impossible_lengths), cmocka_unit_test(test_broken_chain),
        cmocka_unit_test(test_every_truncation))
