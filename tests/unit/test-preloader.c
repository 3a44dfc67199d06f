/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "basic/bytes.h"
#include "data.h"
#include "format/preloader.h"

static char *area_read(const char *name, MemorySource *m, Preloader *p)
{
        size_t size;
        char *data = data_read(name, &size);

        assert_int_equal(preloader_read(memory_source_init(m, data, size), p), 0);
        return data;
}

/* A raw boot area: where the loader lies, how long it is, whether it is whole. */
static void test_emmc_area(void **state)
{
        MemorySource m;
        Preloader p;
        _cleanup_free_ char *area = area_read("examples/boot1-emmc.bin", &m, &p), *file = NULL;
        size_t size;

        assert_string_equal(p.device_header, "EMMC_BOOT");
        assert_int_equal(p.rw_unit, 0x200);
        assert_int_equal(p.n_descriptors, 1);
        assert_int_equal(p.descriptors[0].device, 5);
        assert_int_equal(p.descriptors[0].begin, 0x800);
        assert_int_equal(p.descriptors[0].boundary, 0x20800);
        assert_int_equal(p.file.offset, 0x800);
        assert_int_equal(p.file.file_len, 0x28C);
        assert_int_equal(p.health, PRELOADER_GOOD);
        assert_string_equal(preloader_health_to_string(p.health), "good");
        assert_int_equal(p.emi_length, 0x40);
        assert_string_equal(p.emi_version, "11");
        assert_int_equal(p.trailing, 0);

        file = data_read("examples/preloader_demo.bin", &size);
        assert_int_equal(size, p.file.file_len);
        assert_memory_equal(area + p.file.offset, file, size);
}

static void test_ufs_area_and_bare_file(void **state)
{
        MemorySource m;
        Preloader p;
        _cleanup_free_ _unused_ char *area = area_read("examples/boot1-ufs.bin", &m, &p), *file;

        assert_string_equal(p.device_header, "UFS_BOOT");
        assert_int_equal(p.file.offset, 0x1000);
        assert_int_equal(p.health, PRELOADER_GOOD);

        file = area_read("examples/preloader_demo.bin", &m, &p);
        assert_string_equal(p.device_header, "");
        assert_false(p.has_layout);
        assert_int_equal(p.file.offset, 0);
        assert_int_equal(p.health, PRELOADER_GOOD);
        assert_int_equal(p.emi_offset, 0x28C - 0x20 - 4 - 0x40);
}

/* The way back gives the bytes that stand on phones. */
static void test_make_header(void **state)
{
        static const struct {
                const char *name;
                PreloaderStorage storage;
                uint32_t max_size;
        } areas[] = {
                { "examples/boot1-emmc.bin", PRELOADER_EMMC, 0 },
                { "examples/boot1-ufs.bin", PRELOADER_UFS, 0x80000 },
        };
        uint8_t header[PRELOADER_HEADER_MAX];
        size_t size;

        for (size_t i = 0; i < ELEMENTS(areas); i++) {
                MemorySource m;
                Preloader p;
                _cleanup_free_ char *area = area_read(areas[i].name, &m, &p);

                assert_int_equal(preloader_make_header(areas[i].storage, &p.file, areas[i].max_size,
                                         header, &size),
                        0);
                assert_int_equal(size, p.file.offset);
                assert_memory_equal(header, area, size);
        }
}

static void test_make_header_refuses(void **state)
{
        GfhFile f = { .file_len = 0x20001, .max_size = 0x20000 };
        uint8_t header[PRELOADER_HEADER_MAX];
        size_t size;

        assert_int_equal(preloader_make_header(PRELOADER_EMMC, &f, 0, header, &size), -EINVAL);
        f.max_size = UINT32_MAX;
        assert_int_equal(preloader_make_header(PRELOADER_EMMC, &f, 0, header, &size), -EINVAL);
        assert_int_equal(preloader_make_header(PRELOADER_SD, &f, 0x40000, header, &size), 0);
        assert_string_equal((char *)header, "SDMMC_BOOT");
}

static PreloaderHealth health_with(size_t at, uint8_t flip)
{
        size_t size;
        _cleanup_free_ char *data = data_read("examples/boot1-emmc.bin", &size);
        MemorySource m;
        Preloader p;

        data[at] = (char)(data[at] ^ flip);
        assert_int_equal(preloader_read(memory_source_init(&m, data, size), &p), 0);
        return p.health;
}

static void test_health(void **state)
{
        assert_int_equal(health_with(0x0, 0), PRELOADER_GOOD);
        assert_int_equal(health_with(0x900, 1), PRELOADER_DAMAGED);         /* content */
        assert_int_equal(health_with(0x800 + 0x28B, 1), PRELOADER_DAMAGED); /* hash */
        assert_int_equal(health_with(0x800 + 0x1B, 2), PRELOADER_UNPROVEN); /* kind of signature */
        assert_int_equal(health_with(0x800 + 0x23, 0xFF), PRELOADER_DAMAGED); /* its length */
        assert_int_equal(health_with(0x800 + 0x22, 1), PRELOADER_CUT);
        assert_int_equal(health_with(0x800, 1), PRELOADER_MISSING);
        assert_int_equal(health_with(0x21D, 1), PRELOADER_MISSING); /* where it should begin */
}

static void test_what_lies_behind(void **state)
{
        size_t size;
        _cleanup_free_ char *data = data_read("examples/boot1-emmc.bin", &size);
        MemorySource m;
        Preloader p;

        /* padding of vendors is nothing; their data is */
        memset(data + 0x800 + 0x28C, 0, 0x100);
        assert_int_equal(preloader_read(memory_source_init(&m, data, size), &p), 0);
        assert_int_equal(p.trailing, 0);
        data[0x1800] = 'e';
        assert_int_equal(preloader_read(&m.source, &p), 0);
        assert_int_equal(p.trailing, 0x1801 - 0x800 - 0x28C);
}

static void test_something_else(void **state)
{
        static uint8_t zeros[8192];
        MemorySource m;
        Preloader p;

        assert_int_equal(preloader_read(memory_source_init(&m, zeros, sizeof(zeros)), &p), -ENOENT);
        assert_int_equal(preloader_read(memory_source_init(&m, zeros, 0), &p), -ENOENT);
}

static void test_every_truncation(void **state)
{
        static const char *const names[] = { "examples/boot1-emmc.bin", "examples/boot1-ufs.bin",
                "examples/preloader_demo.bin" };
        Preloader p;

        for (size_t i = 0; i < ELEMENTS(names); i++) {
                size_t size;
                _cleanup_free_ char *data = data_read(names[i], &size);
                MemorySource m;

                for (size_t n = 0; n < size; n++) {
                        int r = preloader_read(memory_source_init(&m, data, n), &p);

                        assert_true(r == 0 || r == -ENOENT);
                        if (r == 0 && n < p.file.offset + 0x28C)
                                assert_int_not_equal(p.health, PRELOADER_GOOD);
                }
        }
}

TEST_MAIN(cmocka_unit_test(test_emmc_area), cmocka_unit_test(test_ufs_area_and_bare_file),
        cmocka_unit_test(test_make_header), cmocka_unit_test(test_make_header_refuses),
        cmocka_unit_test(test_health), cmocka_unit_test(test_what_lies_behind),
        cmocka_unit_test(test_something_else), cmocka_unit_test(test_every_truncation))
