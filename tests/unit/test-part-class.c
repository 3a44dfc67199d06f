/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <ctype.h>
#include <string.h>

#include "format/part-defaults.h"

static void assert_class(const char *name, PartClass class)
{
        if (part_class_of(name) != class)
                fail_msg("%s: %s instead of %s", name, part_class_to_string(part_class_of(name)),
                        part_class_to_string(class));
}

/* The table decides; slots and numbers count as the name without them. */
static void test_names(void **state)
{
        assert_class("nvram", CLASS_IDENTITY);
        assert_class("NVRAM", CLASS_IDENTITY);
        assert_class("proinfo", CLASS_IDENTITY);
        assert_class("seccfg", CLASS_LOCK);
        assert_class("preloader", CLASS_LOADER);
        assert_class("lk_b", CLASS_LOADER);
        assert_class("boot_a", CLASS_FIRMWARE);
        assert_class("super", CLASS_FIRMWARE);
        assert_class("userdata", CLASS_USER);
        assert_class("para", CLASS_SCRATCH);
        assert_class("pgpt", CLASS_TABLE);
        assert_class("_gap-1d20000", CLASS_GAP);
        assert_string_equal(part_class_to_string(CLASS_IDENTITY), "device-identity");
        assert_int_equal(part_class_from_string("lock-state"), CLASS_LOCK);
}

static void test_relatives(void **state)
{
        assert_class("EBR2", CLASS_TABLE);
        assert_class("nvdata2", CLASS_IDENTITY);
        assert_class("nvcfg_a", CLASS_IDENTITY);
        assert_class("persistbak", CLASS_IDENTITY);
        assert_class("protect3", CLASS_IDENTITY);
        assert_class("oplusreserve1", CLASS_IDENTITY);
        assert_class("seccfg_bak", CLASS_LOCK);
        assert_class("frp_a", CLASS_LOCK);
        assert_class("sec2", CLASS_LOCK);
        assert_class("preloader_raw_a", CLASS_LOADER);
        assert_class("bl2_ext_b", CLASS_LOADER);
        assert_class("tee3", CLASS_FIRMWARE);
        assert_class("cache_a", CLASS_USER);
        assert_class("boot_para_b", CLASS_SCRATCH);
}

/* Unknown and odd names are firmware, never a crash. */
static void test_unknown(void **state)
{
        static const char *const names[] = { "", "_", "_a", "_b", "1", "42", "_1", "a_", "somebody",
                "vendor_dlkm", "apusys_a", "\xff\xfe", "system_ext" };

        for (size_t i = 0; i < ELEMENTS(names); i++)
                assert_class(names[i], CLASS_FIRMWARE);
}

static void test_table(void **state)
{
        assert_true(n_part_defaults > 120);
        for (size_t i = 0; i < n_part_defaults; i++) {
                const PartDefault *d = part_defaults + i;
                assert_ptr_equal(part_default_find(d->name), d);
                assert_true(strlen(d->type) < sizeof(((Partition *)NULL)->type));
                assert_true(strlen(d->operation) < sizeof(((Partition *)NULL)->operation));
                assert_false(d->is_reserved && d->is_download);
                for (const char *p = d->name; *p; p++)
                        assert_false(isupper((unsigned char)*p));
        }
        const PartDefault *b = part_default_find("boot_b");
        assert_string_equal(b->operation, "INVISIBLE");
        assert_string_equal(b->file_name, "");
        assert_false(b->is_download);
        assert_string_equal(part_default_find("BOOT_A")->file_name, "boot.img");
        assert_null(part_default_find("boot_AB"));
        assert_null(part_default_find("boot_ab"));
}

TEST_MAIN(cmocka_unit_test(test_names), cmocka_unit_test(test_relatives),
        cmocka_unit_test(test_unknown), cmocka_unit_test(test_table))
