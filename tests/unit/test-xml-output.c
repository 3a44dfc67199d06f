/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <string.h>

#include "format/xml-output.h"

/* Elements are started and ended; attributes and texts belong to the one that is open. */
static void test_document(void **state)
{
        _cleanup_(xml_output_freep) XmlOutput *x = xml_output_new("UTF-8", 4);
        _cleanup_free_ char *text = NULL;
        size_t size;

        xml_output_start(x, "a");
        xml_output_attribute(x, "version", "1.0");
        xml_output_start(x, "b");
        xml_output_attributef(x, "n", "0x%04x", 18);
        xml_output_text(x, "D:\\x & <y>");
        xml_output_end(x);
        xml_output_leaf(x, "c", "");
        assert_int_equal(xml_output_finish(x, &text, &size), 0);
        assert_string_equal(text,
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                "<a version=\"1.0\">\n"
                "    <b n=\"0x0012\">D:\\x &amp; &lt;y&gt;</b>\n"
                "    <c></c>\n"
                "</a>\n");
        assert_int_equal(size, strlen(text));
        assert_null(xml_output_free(NULL));
}

/* What no XML can hold does not get into it. */
static void test_cleaning(void **state)
{
        _cleanup_(xml_output_freep) XmlOutput *x = xml_output_new("UTF-8", 0);
        _cleanup_free_ char *text = NULL;
        size_t size;

        xml_output_start(x, "a");
        xml_output_attribute(x, "n", "\x01\n\"'\xff");
        xml_output_text(x, "\xe9 \xc3\xa9 \x1b");
        assert_int_equal(xml_output_finish(x, &text, &size), 0);
        assert_non_null(strstr(text, "<a n=\"??&quot;'?\">? \xc3\xa9 ?</a>"));
}

TEST_MAIN(cmocka_unit_test(test_document), cmocka_unit_test(test_cleaning))
