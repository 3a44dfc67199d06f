/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>

#include "format/scatter-build.h"
#include "problems.h"

#define HEAD                                                                                       \
        "<?xml version=\"1.0\"?>\n<root><general name=\"MTK_PLATFORM_CFG\">"                       \
        "<config_version name=\"V2.1.0\"><platform>MT6893</platform></config_version></general>\n" \
        "<storage_type name=\"EMMC\">\n"

static Scatter *parse(const char *text)
{
        Scatter *s = NULL;
        assert_int_equal(scatter_read(NULL, text, strlen(text), &s), 0);
        return s;
}

/* Blanks round texts do not count, an element without text is an empty value. */
static void test_entry(void **state)
{
        _cleanup_(scatter_freep) Scatter *s = parse(HEAD
                "<partition_index name=\"SYS0\">\n<partition_name>\n  boot\n</partition_name>\n"
                "<file_name/><partition_size> 0x100 </partition_size>\n"
                "<project_x>1</project_x>\n</partition_index></storage_type></root>");
        const Layout *l = s->sections[0];

        assert_int_equal(s->dialect, SCATTER_XML);
        assert_string_equal(l->chip, "MT6893");
        assert_int_equal(l->n_parts, 1);
        assert_string_equal(l->parts[0].name, "boot");
        assert_int_equal(l->parts[0].size, 0x100);
        assert_int_equal(l->parts[0].line, 4);
        assert_int_equal(problem_need(l, "unknown key \"project_x\"")->line, 9);
}

/* A file that breaks off is read up to there, and says so. */
static void test_broken(void **state)
{
        _cleanup_(scatter_freep) Scatter *s = parse(
                HEAD "<partition_index name=\"SYS0\">\n<partition_name>boot</partition_name>\n"
                     "<type>NORMAL_ROM</typ>\n");
        const Layout *l = s->sections[0];

        assert_string_equal(l->parts[0].name, "boot");
        const Problem *p = problem_need(l, "; the rest is left out");
        assert_int_equal(p->line, 6);
}

/* Declarations and the entities they make are refused. */
static void test_entities(void **state)
{
        static const char text[] = "<!DOCTYPE root [<!ENTITY a SYSTEM \"file:///etc/passwd\">]>"
                                   "<root><general name=\"MTK_PLATFORM_CFG\"/>"
                                   "<partition_index name=\"SYS0\"><partition_name>&a;"
                                   "</partition_name></partition_index></root>";
        Scatter *s = NULL;

        assert_int_equal(scatter_read(NULL, text, sizeof(text) - 1, &s), -EBADMSG);
        assert_null(s);
}

TEST_MAIN(cmocka_unit_test(test_entry), cmocka_unit_test(test_broken),
        cmocka_unit_test(test_entities))
