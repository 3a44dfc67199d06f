/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "format/readback-xml.h"
#include "format/scatter-check.h"
#include "scatter-example.h"

static char *write_list(Layout *l, const ReadbackOptions *o)
{
        ReadbackList list;
        char *text = NULL;
        size_t size;

        assert_int_equal(readback_list(l, o, &list), 0);
        assert_int_equal(readback_write(l, o, &list, &text, &size), 0);
        assert_int_equal(size, strlen(text));
        readback_list_done(&list);
        return text;
}

/* Takes out what two writers of XML may do differently. */
static void squeeze(char *text)
{
        char *out = text;

        for (char *at = text; *at; at++)
                if (!strchr(" \t\r\n", *at))
                        *out++ = *at;
        *out = '\0';
}

static void assert_like_example(char *text, const char *name)
{
        char path[100];
        size_t size;

        snprintf(path, sizeof(path), "examples/%s", name);
        _cleanup_free_ char *example = data_read(path, &size);
        squeeze(text);
        squeeze(example);
        assert_string_equal(text, example);
}

/* The lists of two phones, one with a V1 scatter and eMMC, one with V2 and UFS. */
static void test_v5(void **state)
{
        static const char *const except[] = { "userdata", "sgpt", NULL },
                                 *const only[] = { "preloader", "pgpt", "nvram", NULL };
        _cleanup_(scatter_freep) Scatter *s = scatter_example("MT6752_Android_scatter.txt");
        _cleanup_(scatter_freep) Scatter *t = scatter_example("MT6893_Android_scatter.txt");
        ReadbackOptions o = { .part_id = -1, .folder = "/backup/p70a", .exclude = except };
        Layout *l = s->sections[0];

        layout_set_region(l, REGION_USER, P70A_USER);
        layout_place(l);
        _cleanup_free_ char *text = write_list(l, &o);
        assert_like_example(text, "readback_ui_bak-v5-emmc.xml");

        ReadbackOptions p = { .part_id = -1, .folder = "/backup/demo", .only = only, .v2 = true };
        _cleanup_free_ char *v2 = write_list(scatter_section(t, STORAGE_UFS), &p);
        assert_like_example(v2, "readback_ui_bak-v5-ufs-v2.xml");
}

static void test_v6(void **state)
{
        static const char *const only[] = { "preloader", "pgpt", "nvram", NULL };
        _cleanup_(scatter_freep) Scatter *t = scatter_example("MT6893_Android_scatter.txt");
        ReadbackOptions o = {
                .form = READBACK_V6, .part_id = -1, .only = only, .folder = "/backup/demo"
        };

        _cleanup_free_ char *text = write_list(scatter_section(t, STORAGE_UFS), &o);
        static const char *const expected[] = {
                "<readback-backup version=\"1.0\">",
                "<storage-type>UFS</storage-type>",
                "<readback-item partition-name=\"ROM_0\" enabled=\"true\" region-text=\"UFS-LUA0\" "
                "start-addr=\"0x0000000000000000\" "
                "length=\"0x0000000000080000\">/backup/demo/preloader<",
                "partition-name=\"ROM_1\" enabled=\"true\" region-text=\"UFS-LUA2\"",
                "<auto-readback-list>\n            <readback-item partition-name=\"nvram\"",
        };
        for (size_t i = 0; i < ELEMENTS(expected); i++)
                if (!strstr(text, expected[i]))
                        fail_msg("no %s in %s", expected[i], text);
}

static void test_consoles(void **state)
{
        static const char *const only[] = { "pgpt", NULL },
                                 *const two[] = { "pgpt", "nvram", NULL };
        _cleanup_(scatter_freep) Scatter *s = scatter_example("MT6752_Android_scatter.txt");
        ReadbackOptions o = { .form = READBACK_CONSOLE5,
                .part_id = -1,
                .only = only,
                .folder = "/backup/p70a",
                .agent = "/tool/MTK_AllInOne_DA.bin",
                .scatter = "/rom/MT6752_Android_scatter.txt" };

        _cleanup_free_ char *text = write_list(s->sections[0], &o);
        /* the example writes its numbers shorter */
        char *start = strstr(text, "\"0x0000000000000000\""),
             *length = strstr(text, "\"0x00080000\"");
        assert_non_null(start);
        assert_non_null(length);
        memmove(length + 3, length + 6, strlen(length + 6) + 1);
        memmove(start + 4, start + 19, strlen(start + 19) + 1);
        assert_like_example(text, "console-readback-v5.xml");

        o.form = READBACK_CONSOLE6;
        o.only = two;
        o.flash_xml = "/rom/download_agent/flash.xml";
        _cleanup_free_ char *v6 = write_list(s->sections[0], &o);
        static const char *const expected[] = { "<cflashtool-config version=\"1.0\">",
                "<flash-xml>/rom/download_agent/flash.xml</flash-xml>",
                "<READ-PARTITION version=\"1.0\" partition=\"pgpt\">",
                "<target-file version=\"1.0\" file_type=\"LOCAL_FILE\" "
                "file_name=\"/backup/p70a/nvram\"/>" };
        for (size_t i = 0; i < ELEMENTS(expected); i++)
                if (!strstr(v6, expected[i]))
                        fail_msg("no %s in %s", expected[i], v6);
}

static void test_part_ids(void **state)
{
        assert_int_equal(readback_part_id(STORAGE_EMMC, REGION_BOOT1, false), 1);
        assert_int_equal(readback_part_id(STORAGE_EMMC, REGION_USER, false), 8);
        assert_int_equal(readback_part_id(STORAGE_UFS, REGION_USER, false), 3);
        assert_int_equal(readback_part_id(STORAGE_UFS, REGION_BOOT1_BOOT2, false), 5);
        assert_int_equal(readback_part_id(STORAGE_EMMC, REGION_USER, true), 34);
        assert_int_equal(readback_part_id(STORAGE_UFS, REGION_BOOT2, true), 33);
        assert_int_equal(readback_part_id(STORAGE_NAND, REGION_USER, false), 0);
        assert_string_equal(readback_region_text(STORAGE_EMMC, REGION_BOOT2), "EMMC-BOOT2");
        assert_string_equal(readback_region_text(STORAGE_NAND, REGION_USER), "NAND-WHOLE");
        assert_int_equal(readback_form_from_string("console6"), READBACK_CONSOLE6);
        assert_int_equal(readback_form_from_string("v7"), -ENOENT);
}

static void test_forced_id_and_empty_list(void **state)
{
        static const char *const nothing[] = { "nothing", NULL };
        _cleanup_(scatter_freep) Scatter *s = scatter_example("MT6752_Android_scatter.txt");
        ReadbackOptions o = { .part_id = 77 };

        _cleanup_free_ char *text = write_list(s->sections[0], &o);
        assert_non_null(strstr(text, "part-id=\"77\">preloader<"));
        assert_null(strstr(text, "part-id=\"8\""));
        o.only = nothing;
        _cleanup_free_ char *empty = write_list(s->sections[0], &o);
        assert_null(strstr(empty, "readback-list"));
        assert_non_null(strstr(empty, "<physical-readback is-physical-readback=\"false\"/>"));
}

TEST_MAIN(cmocka_unit_test(test_v5), cmocka_unit_test(test_v6), cmocka_unit_test(test_consoles),
        cmocka_unit_test(test_part_ids), cmocka_unit_test(test_forced_id_and_empty_list))
