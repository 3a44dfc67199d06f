/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "basic/bytes.h"
#include "data.h"
#include "format/feature-rom.h"

/* The parts of a dump are found by their headers, the loaders proven by their hash. */
static void test_demo(void **state)
{
        static const struct {
                uint64_t offset;
                uint32_t length;
                uint16_t type;
                GfhHash hash;
        } expected[] = {
                { 0x800, 0x1164, GFH_TYPE_ARM_BL, GFH_HASH_GOOD },
                { 0x2400, 0x2884, GFH_TYPE_ARM_EXT_BL, GFH_HASH_GOOD },
                { 0x8000, 0x3370, GFH_TYPE_PRIMARY_MAUI, GFH_HASH_NONE },
                { 0xB770, 0x1D74, GFH_TYPE_VIVA, GFH_HASH_NONE },
        };
        size_t size;
        _cleanup_free_ char *data = data_read("examples/feature-demo61-head.bin", &size);
        MemorySource m;
        FeatureRom rom;

        assert_int_equal(
                feature_rom_read(memory_source_init(&m, data, size), FEATURE_ROM_SMALLEST, &rom),
                0);
        assert_true(rom.has_header);
        assert_false(rom.wrapped);
        assert_int_equal(rom.n_files, ELEMENTS(expected));
        for (size_t i = 0; i < ELEMENTS(expected); i++) {
                const FeatureFile *f = &rom.files[i];

                assert_int_equal(f->file.offset, expected[i].offset);
                assert_int_equal(f->file.file_len, expected[i].length);
                assert_int_equal(f->file.file_type, expected[i].type);
                assert_int_equal(f->hash, expected[i].hash);
                assert_false(f->broken || f->overlaps || f->displaced);
        }
}

static void test_wrapped(void **state)
{
        size_t size;
        _cleanup_free_ char *data = data_read("examples/feature-phone-dump-wrapped.bin", &size);
        MemorySource m;
        FeatureRom rom;

        assert_int_equal(feature_rom_read(memory_source_init(&m, data, size), 0x1000, &rom), 0);
        assert_true(rom.wrapped);
        assert_int_equal(rom.size, 0x4000);
        assert_int_equal(rom.n_files, 3);
        assert_int_equal(rom.files[0].file.offset, 0x800);
        assert_int_equal(rom.files[1].file.offset, 0x1000);
        assert_int_equal(rom.files[2].file.offset, 0x2000);
        for (size_t i = 0; i < 3; i++)
                assert_int_equal(rom.files[i].hash, GFH_HASH_GOOD);
        data[size / 2 + 99] ^= 1; /* halves that differ are no repetition */
        assert_int_equal(feature_rom_read(&m.source, 0x1000, &rom), 0);
        assert_false(rom.wrapped);
        assert_int_equal(rom.n_files, 6);
}

static void test_blank_halves_are_no_repetition(void **state)
{
        static uint8_t blank[0x8000];
        MemorySource m;
        uint64_t size;

        memset(blank, 0xFF, sizeof(blank));
        assert_int_equal(
                feature_rom_size(memory_source_init(&m, blank, sizeof(blank)), 0x1000, &size), 0);
        assert_int_equal(size, sizeof(blank));
        assert_int_equal(feature_rom_size(memory_source_init(&m, blank, 0x5000), 0x1000, &size), 0);
        assert_int_equal(size, 0x5000);
}

static void test_damage(void **state)
{
        size_t size;
        _cleanup_free_ char *data = data_read("examples/feature-demo61-head.bin", &size);
        MemorySource m;
        FeatureRom rom;

        data[0x900] ^= 1;
        put_le32((uint8_t *)data + 0x8000 + 0x1C, 0x10009000); /* load address of the ROM */
        put_le32((uint8_t *)data + 0xB770 + 0x20, 0xFFFFFFFF); /* length of VIVA */
        assert_int_equal(
                feature_rom_read(memory_source_init(&m, data, size), FEATURE_ROM_SMALLEST, &rom),
                0);
        assert_int_equal(rom.n_files, 4);
        assert_int_equal(rom.files[0].hash, GFH_HASH_BAD);
        assert_true(rom.files[2].displaced);
        assert_true(rom.files[3].broken);
        /* cut inside the ROM */
        assert_int_equal(
                feature_rom_read(memory_source_init(&m, data, 0xA000), FEATURE_ROM_SMALLEST, &rom),
                0);
        assert_int_equal(rom.n_files, 3);
        assert_true(rom.files[2].broken);
        assert_int_equal(
                feature_rom_read(memory_source_init(&m, data, 0x400), FEATURE_ROM_SMALLEST, &rom),
                -ENOENT);
        m.source.size = FEATURE_ROM_LARGEST + 1;
        assert_int_equal(feature_rom_read(&m.source, FEATURE_ROM_SMALLEST, &rom), -EFBIG);
}

TEST_MAIN(cmocka_unit_test(test_demo), cmocka_unit_test(test_wrapped),
        cmocka_unit_test(test_blank_halves_are_no_repetition), cmocka_unit_test(test_damage))
