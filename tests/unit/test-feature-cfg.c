/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "data.h"
#include "format/feature-cfg.h"

/* The files of each region, in order. */
static void test_example(void **state)
{
        size_t size;
        _cleanup_free_ char *text = data_read("examples/feature-phone-download.cfg", &size);
        _cleanup_(layout_freep) Layout *l = layout_new();
        _cleanup_free_ FeatureCfg *c = NULL;

        assert_int_equal(feature_cfg_read(text, size, &c, l), 0);
        assert_int_equal(c->n_files, 4);
        assert_string_equal(c->files[0].region, "boot");
        assert_string_equal(c->files[0].file, "DEMO_BOOTLOADER.bin");
        assert_string_equal(c->files[1].region, "boot");
        assert_string_equal(c->files[2].region, "main");
        assert_string_equal(c->files[3].file, "VIVA");
        assert_int_equal(l->n_problems, 0);
}

static void test_written_from_a_dump(void **state)
{
        size_t size;
        _cleanup_free_ char *text = data_read("examples/DEMO61_BB.cfg", &size);
        _cleanup_(layout_freep) Layout *l = layout_new();
        _cleanup_free_ FeatureCfg *c = NULL;

        assert_int_equal(feature_cfg_read(text, size, &c, l), 0);
        assert_string_equal(c->platform, "MT6261");
        assert_int_equal(c->n_files, 4);
        assert_int_equal(c->flash_ids, 2);
}

/* Everything a reader has met in the wild. */
static void test_variants(void **state)
{
        size_t size;
        _cleanup_free_ char *text = data_read("examples/feature-cfg-variants.cfg", &size);
        _cleanup_(layout_freep) Layout *l = layout_new();
        _cleanup_free_ FeatureCfg *c = NULL;

        assert_int_equal(feature_cfg_read(text, size, &c, l), 0);
        assert_string_equal(c->platform, "");
        assert_int_equal(c->n_files, 7);
        assert_string_equal(c->files[0].file, "sub\\dir\\BOOT_A.bin");
        assert_string_equal(c->files[1].file, "EXT A.bin");
        assert_string_equal(c->files[2].region, "control_block");
        assert_string_equal(c->files[6].region, "gps_module");
        assert_int_equal(l->n_problems, 1);
        assert_non_null(strstr(l->problems[0].text, "VIVA stands here twice"));
}

static void test_something_else(void **state)
{
        _cleanup_(layout_freep) Layout *l = layout_new();
        FeatureCfg *c = NULL;

        assert_int_equal(feature_cfg_read("general:\n  platform: X\n", 23, &c, l), -ENOENT);
        assert_int_equal(feature_cfg_read("", 0, &c, l), -ENOENT);
        assert_null(c);
}

static void test_every_truncation(void **state)
{
        size_t size;
        _cleanup_free_ char *text = data_read("examples/feature-cfg-variants.cfg", &size);

        for (size_t n = 0; n < size; n++) {
                _cleanup_(layout_freep) Layout *l = layout_new();
                _cleanup_free_ FeatureCfg *c = NULL;
                int r = feature_cfg_read(text, n, &c, l);

                assert_true(r == 0 || r == -ENOENT);
        }
}

TEST_MAIN(cmocka_unit_test(test_example), cmocka_unit_test(test_written_from_a_dump),
        cmocka_unit_test(test_variants), cmocka_unit_test(test_something_else),
        cmocka_unit_test(test_every_truncation))
