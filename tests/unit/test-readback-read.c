/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "data.h"
#include "format/readback-read.h"

static ReadbackFile *read_example(const char *name, Layout *l)
{
        ReadbackFile *f = NULL;
        size_t size;
        _cleanup_free_ char *text = data_read(name, &size);

        assert_int_equal(readback_file_read(text, size, &f, l), 0);
        return f;
}

/* What the tool would read, from where, to where. */
static void test_v5(void **state)
{
        _cleanup_(layout_freep) Layout *l = layout_new();
        _cleanup_(readback_file_freep) ReadbackFile *f =
                read_example("examples/readback_ui_bak-v5-emmc.xml", l);

        assert_string_equal(f->form, "v5");
        assert_string_equal(f->chip, "MT6752");
        assert_string_equal(f->storage, "EMMC");
        assert_int_equal(f->n_entries, 20);
        assert_string_equal(f->entries[0].path, "/backup/p70a/preloader");
        assert_string_equal(f->entries[0].area, "part 1");
        assert_int_equal(f->entries[0].length, 0x40000);
        assert_string_equal(f->entries[19].area, "part 8");
        assert_int_equal(f->entries[2].offset, 0x80000);
        assert_int_equal(l->n_problems, 0);
}

static void test_v6(void **state)
{
        _cleanup_(layout_freep) Layout *l = layout_new();
        _cleanup_(readback_file_freep) ReadbackFile *f =
                read_example("examples/readback-v6.xml", l);

        assert_string_equal(f->form, "v6");
        assert_int_equal(f->n_entries, 3);
        assert_string_equal(f->entries[0].area, "UFS-LUA0");
        assert_string_equal(f->entries[2].path, "/backup/demo/nvram.bin");
        assert_int_equal(f->entries[2].length, 0x4000000);
        assert_true(f->entries[2].enabled);
}

static void test_console(void **state)
{
        _cleanup_(layout_freep) Layout *l = layout_new();
        _cleanup_(readback_file_freep) ReadbackFile *f =
                read_example("examples/console-readback-v6.xml", l);

        assert_string_equal(f->form, "console6");
        assert_int_equal(f->n_entries, 2);
        assert_string_equal(f->entries[0].area, "EMMC-USER");
        assert_string_equal(f->entries[0].path, "/backup/p70a/pgpt");
        assert_string_equal(f->entries[1].area, "nvram");
        assert_true(f->entries[1].by_name);
        f = readback_file_free(f);
        f = read_example("examples/console-readback-v5.xml", l);
        assert_int_equal(f->n_entries, 1);
        assert_int_equal(f->entries[0].length, 0x80000);
        assert_int_equal(l->n_problems, 0);
}

/* What other generators make, and the tool takes in another way than it looks. */
static void test_what_the_tool_would_not_say(void **state)
{
        static const char text[] =
                "<flashtool-config version=\"2.0\"><commands><readback><readback-list>\n"
                "<readback-rom-item readback-index=\"1\" start-address=\"0x0\" "
                "readback-length=\"0x200\""
                " part-id=\"34\">a</readback-rom-item>\n"
                "<readback-rom-item readback-index=\"2\" start-address=\"0xffff0084\""
                " readback-length=\"0x0\" part-id=\"8\">b</readback-rom-item>\n"
                "<readback-rom-item readback-index=\"3\" start-address=\"0x7\" "
                "readback-length=\"zz\">"
                "c</readback-rom-item>\n"
                "</readback-list></readback></commands></flashtool-config>";
        static const unsigned lines[] = { 2, 3, 3, 3, 4, 4, 4, 4 };
        _cleanup_(layout_freep) Layout *l = layout_new();
        _cleanup_(readback_file_freep) ReadbackFile *f = NULL;

        assert_int_equal(readback_file_read(text, sizeof(text) - 1, &f, l), 0);
        assert_int_equal(f->n_entries, 3);
        assert_int_equal(l->n_problems, ELEMENTS(lines));
        for (size_t i = 0; i < ELEMENTS(lines); i++)
                assert_int_equal(l->problems[i].line, lines[i]);
        assert_non_null(strstr(l->problems[0].text, "readback-index 1 instead of 0"));
}

static int read_text(const char *text)
{
        _cleanup_(layout_freep) Layout *l = layout_new();
        ReadbackFile *f = NULL;
        int r = readback_file_read(text, strlen(text), &f, l);

        readback_file_free(f);
        return r;
}

static void test_bad_input(void **state)
{
        assert_int_equal(read_text(""), -EBADMSG);
        assert_int_equal(read_text("<other/>"), -ENOENT);
        assert_int_equal(read_text("<readback-backup>"), -EBADMSG);
        assert_int_equal(read_text("<!DOCTYPE x [<!ENTITY e \"x\">]><readback-backup/>"), -EBADMSG);
        assert_int_equal(read_text("<readback-backup/>"), 0);
        assert_int_equal(read_text("<cflashtool-config><target-file/></cflashtool-config>"), 0);
}

static void test_every_truncation(void **state)
{
        size_t size;
        _cleanup_free_ char *text = data_read("examples/readback-v6.xml", &size);
        _cleanup_(layout_freep) Layout *l = layout_new();
        ReadbackFile *f = NULL;

        for (size_t n = 0; n < size - 1; n++)
                assert_int_equal(readback_file_read(text, n, &f, l), -EBADMSG);
}

TEST_MAIN(cmocka_unit_test(test_v5), cmocka_unit_test(test_v6), cmocka_unit_test(test_console),
        cmocka_unit_test(test_what_the_tool_would_not_say), cmocka_unit_test(test_bad_input),
        cmocka_unit_test(test_every_truncation))
