/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "protocol/legacy-report.h"

typedef struct Form {
        unsigned n_ids;
        bool wide, extra;
        size_t size;
} Form;

/* Every size that recorded agents send. */
static const Form recorded[] = {
        { 5, false, false, 228 }, /* MT6582, MT6592, MT8135, MT6589 */
        { 5, true, false, 232 },  /* MT6735, MT6752, MT6795, MT8173 */
        { 7, false, false, 232 }, /* MT6572 */
        { 7, true, false, 236 },  /* MT6580, MT6571 */
        { 7, true, true, 240 },   /* MT8127 */
};

static uint8_t *append(uint8_t *p, uint64_t value, size_t size)
{
        for (size_t i = 0; i < size; i++)
                p[i] = (uint8_t)(value >> 8 * (size - 1 - i));
        return p + size;
}

static size_t make(uint8_t *data, const Form *form)
{
        uint8_t *p = data;

        memset(data, 0, LEGACY_REPORT_MAX);
        p = append(p, 0xbc3, 4) + 24;
        p = append(p, 0xbc4, 4);
        p = append(p, 0, 1);
        p = append(p, 0xffff, 2);
        p = append(p, 0, form->wide ? 8 : 4);
        p = append(p, form->n_ids, 2) + 2 * form->n_ids + 9;
        p = append(p, 0, 4);
        p = append(p, 0x400000, 8);
        p = append(p, 0x400001, 8);
        p = append(p, 0x1000000, 8);
        for (unsigned i = 0; i < 4; i++)
                p = append(p, i * 0x10000, 8);
        p = append(p, 0x3ab400000, 8);
        p = append(p, 0x4e000115, 4);
        p = append(p, 0x3030534a, 4);
        p = append(p, 0x4d, 4);
        p = append(p, 0, 4);
        p = append(p, 0x0100000000000000, 8);
        p = append(p, 0xc4f, 4) + 24;
        p = append(p, 0, 4);
        p = append(p, 0x40000, 4);
        p = append(p, 0, 4);
        p = append(p, 0x0200, 2);
        p = append(p, 0x20000000, 8);
        p = append(p, 0xfa7b5f0ae9d55212, 8);
        p = append(p, 0x0abbad92e4dfda3b, 8);
        if (form->extra)
                p = append(p, 0x11223344, 4);
        p = append(p, 0x5a, 1);
        p = append(p, 0xc0c, 4);
        p = append(p, 0x409, 4);
        p = append(p, 0xc1, 1);
        return (size_t)(p - data);
}

/* The phone of the seed report, in every form: the parser asks for bytes until it knows the form, and
 * never for more than the phone sends. */
static void test_forms(void **state)
{
        for (size_t i = 0; i < ELEMENTS(recorded); i++) {
                uint8_t data[LEGACY_REPORT_MAX];
                LegacyReport r;
                size_t size = 0, more = 0, total = make(data, &recorded[i]);

                assert_int_equal(total, recorded[i].size);
                while (legacy_report_try(data, size, recorded[i].n_ids, &r, &more) == 0) {
                        size += more;
                        assert_true(size <= total);
                }
                assert_int_equal(size, total);
                assert_int_equal(r.size, total);
                assert_true(r.user == 0x3ab400000);
                assert_true(r.boot1 == 0x400000 && r.boot2 == 0x400001 && r.rpmb == 0x1000000);
                assert_true(r.gp[3] == 0x30000);
                assert_memory_equal(r.cid, "\x15\x01\x00NJS00M\0\0\0", 12);
                assert_int_equal(r.fw_version[0], 1);
                assert_true(r.dram_size == 0x20000000 && r.sram_size == 0x40000);
                assert_int_equal(r.random_id[8], 0x0a);
                assert_int_equal(r.has_extra, recorded[i].extra);
                assert_int_equal(r.extra, recorded[i].extra ? 0x11223344 : 0);
                assert_int_equal(r.download_status, 0xc0c);
                assert_int_equal(r.boot_style, 0x409);
                assert_true(r.soc_ok);
        }
}

/* Forms nobody has recorded, but which follow from the parts: no ids at all, many of them. */
static void test_other_forms(void **state)
{
        static const Form forms[] = { { 0, false, false, 218 }, { 0, true, false, 222 },
                { 0, true, true, 226 }, { 5, false, true, 232 }, { 32, true, true, 290 } };

        for (size_t i = 0; i < ELEMENTS(forms); i++) {
                uint8_t data[LEGACY_REPORT_MAX];
                LegacyReport r;
                size_t size = 0, more = 0, total = make(data, &forms[i]);

                assert_int_equal(total, forms[i].size);
                while (legacy_report_try(data, size, forms[i].n_ids, &r, &more) == 0)
                        size += more;
                assert_int_equal(size, total);
                assert_true(r.user == 0x3ab400000);
        }
}

static void test_bad_forms(void **state)
{
        uint8_t data[LEGACY_REPORT_MAX];
        LegacyReport r;
        size_t more, total = make(data, &recorded[1]);

        /* another number of ids than in the hello */
        data[28 + 7 + 8 + 1] = 7;
        memset(data + total, 0, sizeof data - total);
        assert_int_equal(legacy_report_try(data, sizeof data, 5, &r, &more), -EPROTO);
        /* no closing block */
        total = make(data, &recorded[1]);
        data[total - 10] = 0xa5;
        memset(data + total, 0, sizeof data - total);
        assert_int_equal(legacy_report_try(data, sizeof data, 5, &r, &more), -EPROTO);
        /* more ids than there can be */
        assert_int_equal(legacy_report_try(data, sizeof data, 33, &r, &more), -EPROTO);
        /* "not made for this chip" is a whole report, too */
        total = make(data, &recorded[1]);
        data[total - 1] = 0xcf;
        assert_int_equal(legacy_report_try(data, total, 5, &r, &more), 1);
        assert_false(r.soc_ok);
}

/* The report of a captured MT6577. */
static void test_single_stage(void **state)
{
        static const uint8_t captured[LEGACY_REPORT_A_SIZE] = {
                0,
                0,
                0x0b,
                0xc3,
                0,
                8,
                0xff,
                0xff,
                [28] = 0,
                0,
                0x0b,
                0xc4,
                0,
                0xff,
                0xff,
                [62] = 0,
                0x10,
                [66] = 0,
                0x10,
                [70] = 0,
                2,
                [94] = 0xe9,
                [98] = 0x4e,
                0x00,
                0x01,
                0x15,
                0x30,
                0x30,
                0x53,
                0x4a,
                0,
                0,
                0,
                0x4d,
                [114] = 0,
                0,
                0x0c,
                0x49,
                [146] = 0,
                2,
                [154] = 2,
                [156] = 0x20,
                [160] = 0x1d,
                0x50,
                [176] = 0x5a,
                0,
                0,
                0x0c,
                0x06,
                0,
                0,
                0x04,
                0x09,
                0xc1,
        };
        uint8_t bad[LEGACY_REPORT_A_SIZE];
        LegacyReport r;

        assert_int_equal(legacy_report_a(captured, &r), 0);
        assert_true(r.user == 0xe9000000 && r.boot1 == 0x100000 && r.rpmb == 0x20000);
        assert_memory_equal(r.cid, "\x15\x01\x00NJS00M", 9);
        assert_true(r.dram_size == 0x20000000 && r.sram_size == 0x20000);
        assert_int_equal(r.download_status, 0xc06);
        assert_int_equal(r.boot_style, 0x409);
        assert_false(r.has_fw_version);

        memcpy(bad, captured, sizeof bad);
        bad[176] = 0;
        assert_int_equal(legacy_report_a(bad, &r), -EPROTO);
        bad[176] = 0x5a;
        bad[185] = 0;
        assert_int_equal(legacy_report_a(bad, &r), -EPROTO);
}

TEST_MAIN(cmocka_unit_test(test_forms), cmocka_unit_test(test_other_forms),
        cmocka_unit_test(test_bad_forms), cmocka_unit_test(test_single_stage))
