/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "basic/bytes.h"
#include "format/boot-image.h"

/* Header version 2, the form of Android 10: every section begins on a page. */
static void test_version_2(void **state)
{
        uint8_t data[4096] = "ANDROID!";
        MemorySource m;
        char version[32];
        BootImage b;

        put_le32(data + 8, 5000);  /* kernel */
        put_le32(data + 16, 2048); /* ramdisk */
        put_le32(data + 36, 2048);
        put_le32(data + 40, 2);
        put_le32(data + 44, (10U << 14 | 0 << 7 | 1) << 11 | (20 << 4 | 8));
        strcpy((char *)data + 48, "board");
        strcpy((char *)data + 64, "bootopt=64S3,32N2,64N2");
        put_le32(data + 1632, 100); /* recovery_dtbo */
        put_le32(data + 1648, 1);   /* dtb */
        assert_int_equal(boot_image_read(memory_source_init(&m, data, sizeof(data)), 0, &b), 0);
        assert_int_equal(b.kind, BOOT_IMAGE_BOOT);
        assert_int_equal(b.version, 2);
        assert_string_equal(b.name, "board");
        assert_string_equal(b.command_line, "bootopt=64S3,32N2,64N2");
        assert_int_equal(b.n_sections, 4);
        assert_string_equal(b.sections[0].name, "kernel");
        assert_int_equal(b.sections[0].offset, 2048);
        assert_string_equal(b.sections[1].name, "ramdisk");
        assert_int_equal(b.sections[1].offset, 2048 + 3 * 2048);
        assert_int_equal(b.size, 2048 * (1 + 3 + 1 + 1 + 1));
        boot_image_os_version(&b, version, sizeof(version));
        assert_string_equal(version, "10.0.1 2020-08");
}

static void test_versions_3_and_4(void **state)
{
        uint8_t data[4096] = "ANDROID!";
        MemorySource m;
        BootImage b;

        put_le32(data + 8, 4097);
        put_le32(data + 12, 1);
        put_le32(data + 40, 4);
        put_le32(data + 1580, 4096);
        assert_int_equal(boot_image_read(memory_source_init(&m, data, sizeof(data)), 0, &b), 0);
        assert_int_equal(b.version, 4);
        assert_int_equal(b.n_sections, 3);
        assert_int_equal(b.size, 4096 * (1 + 2 + 1 + 1));
        put_le32(data + 40, 3);
        assert_int_equal(boot_image_read(&m.source, 0, &b), 0);
        assert_int_equal(b.size, 4096 * (1 + 2 + 1));
}

static void test_vendor_boot(void **state)
{
        uint8_t data[4096] = "VNDRBOOT";
        MemorySource m;
        BootImage b;

        put_le32(data + 8, 4);
        put_le32(data + 12, 4096);
        put_le32(data + 24, 10000);
        put_le32(data + 2096, 2128);
        put_le32(data + 2100, 200);
        put_le32(data + 2112, 108);
        put_le32(data + 2124, 50);
        assert_int_equal(boot_image_read(memory_source_init(&m, data, sizeof(data)), 0, &b), 0);
        assert_int_equal(b.kind, BOOT_IMAGE_VENDOR);
        assert_int_equal(b.n_sections, 4);
        assert_int_equal(b.size, 4096 * (1 + 3 + 1 + 1 + 1));
        put_le32(data + 8, 1);
        assert_int_equal(boot_image_read(&m.source, 0, &b), -EBADMSG);
}

static void test_old_and_broken(void **state)
{
        uint8_t data[4096] = "ANDROID!";
        MemorySource m;
        char version[8] = "x";
        BootImage b;

        put_le32(data + 8, 0xFFFFFFFF);
        put_le32(data + 16, 0xFFFFFFFF);
        put_le32(data + 36, 2048);
        put_le32(data + 40, 70000); /* another maker's device tree, not a version */
        assert_int_equal(boot_image_read(memory_source_init(&m, data, sizeof(data)), 0, &b), 0);
        assert_int_equal(b.version, 0);
        assert_true(b.size > UINT64_C(0x1FFFFFFFF));
        boot_image_os_version(&b, version, sizeof(version));
        assert_string_equal(version, "");
        put_le32(data + 36, 3000);
        assert_int_equal(boot_image_read(&m.source, 0, &b), -EBADMSG);
        put_le32(data + 36, 0);
        assert_int_equal(boot_image_read(&m.source, 0, &b), -EBADMSG);
        assert_int_equal(boot_image_read(memory_source_init(&m, "ANDROID?", 8), 0, &b), -ENOENT);
}

static void test_every_truncation(void **state)
{
        uint8_t data[2200] = "ANDROID!";
        MemorySource m;
        BootImage b;

        put_le32(data + 36, 2048);
        for (size_t n = 0; n < sizeof(data); n++)
                assert_int_equal(boot_image_read(memory_source_init(&m, data, n), 0, &b),
                        n < 48 ? -ENOENT : 0);
}

TEST_MAIN(cmocka_unit_test(test_version_2), cmocka_unit_test(test_versions_3_and_4),
        cmocka_unit_test(test_vendor_boot), cmocka_unit_test(test_old_and_broken),
        cmocka_unit_test(test_every_truncation))
