/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "format/xml-input.h"

/* everything the handler was told, as one text */
typedef struct Told {
        char text[4096];
        int stop_at; /* this many calls are answered with 0 */
} Told;

static int _printf_(2, 3) tell(Told *t, const char *format, ...)
{
        size_t n = strlen(t->text);
        va_list ap;

        va_start(ap, format);
        vsnprintf(t->text + n, sizeof(t->text) - n, format, ap);
        va_end(ap);
        return t->stop_at-- > 0 ? 0 : -ECANCELED;
}

static int on_start(void *userdata, unsigned line, const char *element, const char *name)
{
        return tell(userdata, "<%s%s%s@%u>", element, name ? "=" : "", name ?: "", line);
}

static int on_leaf(void *userdata, unsigned line, const char *element, const char *text)
{
        return tell(userdata, "%s[%s]@%u ", element, text, line);
}

static void on_broken(void *userdata, unsigned line, const char *text)
{
        tell(userdata, "!%u:%s", line, text);
}

static const XmlHandler handler = { on_start, on_leaf, on_broken };

static int run(const char *text, Told *t)
{
        *t = (Told){ .stop_at = 1000 };
        return xml_input_read(text, strlen(text), "root", &handler, t);
}

/* Starts of elements with their attribute "name", and texts of those without children. */
static void test_walk(void **state)
{
        Told t;

        assert_int_equal(
                run("<root>\n<a name=\"x\"><b> one &amp; two </b>\n<c/></a></root>", &t), 0);
        assert_string_equal(t.text, "<root@1><a=x@2><b@2>b[one & two]@2 <c@3>c[]@3 ");
}

static void test_mixed(void **state)
{
        Told t;

        assert_int_equal(
                run("<root><a>x<b>y</b>z</a><!-- no --><d><![CDATA[<raw>]]></d></root>", &t), 0);
        assert_string_equal(t.text, "<root@1><a@1><b@1>b[y]@1 <d@1>d[<raw>]@1 ");
        assert_int_equal(run("<root><a>x\x7f\ty</a></root>", &t), 0);
        assert_non_null(strstr(t.text, "a[x??y]"));
}

static void test_wrong(void **state)
{
        static const struct {
                const char *text;
                int result;
                const char *told;
        } rows[] = {
                { "", -EBADMSG, NULL },
                { "text", -EBADMSG, NULL },
                { "<other/>", -EBADMSG, NULL },
                { "<root", 0, "!1:" },
                { "<root><a>", 0, "!1:" },
                { "<root>\n<a></b></root>", 0, "!2:" },
                { "<root><a>&nothing;</a></root>", 0, "!1:" },
                { "<!DOCTYPE root><root><a>b</a></root>", -EBADMSG, NULL },
                { "<root><a>b</a></root>trailing", 0, "!1:" },
        };

        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                Told t;
                if (run(rows[i].text, &t) != rows[i].result)
                        fail_msg("%s", rows[i].text);
                if (rows[i].told && !strstr(t.text, rows[i].told))
                        fail_msg("%s: %s", rows[i].text, t.text);
        }
}

static void test_bounds(void **state)
{
        char deep[1000] = "<root>", text[4000];
        Told t;

        for (int i = 0; i < 2 * XML_DEPTH_MAX; i++)
                strncat(deep, "<a>", sizeof(deep) - strlen(deep) - 1);
        assert_int_equal(run(deep, &t), 0);
        assert_non_null(strstr(t.text, "nested too deeply"));

        snprintf(text, sizeof(text), "<root><a>%03000d</a></root>", 0);
        assert_int_equal(run(text, &t), 0);
        assert_int_equal(strspn(strchr(t.text, '[') + 1, "0"), XML_TEXT_MAX - 1);
}

/* What a handler returns ends the reading. */
static void test_stop(void **state)
{
        for (int calls = 0; calls < 4; calls++) {
                Told t = { .stop_at = calls };
                static const char text[] = "<root><a>b</a><c/></root>";
                assert_int_equal(
                        xml_input_read(text, sizeof(text) - 1, "root", &handler, &t), -ECANCELED);
        }
}

TEST_MAIN(cmocka_unit_test(test_walk), cmocka_unit_test(test_mixed), cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_bounds), cmocka_unit_test(test_stop))
