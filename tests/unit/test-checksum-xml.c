/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "data.h"
#include "format/checksum-xml.h"

/* One file a line; written again it is the same text. */
static void test_example(void **state)
{
        size_t size;
        _cleanup_free_ char *text = data_read("examples/scatter_checksum.xml", &size),
                            *again = NULL;
        _cleanup_(checksum_xml_freep) ChecksumXml *c = NULL;

        assert_int_equal(checksum_xml_read(text, size, &c, NULL), 0);
        assert_int_equal(c->n_entries, 3);
        assert_string_equal(c->entries[0].file, "preloader_demo.bin");
        assert_string_equal(c->entries[0].method, "ADD");
        assert_int_equal(c->entries[0].sum, 0xc0ad961a);
        assert_int_equal(c->entries[2].sum, 0x817e79fd);
        assert_int_equal(checksum_xml_write(c, &again), 0);
        assert_string_equal(again, text);
}

static void test_names_are_escaped(void **state)
{
        _cleanup_(checksum_xml_freep) ChecksumXml *c = checksum_xml_new(), *d = NULL;
        _cleanup_free_ char *text = NULL;
        char longest[300] = "";

        assert_non_null(checksum_xml_add(c, "a & \"b\" <c>.img", 1));
        memset(longest, 'x', 256);
        assert_null(checksum_xml_add(c, longest, 1));
        assert_int_equal(checksum_xml_write(c, &text), 0);
        assert_int_equal(checksum_xml_read(text, strlen(text), &d, NULL), 0);
        assert_string_equal(d->entries[0].file, "a & \"b\" <c>.img");
}

static int read_text(const char *text, Layout *l)
{
        ChecksumXml *c = NULL;
        int r = checksum_xml_read(text, strlen(text), &c, l);

        checksum_xml_free(c);
        return r;
}

static void test_bad_input(void **state)
{
        _cleanup_(layout_freep) Layout *l = layout_new();

        assert_int_equal(read_text("", l), -EBADMSG);
        assert_int_equal(read_text("<scatter><images>", l), -EBADMSG);
        assert_int_equal(read_text("<root/>", l), -ENOENT);
        assert_int_equal(read_text("<scatter/>", l), -ENOENT);
        /* no entities, so that a few bytes cannot become gigabytes */
        assert_int_equal(
                read_text("<!DOCTYPE scatter [<!ENTITY a \"b\">]><scatter><images/></scatter>", l),
                -EBADMSG);
        assert_int_equal(l->n_problems, 0);
        assert_int_equal(
                read_text("<scatter><images>\n<file name=\"a\"/>\n"
                          "<file checksum=\"0x1\"/>\n<file name=\"b\" checksum=\"0x1ffffffff\"/>\n"
                          "<file name=\"c\" checksum=\"zz\"/>\n</images></scatter>",
                        l),
                0);
        assert_int_equal(l->n_problems, 4);
        assert_int_equal(l->problems[1].line, 3);
}

static void test_every_truncation(void **state)
{
        size_t size;
        _cleanup_free_ char *text = data_read("examples/scatter_checksum.xml", &size);

        for (size_t n = 0; n < size - 1; n++) {
                _cleanup_(checksum_xml_freep) ChecksumXml *c = NULL;

                assert_int_equal(checksum_xml_read(text, n, &c, NULL), -EBADMSG);
        }
}

TEST_MAIN(cmocka_unit_test(test_example), cmocka_unit_test(test_names_are_escaped),
        cmocka_unit_test(test_bad_input), cmocka_unit_test(test_every_truncation))
