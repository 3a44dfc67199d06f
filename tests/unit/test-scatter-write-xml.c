/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <string.h>

#include "data.h"
#include "format/scatter.h"

/* The example was made by other hands: the same from the root element on. */
static void test_same_xml(void **state)
{
        size_t size, size2;
        _cleanup_free_ char *text = data_read("examples/MT6893_Android_scatter.xml", &size);
        _cleanup_(scatter_freep) Scatter *s = NULL;
        _cleanup_free_ char *out = NULL;

        assert_int_equal(scatter_read(NULL, text, size, &s), 0);
        assert_int_equal(scatter_write(SCATTER_XML, s->sections, s->n_sections, &out, &size2), 0);
        assert_string_equal(strstr(out, "<root>"), strstr(text, "<root>"));
}

/* Names with what XML reads as markup survive. */
static void test_escapes(void **state)
{
        _cleanup_(layout_freep) Layout *l = layout_new();
        _cleanup_(scatter_freep) Scatter *s = NULL;
        _cleanup_free_ char *out = NULL;
        size_t size;

        l->storage = STORAGE_EMMC;
        layout_add(l, "a<b>&\"c\" \xc3\xa9")->size = 1;
        assert_int_equal(scatter_write(SCATTER_XML, &l, 1, &out, &size), 0);
        assert_non_null(strstr(out, "<partition_name>a&lt;b&gt;&amp;"));
        assert_int_equal(scatter_read(NULL, out, size, &s), 0);
        assert_string_equal(s->sections[0]->parts[0].name, "a<b>&\"c\" \xc3\xa9");
}

TEST_MAIN(cmocka_unit_test(test_same_xml), cmocka_unit_test(test_escapes))
