/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "basic/bytes.h"
#include "format/mtk-image.h"

/* Writes a header of the given version in front of size bytes of data. */
static void put_image(uint8_t *p, const char *name, uint32_t size, unsigned version)
{
        memset(p, 0xFF, MTK_IMAGE_HEADER);
        put_le32(p, MTK_IMAGE_MAGIC);
        put_le32(p + 4, size);
        memset(p + 8, 0, 32);
        memcpy(p + 8, name, strlen(name));
        put_le32(p + 44, 0);
        if (version == 1)
                return;
        put_le32(p + 48, 0x58891689);
        put_le32(p + 52, MTK_IMAGE_HEADER);
        put_le32(p + 56, 1);
        put_le32(p + 60, 0x02000000);
        put_le32(p + 64, 0);
        put_le32(p + 68, 16);
        put_le32(p + 72, 0);
        put_le32(p + 76, 0);
}

/* The header tells how much of a partition is image. */
static void test_version_1(void **state)
{
        uint8_t data[4096] = { 0 };
        MemorySource m;
        uint64_t length;
        unsigned images;
        MtkImage i;

        put_image(data, "lk", 0x120, 1);
        assert_int_equal(mtk_image_read(memory_source_init(&m, data, sizeof(data)), 0, &i), 0);
        assert_string_equal(i.name, "lk");
        assert_int_equal(i.version, 1);
        assert_int_equal(i.data_size, 0x120);
        assert_false(i.has_load_address);
        assert_int_equal(mtk_image_end(&i), 0x320);
        assert_int_equal(mtk_image_measure(&m.source, 0, &length, &images), 0);
        assert_int_equal(length, 0x320);
        assert_int_equal(images, 1);
}

static void test_chain(void **state)
{
        uint8_t data[8192] = { 0 };
        MemorySource m;
        uint64_t length;
        unsigned images;
        MtkImage i;

        put_image(data, "lk", 0x121, 2);
        put_image(data + 0x330, "cert1", 0x40, 2);
        put_image(data + 0x330 + 0x240, "cert2", 0x41, 2);
        assert_int_equal(
                mtk_image_measure(memory_source_init(&m, data, sizeof(data)), 0, &length, &images),
                0);
        assert_int_equal(images, 3);
        assert_int_equal(length, 0x330 + 0x240 + 0x241);
        assert_int_equal(mtk_image_read(&m.source, 0x330, &i), 0);
        assert_string_equal(i.name, "cert1");
        assert_int_equal(i.image_type, 0x02000000);
}

static void test_damage(void **state)
{
        uint8_t data[2048] = { 0 };
        MemorySource m;
        uint64_t length;
        unsigned images;
        MtkImage i;

        assert_int_equal(
                mtk_image_read(memory_source_init(&m, data, sizeof(data)), 0, &i), -ENOENT);
        put_image(data, "md1img", 0x10000, 2);
        assert_int_equal(mtk_image_measure(&m.source, 0, &length, &images), -ENODATA);
        assert_int_equal(length, 0x10200);
        put_le32(data + 52, 16);
        assert_int_equal(mtk_image_read(&m.source, 0, &i), -EBADMSG);
        put_le32(data + 52, MTK_IMAGE_HEADER);
        put_le32(data + 68, 0x80000000); /* alignment */
        assert_int_equal(mtk_image_read(&m.source, 0, &i), -EBADMSG);
        put_le32(data + 68, 0);
        put_le32(data + 72, 0xFFFFFFFE); /* upper word of the size */
        assert_int_equal(mtk_image_read(&m.source, 0, &i), -EBADMSG);
}

static void test_endless_chain(void **state)
{
        /* empty images one behind the other: the walk has a bound */
        size_t size = (size_t)(MTK_IMAGES_MAX + 10) * MTK_IMAGE_HEADER;
        _cleanup_free_ uint8_t *data = calloc(1, size);
        MemorySource m;
        uint64_t length;
        unsigned images;

        for (size_t at = 0; at < size; at += MTK_IMAGE_HEADER)
                put_image(data + at, "x", 0, 2);
        assert_int_equal(mtk_image_measure(memory_source_init(&m, data, size), 0, &length, &images),
                -EBADMSG);
}

static void test_every_truncation(void **state)
{
        uint8_t data[1024] = { 0 };
        MemorySource m;
        uint64_t length;
        unsigned images;

        put_image(data, "lk", 0x100, 2);
        for (size_t n = 0; n < 0x300; n++)
                assert_int_equal(
                        mtk_image_measure(memory_source_init(&m, data, n), 0, &length, &images),
                        n < MTK_IMAGE_HEADER ? -ENOENT : -ENODATA);
}

TEST_MAIN(cmocka_unit_test(test_version_1), cmocka_unit_test(test_chain),
        cmocka_unit_test(test_damage), cmocka_unit_test(test_endless_chain),
        cmocka_unit_test(test_every_truncation))
