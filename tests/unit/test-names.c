/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "store/names.h"

static void assert_file(const char *name, const char *want)
{
        char file[PART_FILE_MAX];

        assert_int_equal(part_file_encode(name, file, sizeof file), 0);
        assert_string_equal(file, want);
        assert_true(part_file_valid(file));
}

/* A phone may call its partitions what it likes: what becomes a file name is harmless. */
static void test_part_files(void **state)
{
        assert_file("boot_a", "boot_a");
        assert_file("_gap-0", "_gap-0");
        assert_file("md1.img", "md1.img");
        assert_file("my data", "my%20data");
        assert_file("../../etc/passwd", "%2E.%2F..%2Fetc%2Fpasswd");
        assert_file(".", "%2E");
        assert_file("50%~2", "50%25%7E2");
        assert_file("\xc3\xa4\n", "%C3%A4%0A");
        assert_file("", "%00");
}

static void test_part_numbers(void **state)
{
        char file[PART_FILE_MAX] = "boot";

        assert_int_equal(part_file_number(file, sizeof file, 1), 0);
        assert_string_equal(file, "boot");
        assert_int_equal(part_file_number(file, sizeof file, 2), 0);
        assert_string_equal(file, "boot~2");
        assert_true(part_file_valid(file));
}

static void test_part_limits(void **state)
{
        char name[300], file[PART_FILE_MAX];

        memset(name, 'a', sizeof name);
        name[PART_FILE_MAX - 1] = 0;
        assert_int_equal(part_file_encode(name, file, sizeof file), 0);
        assert_int_equal(part_file_number(file, sizeof file, 2), -ENAMETOOLONG);
        name[PART_FILE_MAX - 1] = 'a';
        name[PART_FILE_MAX] = 0;
        assert_int_equal(part_file_encode(name, file, sizeof file), -ENAMETOOLONG);
        /* the longest name a layout can hold, all of it to be encoded, with a number */
        memset(name, '/', 72);
        name[72] = 0;
        assert_int_equal(part_file_encode(name, file, sizeof file), 0);
        assert_int_equal(part_file_number(file, sizeof file, 1024), 0);
}

static void test_part_invalid(void **state)
{
        static const char *const bad[] = { "", ".", "..", ".x", "a/b", "a b", "a%2", "a%2f", "a~",
                "~2", "a~x", "a~02", "a~2~3", "a~1234567890", "\xc3\xa4" };

        for (size_t i = 0; i < ELEMENTS(bad); i++)
                assert_false(part_file_valid(bad[i]));
}

static void test_backup_ids(void **state)
{
        static const char *const bad[] = { "", "20261120T141703Z-0badc0d",
                "20261120T141703Z-0BADC0DE", "20261120T141703Z_0badc0de",
                "2026112xT141703Z-0badc0de", "../261120T141703Z-0badc0de",
                "20261120T141703Z-0badc0de0" };
        char id[BACKUP_ID_SIZE];

        backup_id_make(1795184223, 0x0badc0de, id);
        assert_string_equal(id, "20261120T141703Z-0badc0de");
        assert_true(backup_id_valid(id));
        /* a clock without battery, or a broken one */
        backup_id_make(0, 0, id);
        assert_true(backup_id_valid(id));
        backup_id_make(INT64_MAX, 1, id);
        assert_true(backup_id_valid(id));
        backup_id_make(-5, 1, id);
        assert_true(backup_id_valid(id));
        for (size_t i = 0; i < ELEMENTS(bad); i++)
                assert_false(backup_id_valid(bad[i]));
}

static const char uuid[] = "00112233-4455-4677-8899-aabbccddeeff";

static void test_device_key(void **state)
{
        DeviceIds ids = {
                .chip = "MT6765", .hw_code = 0x766, .n_soc_id = 32, .n_me_id = 16, .n_cid = 16
        };
        char key[DEVICE_KEY_SIZE], other[DEVICE_KEY_SIZE];

        memset(ids.soc_id, 1, sizeof ids.soc_id);
        memset(ids.me_id, 2, sizeof ids.me_id);
        memset(ids.cid, 3, sizeof ids.cid);
        assert_true(device_key_make(&ids, uuid, key));
        assert_true(device_key_valid(key));
        assert_int_equal(strncmp(key, "mt6765-", 7), 0);
        assert_int_equal(strlen(key), 7 + 12);

        /* ME_ID counts only where there is no SOC_ID */
        ids.me_id[0] = 9;
        assert_true(device_key_make(&ids, uuid, other));
        assert_string_equal(other, key);
        memset(ids.soc_id, 0xff, sizeof ids.soc_id);
        assert_true(device_key_make(&ids, uuid, other));
        assert_string_not_equal(other, key);

        /* the storage alone is an identity, too */
        ids.n_soc_id = ids.n_me_id = 0;
        ids.chip = "";
        assert_true(device_key_make(&ids, uuid, other));
        assert_true(device_key_valid(other));
        assert_int_equal(strncmp(other, "hw0766-", 7), 0);
}

/* sha256sum of the text the format describes, made by hand */
static void test_device_key_value(void **state)
{
        DeviceIds ids = { .chip = "MT6765",
                .hw_code = 0x766,
                .n_soc_id = 2,
                .n_cid = 3,
                .soc_id = { 0x12, 0x34 },
                .cid = { 0xab, 0xcd, 0xef } };
        char key[DEVICE_KEY_SIZE];

        assert_true(device_key_make(&ids, uuid, key));
        assert_string_equal(key, "mt6765-e3567f86db21");
}

static void test_device_without_ids(void **state)
{
        DeviceIds ids = { .chip = "MT6765", .hw_code = 0x766, .n_cid = 16 };
        char key[DEVICE_KEY_SIZE];

        assert_false(device_key_make(&ids, uuid, key));
        assert_string_equal(key, "anon-00112233-4455-4677-8899-aabbccddeeff");
        assert_true(device_key_valid(key));
}

static void test_device_key_invalid(void **state)
{
        static const char *const bad[] = { "", "-", "mt6765", "mt6765-", "mt6765-0123456789a",
                "mt6765-0123456789abc", "MT6765-0123456789ab", "../x-0123456789ab", "anon-",
                "anon-00112233-4455-4677-8899-aabbccddeefg", "-0123456789ab",
                "abcdefghijklmnopqrstuvwxy-0123456789ab" };

        for (size_t i = 0; i < ELEMENTS(bad); i++)
                assert_false(device_key_valid(bad[i]));
}

static void test_device_key_hostile_chip(void **state)
{
        DeviceIds ids = { .chip = "../../A very long name of a chip that never ends\xff",
                .n_cid = 1,
                .cid = { 7 } };
        char key[DEVICE_KEY_SIZE];

        assert_true(device_key_make(&ids, uuid, key));
        assert_true(device_key_valid(key));
        assert_int_equal(strncmp(key, "averylongnameofachipthat", 24), 0);
}

static void test_trash(void **state)
{
        char name[TRASH_NAME_SIZE], key[DEVICE_KEY_SIZE], id[BACKUP_ID_SIZE];
        int64_t seconds;

        assert_int_equal(trash_name_make(1795184223, "mt6765-0123456789ab",
                                 "20261120T141703Z-0badc0de", name),
                0);
        assert_string_equal(name, "1795184223.mt6765-0123456789ab.20261120T141703Z-0badc0de");
        assert_int_equal(trash_name_parse(name, &seconds, key, id), 0);
        assert_int_equal(seconds, 1795184223);
        assert_string_equal(key, "mt6765-0123456789ab");
        assert_string_equal(id, "20261120T141703Z-0badc0de");
        assert_int_equal(trash_name_parse("x.mt6765-0123456789ab.20261120T141703Z-0badc0de",
                                 &seconds, key, id),
                -EINVAL);
        assert_int_equal(
                trash_name_parse("1.20261120T141703Z-0badc0de", &seconds, key, id), -EINVAL);
        assert_int_equal(trash_name_parse("", &seconds, key, id), -EINVAL);
}

static void test_chunk_path(void **state)
{
        uint8_t hash[SHA256_SIZE] = { 0x30, 0xe1, 0x49 };
        char path[CHUNK_PATH_SIZE];

        chunk_path(hash, path);
        assert_string_equal(path,
                "30e1/30e1490000000000000000000000000000000000000000000000000000000000.cacnk");
}

static void test_uuid(void **state)
{
        uint8_t random[16] = { 1, 2, 3 };
        char text[37];

        uuid_format(random, text);
        assert_string_equal(text, "01020300-0000-4000-8000-000000000000");
        assert_true(uuid_valid(text));
        assert_false(uuid_valid("01020300-0000-4000-8000-00000000000"));
        assert_false(uuid_valid("01020300-0000-4000-8000-00000000000G"));
        assert_false(uuid_valid("01020300x0000-4000-8000-000000000000"));
}

TEST_MAIN(cmocka_unit_test(test_part_files), cmocka_unit_test(test_part_numbers),
        cmocka_unit_test(test_part_limits), cmocka_unit_test(test_part_invalid),
        cmocka_unit_test(test_backup_ids), cmocka_unit_test(test_device_key),
        cmocka_unit_test(test_device_key_value), cmocka_unit_test(test_device_without_ids),
        cmocka_unit_test(test_device_key_invalid), cmocka_unit_test(test_device_key_hostile_chip),
        cmocka_unit_test(test_trash), cmocka_unit_test(test_chunk_path),
        cmocka_unit_test(test_uuid))
