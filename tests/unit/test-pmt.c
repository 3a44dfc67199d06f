/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "basic/bytes.h"
#include "data.h"
#include "format/pmt.h"
#include "problems.h"

static void assert_demo(const Layout *l)
{
        static const char *const names[] = { "PRELOADER", "MBR", "EBR1", "NVRAM", "UBOOT",
                "BOOTIMG", "ANDROID", "USRDATA", "BMTPOOL" };

        assert_int_equal(l->n_parts, ELEMENTS(names));
        for (size_t i = 0; i < ELEMENTS(names); i++)
                assert_string_equal(l->parts[i].name, names[i]);
        assert_int_equal(l->parts[0].region, REGION_BOOT1);
        assert_int_equal(l->parts[6].offset, 0xc60000);
        assert_int_equal(l->parts[6].size, 0x20000000);
        assert_int_equal(l->parts[3].class, CLASS_IDENTITY);
        assert_true(l->parts[8].from_end && l->parts[8].unplaced);
        assert_int_equal(l->parts[8].end_blocks, 0xa8);
}

/* Both versions of the table name the same nine partitions. */
static void test_versions(void **state)
{
        for (unsigned v = 1; v <= 3; v += 2) {
                _cleanup_(layout_freep) Layout *l = NULL;
                char name[40];
                size_t size;
                MemorySource m;
                PmtFacts facts;

                snprintf(name, sizeof(name), "examples/pmt-v%u.bin", v);
                _cleanup_free_ char *data = data_read(name, &size);
                assert_int_equal(pmt_read(memory_source_init(&m, data, size), 0, &l, &facts), 0);
                assert_int_equal(facts.version, v);
                assert_int_equal(facts.record_size, v == 1 ? 88 : 96);
                assert_int_equal(facts.first_record, v == 1 ? 4 : 8);
                assert_demo(l);
        }
}

/* Records from byte 8, numbers of 32 bits. */
static void test_other_shapes(void **state)
{
        for (int narrow = 0; narrow < 2; narrow++)
                for (unsigned first = 4; first <= 8; first += 4) {
                        uint8_t table[4096] = "1vTP";
                        unsigned size = narrow ? 76 : 88;
                        for (size_t i = 0; i < 3; i++) {
                                uint8_t *r = table + first + i * size;
                                snprintf((char *)r, 64, "part%zu", i);
                                if (narrow) {
                                        put_le32(r + 64, 0x1000);
                                        put_le32(r + 68, (uint32_t)(0x1000 * i));
                                } else {
                                        put_le64(r + 64, 0x1000);
                                        put_le64(r + 72, 0x1000 * i);
                                }
                        }
                        _cleanup_(layout_freep) Layout *l = NULL;
                        MemorySource m;
                        PmtFacts facts;
                        Source *s = memory_source_init(&m, table, sizeof(table));
                        assert_int_equal(pmt_read(s, 0, &l, &facts), 0);
                        assert_int_equal(facts.first_record, first);
                        assert_int_equal(facts.record_size, size);
                        assert_int_equal(l->n_parts, 3);
                        assert_int_equal(l->parts[2].offset, 0x2000);
                        assert_int_equal(l->parts[2].size, 0x1000);
                        assert_int_equal(l->storage, narrow ? STORAGE_NAND : STORAGE_EMMC);
                }
}

/* In a flash the table lies somewhere, with its mirror somewhere else. */
static void test_find(void **state)
{
        enum { SIZE = 8 * 1024 * 1024 };
        static const struct {
                size_t at, mirror;
        } rows[] = { { 0x100000, 0x120000 }, { SIZE - 0x100000, SIZE - 0x40000 },
                { 0x350000, 0x10000 } };
        size_t size;
        _cleanup_free_ char *table = data_read("examples/pmt-v1.bin", &size);

        for (size_t i = 0; i < ELEMENTS(rows); i++)
                for (int broken = 0; broken < 2; broken++) {
                        _cleanup_free_ char *flash = calloc(1, SIZE);
                        _cleanup_(layout_freep) Layout *l = NULL;
                        MemorySource m;
                        PmtFacts facts;
                        memcpy(flash + rows[i].at, table, size);
                        memcpy(flash + rows[i].mirror, table, size);
                        memcpy(flash + rows[i].mirror, "1TPM", 4);
                        flash[rows[i].mirror + 70] ^= (char)broken;
                        Source *s = memory_source_init(&m, flash, SIZE);
                        assert_int_equal(pmt_find(s, &l, &facts), 0);
                        assert_int_equal(
                                facts.offset + facts.mirror_offset, rows[i].at + rows[i].mirror);
                        assert_true(facts.mirror_found);
                        assert_int_equal(facts.mirror_equal, !broken);
                        assert_true((problem_find(l, "differ") != NULL) == broken);
                        assert_int_equal(l->n_parts, 9);
                        assert_true(s->bytes_read < 64 * 1024);
                }
}

/* Offsets that count through all areas are brought down to the user area. */
static void test_linear(void **state)
{
        size_t size;
        _cleanup_free_ char *table = data_read("examples/pmt-v1.bin", &size);
        _cleanup_(layout_freep) Layout *l = NULL;
        MemorySource m;
        PmtFacts facts;

        for (size_t i = 1; i < 8; i++) {
                uint8_t *offset = (uint8_t *)table + 4 + i * 88 + 72;
                put_le64(offset, get_le64(offset) + 0x1400000);
        }
        assert_int_equal(pmt_read(memory_source_init(&m, table, size), 0, &l, &facts), 0);
        assert_demo(l);
        assert_int_equal(l->parts[6].linear_address, 0xc60000 + 0x1400000);
}

static void test_nothing(void **state)
{
        static uint8_t zeros[300000];
        uint8_t odd[200] = "1vTP";
        MemorySource m;
        Layout *l = NULL;
        PmtFacts facts;

        assert_int_equal(
                pmt_find(memory_source_init(&m, zeros, sizeof(zeros)), &l, &facts), -ENOENT);
        assert_int_equal(pmt_find(memory_source_init(&m, zeros, 0), &l, &facts), -ENOENT);
        assert_int_equal(pmt_find(memory_source_init(&m, odd, sizeof(odd)), &l, &facts), -EBADMSG);
        memset(odd + 4, 0xff, sizeof(odd) - 4);
        assert_int_equal(pmt_find(memory_source_init(&m, odd, sizeof(odd)), &l, &facts), -EBADMSG);
        assert_int_equal(pmt_find(memory_source_init(&m, odd, 3), &l, &facts), -ENOENT);
        assert_null(l);
}

static void test_truncated(void **state)
{
        size_t size;
        _cleanup_free_ char *table = data_read("examples/pmt-v3.bin", &size);

        for (size_t n = 0; n < 1000; n++) {
                _cleanup_free_ char *cut = malloc(n + 1);
                _cleanup_(layout_freep) Layout *l = NULL;
                MemorySource m;
                PmtFacts facts;
                memcpy(cut, table, n);
                int r = pmt_find(memory_source_init(&m, cut, n), &l, &facts);
                assert_int_equal(r, n < 4 ? -ENOENT : n < 8 + 96 ? -EBADMSG : 0);
                if (r == 0)
                        assert_int_equal(l->n_parts, MIN((n - 8) / 96, (size_t)9));
        }
}

TEST_MAIN(cmocka_unit_test(test_versions), cmocka_unit_test(test_other_shapes),
        cmocka_unit_test(test_find), cmocka_unit_test(test_linear), cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_truncated))
