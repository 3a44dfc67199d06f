/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "protocol/xml-info.h"

static int parse(const char *text, StorageInfo *ret)
{
        *ret = (StorageInfo){ .rpmb_key = -1 };
        return xml_hw_info(xml_text(text, strlen(text)), ret);
}

/* UFS, agent of 2022. */
static void test_ufs(void **state)
{
        StorageInfo info;

        assert_int_equal(
                parse("<?xml version=\"1.0\" encoding=\"utf-8\"?><da_hw_info><version>1.2</version>"
                      "<ram_size>0x200000000</ram_size><battery_voltage>3810</battery_voltage>"
                      "<random_id>4340BFEBF6ACE4E325F71F7D37AB15AA</random_id><product_id>"
                      "</product_id><storage>UFS</storage><ufs><block_size>0x1000</block_size>"
                      "<lua0_size>0x400000</lua0_size><lua1_size>0x400000</lua1_size>"
                      "<lua2_size>0xee5800000</lua2_size><lua3_size>0</lua3_size>"
                      "<ufs_vendor_id>0x1ce</"
                      "ufs_vendor_id><ufs_cid>4B4C554347344A3145442D4230433100"
                      "</ufs_cid><ufs_fwver>30323030</ufs_fwver></ufs></da_hw_info>",
                        &info),
                0);
        assert_int_equal(info.type, STORAGE_UFS);
        assert_int_equal(info.block_size, 4096);
        assert_int_equal(info.n_regions, 3);
        assert_int_equal(info.regions[2].kind, REGION_USER);
        assert_true(info.regions[2].size == 0xee5800000 && info.regions[2].readable);
        assert_memory_equal(info.cid, "KLUCG4J1ED-B0C1", 16);
        assert_int_equal(info.n_cid, 16);
        assert_memory_equal(info.fw_version, "0200", 4);
        assert_true(info.dram_size == 0x200000000);
        assert_int_equal(info.battery_mv, 3810);
        assert_string_equal(xml_section(info.type, REGION_USER), "UFS-LUA2");
}

/* eMMC; older agents turn the bytes of each word of the id. */
static void test_emmc(void **state)
{
        StorageInfo info;

        assert_int_equal(
                parse("<da_hw_info><storage>EMMC</storage><emmc><block_size>0x200</block_size>"
                      "<boot1_size>0x400000</boot1_size><boot2_size>0x400000</boot2_size>"
                      "<rpmb_size>0x1000000</rpmb_size><user_size>0x1d1ec00000</user_size>"
                      "<gp1_size>0x100000</gp1_size><gp2_size>0</gp2_size>"
                      "<id>53000115454D45494300001041302078</id></emmc></da_hw_info>",
                        &info),
                0);
        assert_int_equal(info.n_regions, 5);
        assert_int_equal(info.cid[0], 0x15);
        assert_int_equal(info.cid[3], 'S');
        for (size_t i = 0; i < info.n_regions; i++)
                assert_int_equal(info.regions[i].readable, info.regions[i].kind != REGION_RPMB);
        assert_null(xml_section(STORAGE_EMMC, REGION_RPMB));
        assert_string_equal(xml_section(STORAGE_EMMC, REGION_GP1), "EMMC-GP1");
        assert_string_equal(xml_end_name(REGION_BOOT2), "preloader_backup");
        assert_null(xml_end_name(REGION_GP1));
}

static void test_nand(void **state)
{
        StorageInfo info;

        assert_int_equal(
                parse("<da_hw_info><storage>NAND</storage><nand><block_size>0x20000</block_size>"
                      "<page_size>0x1000</page_size><spare_size>0x100</spare_size>"
                      "<total_size>0x20000000</total_size></nand></da_hw_info>",
                        &info),
                0);
        assert_int_equal(info.block_size, 4096);
        assert_int_equal(info.page_size, 4096);
        assert_int_equal(info.spare_size, 256);
        assert_string_equal(xml_section(info.type, REGION_USER), "NAND-WHOLE");
}

static void test_nonsense(void **state)
{
        static const struct {
                const char *text;
                int error;
        } cases[] = {
                { "<da_hw_info><storage>NONE</storage></da_hw_info>", -ENODEV },
                { "<da_hw_info></da_hw_info>", -EPROTO },
                { "<da_hw_info><storage>TAPE</storage></da_hw_info>", -EPROTO },
                { "<da_hw_info><storage>EMMC</storage></da_hw_info>", -EPROTO },
                { "<da_hw_info><storage>EMMC</storage><emmc></emmc></da_hw_info>", -EPROTO },
                { "<storage>EMMC</storage><emmc><user_size>0xffffffffffffffff</user_size></emmc>",
                        -EPROTO },
                { "<storage>EMMC</storage><emmc><user_size>0x201</user_size></emmc>", -EPROTO },
                { "<storage>UFS</storage><ufs><lua2_size>-1</lua2_size></ufs>", -EPROTO },
                /* without the area everything is in, or with one whose size nobody can tell */
                { "<storage>EMMC</storage><emmc><boot1_size>0x400000</boot1_size></emmc>",
                        -EPROTO },
                { "<storage>UFS</storage><ufs><lua0_size>0x400000</lua0_size>"
                  "<lua2_size>0</lua2_size></ufs>",
                        -EPROTO },
                { "<storage>EMMC</storage><emmc><boot1_size>4 MiB</boot1_size>"
                  "<user_size>0x400000</user_size></emmc>",
                        -EPROTO },
                { "", -EPROTO },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                StorageInfo info;

                assert_int_equal(parse(cases[i].text, &info), cases[i].error);
        }
}

static void test_table(void **state)
{
        static const char table[] =
                "<?xml version=\"1.0\"?><partition_table version=\"1.0\"><pt><name>proinfo</name>"
                "<start>0x8000</start><size>0x300000</size></pt><pt><name>misc</name>"
                "<start>0x308000</start><size>0x80000</size></pt></partition_table>";
        static const char *const bad[] = { "", "<pt></pt>",
                "<partition_table><pt><name>a</name></pt></partition_table>",
                "<partition_table><pt><start>0</start><size>1</size></pt></partition_table>" };
        _cleanup_(layout_freep) Layout *l = layout_new();

        assert_int_equal(xml_partition_table(xml_text(table, sizeof table - 1), l), 0);
        assert_int_equal(l->n_parts, 2);
        assert_string_equal(l->parts[0].name, "proinfo");
        assert_true(l->parts[1].offset == 0x308000 && l->parts[1].size == 0x80000);
        assert_int_equal(l->parts[0].region, REGION_USER);
        for (size_t i = 0; i < ELEMENTS(bad); i++) {
                _cleanup_(layout_freep) Layout *none = layout_new();

                assert_int_equal(
                        xml_partition_table(xml_text(bad[i], strlen(bad[i])), none), -EPROTO);
        }
}

TEST_MAIN(cmocka_unit_test(test_ufs), cmocka_unit_test(test_emmc), cmocka_unit_test(test_nand),
        cmocka_unit_test(test_nonsense), cmocka_unit_test(test_table))
