/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include "format/scatter-build.h"
#include "problems.h"

static Scatter *parse(const char *file_name, const char *text)
{
        Scatter *s = NULL;
        assert_int_equal(scatter_read(file_name, text, strlen(text), &s), 0);
        return s;
}

/* Names and linear addresses only; everything else is known of such phones. */
static void test_emmc(void **state)
{
        _cleanup_(scatter_freep) Scatter *s = parse("/x/MT6589_Android_scatter_emmc.txt",
                "PRELOADER 0x0\n{\n}\nDSP_BL 0x40000\n{\n}\nMBR 0x600000\n{\n}\n"
                "__NODL_NVRAM 0x680000\n{\n}\nBOOTIMG 0x700000\n{\n}\nANDROID 0x800000\n{\n}\n"
                "CUSTOM 0x900000\n{\n}\n__NODL_RSV_BMTPOOL 0xFFFF00A8\n{\n}\n");
        const Layout *l = s->sections[0];

        assert_int_equal(s->dialect, SCATTER_LEGACY);
        assert_string_equal(l->chip, "MT6589");
        assert_int_equal(l->n_parts, 8);
        assert_int_equal(l->n_problems, 0);
        const Partition *p = l->parts;
        assert_int_equal(p[0].region, REGION_BOOT1);
        assert_int_equal(p[0].size, 0x40000);
        assert_string_equal(p[0].file_name, "preloader_<project>.bin");
        assert_string_equal(p[0].type, "SV5_BL_BIN");
        assert_int_equal(p[1].region, REGION_BOOT1);
        assert_int_equal(p[1].offset, 0x40000);
        assert_int_equal(p[2].offset, 0);
        assert_int_equal(p[3].offset, 0x80000);
        assert_string_equal(p[3].name, "NVRAM");
        assert_false(p[3].is_download);
        assert_string_equal(p[3].operation, "BINREGION");
        assert_string_equal(p[4].file_name, "boot.img");
        assert_string_equal(p[5].type, "EXT4_IMG");
        assert_string_equal(p[6].operation, "UPDATE");
        assert_true(p[6].open_end);
        assert_true(p[7].is_reserved && p[7].from_end && p[7].open_end);
        assert_string_equal(p[7].operation, "RESERVED");
}

static void test_nand(void **state)
{
        _cleanup_(scatter_freep) Scatter *s = parse("MT6575_Android_scatter.txt",
                "PRELOADER 0x0\r\n{\r\n}\r\nNVRAM 0x40000\r\n{\r\n}\r\nUSRDATA "
                "0x80000\r\n{\r\n}\r\n");
        const Layout *l = s->sections[0];

        assert_int_equal(l->storage, STORAGE_NAND);
        assert_int_equal(l->parts[0].region, REGION_USER);
        assert_int_equal(l->parts[1].offset, 0x40000);
        assert_string_equal(l->parts[2].type, "YAFFS_IMG");
}

static void test_doubtful(void **state)
{
        _cleanup_(scatter_freep) Scatter *s = parse(
                NULL, "MBR 0x600000\n{\n}\nBOOTIMG 0x500000\n{\n}\nRSV_OTP 0xFFFF0010\n{\n}\n");
        const Layout *l = s->sections[0];

        assert_true(problem_need(l, "does not say its chip")->note);
        assert_int_equal(problem_need(l, "BOOTIMG comes before MBR")->line, 4);
        assert_int_equal(problem_need(l, "RSV_OTP is reserved")->line, 7);
        /* entries of a list in the middle of a config file are not taken */
        _cleanup_(scatter_freep) Scatter *t = parse(NULL,
                "- general: MTK_PLATFORM_CFG\nBOOT 0x0\n{\n}\n- partition_index: SYS0\n"
                "  partition_name: a\n");
        assert_int_equal(t->sections[0]->n_parts, 1);
        assert_int_equal(problem_need(t->sections[0], "stray line")->line, 2);
}

TEST_MAIN(cmocka_unit_test(test_emmc), cmocka_unit_test(test_nand), cmocka_unit_test(test_doubtful))
