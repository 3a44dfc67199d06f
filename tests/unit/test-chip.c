/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "profile/chip.h"

/* The chip behind a hardware code, and the other way round by any of its names. */
static void test_lookup(void **state)
{
        const Chip *c = chip_by_code(0x0766);

        assert_string_equal(c->name, "MT6765");
        assert_string_equal(c->names, "MT6765/MT8768t");
        assert_string_equal(c->marketing, "Helio P35/G35");
        assert_int_equal(c->da_code, 0x6765);
        assert_int_equal(c->family, DA_XFLASH);
        assert_int_equal(c->wdt_addr, 0x10007000);
        assert_int_equal(c->wdt_width, 32);
        assert_int_equal(c->wdt_off, 0x22000064);
        assert_ptr_equal(chip_by_name("MT6765"), c);
        assert_ptr_equal(chip_by_name("mt8768T"), c);
        assert_string_equal(da_family_to_string(DA_XML), "xml");
        assert_int_equal(da_family_from_string("legacy"), DA_LEGACY);
}

/* A code of the configuration is its chip but for the code, also for profiles of that chip. */
static void test_extra(void **state)
{
        static const struct {
                const char *text;
                int r;
        } rows[] = { { "", -EINVAL }, { "0x", -EINVAL }, { "0x=MT6765", -EINVAL },
                { "0x-1=MT6765", -EINVAL }, { "0x10000=MT6765", -EINVAL },
                { "0x0=MT6765", -EINVAL }, { "1234=MT6765", -EINVAL }, { "0x1234", -EINVAL },
                { "0x1234=", -ENOENT }, { "0x1234=MT1", -ENOENT }, { "0x766=MT6735", -EEXIST } };
        char text[16];

        for (size_t i = 0; i < ELEMENTS(rows); i++)
                assert_int_equal(chip_extra_add(rows[i].text), rows[i].r);
        assert_null(chip_by_code(0x1234));
        assert_int_equal(chip_extra_add("0x1234=MT6735"), 0);
        assert_int_equal(chip_extra_add("0x1234=mt8768t"), 0);

        const Chip *c = chip_by_code(0x1234);

        assert_string_equal(c->name, "MT6765");
        assert_int_equal(c->hw_code, 0x1234);
        assert_int_equal(c->da_code, 0x6765);
        assert_true(chip_has_name(c, "MT8768t"));
        assert_false(chip_has_name(c, "MT6735"));
        for (size_t i = 1; i < CHIP_EXTRA_MAX; i++) {
                snprintf(text, sizeof text, "0xb%02zx=MT6765", i);
                assert_int_equal(chip_extra_add(text), 0);
        }
        assert_int_equal(chip_extra_add("0xbff=MT6765"), -ENOSPC);
        chip_extra_clear();
        assert_null(chip_by_code(0x1234));
}

static void test_names(void **state)
{
        static const struct {
                const char *name;
                uint16_t code;
        } rows[] = { { "MT6589", 0x6583 }, { "MT6735", 0x0321 }, { "MT6735T", 0x0321 },
                { "MT8735A", 0x0321 }, { "MT6750", 0x0601 }, { "MT6750S", 0x0326 },
                { "MT6835", 0x1209 }, { "mt6835v", 0x1209 }, { "MT6757D", 0x0551 },
                { "MT8195", 0x0930 }, { "ELBRUS", 0x0598 }, { "MT6768", 0x0707 },
                { "MT6577", 0x6577 } };

        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                const Chip *c = chip_by_name(rows[i].name);
                if (!c || c->hw_code != rows[i].code)
                        fail_msg("%s: %x", rows[i].name, c ? c->hw_code : 0);
        }
        /* a name that two chips share belongs to both */
        assert_true(chip_has_name(chip_by_code(0x0326), "MT6750"));
        assert_true(chip_has_name(chip_by_code(0x0601), "mt6750"));
        assert_true(chip_has_name(chip_by_code(0x6575), "MT6577"));
        assert_false(chip_has_name(chip_by_code(0x0766), "MT6750"));
}

static void test_unknown(void **state)
{
        assert_null(chip_by_code(0));
        assert_null(chip_by_code(0xffff));
        assert_null(chip_by_name(""));
        assert_null(chip_by_name("MT"));
        assert_null(chip_by_name("MT676"));
        assert_null(chip_by_name("MT9999"));
        assert_null(chip_at(chip_count()));
        assert_int_equal(da_family_from_string("v6"), -ENOENT);
}

/* The code, what was tried, and what to type. */
static void test_unknown_text(void **state)
{
        Failure f = { 0 };

        chip_unknown(&f, 0x4321, 0x8a00, 0xca00, 0x0002, 3);
        assert_int_equal(f.id, ERROR_UNSUPPORTED_CHIP);
        for (const char *const *word = (const char *const[]){ "0x4321", "0x8a00", "0xca00",
                     "0x0002", "95 chips", "there are 3", "chips", NULL };
                *word; word++)
                assert_non_null(strstr(f.text, *word));
        assert_non_null(strstr(f.hint, "mtkbackupctl queue --profile full --chip MT6765"));
        assert_non_null(strstr(f.hint, "chips: [0x4321=MT6765]"));
        /* both arrive whole */
        assert_int_equal(f.text[strlen(f.text) - 1], '.');
        assert_int_equal(f.hint[strlen(f.hint) - 1], '.');
}

static void test_whole_table(void **state)
{
        assert_int_equal(chip_count(), 95);
        for (size_t i = 0; i < chip_count(); i++) {
                const Chip *c = chip_at(i);
                assert_ptr_equal(chip_by_code(c->hw_code), c);
                assert_true(chip_has_name(c, c->name));
                assert_non_null(chip_by_name(c->name));
                assert_true(c->wdt_width == 0 || c->wdt_width == 16 || c->wdt_width == 32);
                assert_true((c->wdt_addr == 0) == (c->wdt_width == 0));
                assert_true(strlen(c->name) < 32);
        }
}

TEST_MAIN(cmocka_unit_test(test_lookup), cmocka_unit_test(test_extra), cmocka_unit_test(test_names),
        cmocka_unit_test(test_unknown), cmocka_unit_test(test_unknown_text),
        cmocka_unit_test(test_whole_table))
