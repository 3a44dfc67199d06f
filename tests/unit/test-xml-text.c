/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "protocol/xml-text.h"

static XmlText text(const char *s)
{
        return xml_text(s, strlen(s));
}

/* A message as a phone sends it, and what is taken from it. */
static void test_message(void **state)
{
        XmlText m = text("<?xml version=\"1.0\" encoding=\"utf-8\"?><host><version>1.0</version>"
                         "<command>CMD:UPLOAD-FILE</command><arg><checksum>CHK_NO</checksum>"
                         "<info>EMMC-USER</info><target_file>user.bin</target_file>"
                         "<packet_length>0x200000</packet_length></arg></host>");
        char value[XML_VALUE_MAX];
        uint64_t number;

        assert_int_equal(xml_kind(m), XML_UPLOAD);
        assert_true(xml_value(m, "info", value));
        assert_string_equal(value, "EMMC-USER");
        assert_int_equal(xml_number(m, "packet_length", &number), 0);
        assert_true(number == 0x200000);
        assert_false(xml_value(m, "source_file", value));
        assert_string_equal(value, "");
        assert_int_equal(xml_number(m, "offset", &number), -ENOENT);
        assert_int_equal(xml_number(m, "info", &number), -EBADMSG);
}

/* END of 2025 forgets to close its message. */
static void test_missing_end_tag(void **state)
{
        XmlText m =
                text("<?xml version=\"1.0\"?><host><version>1.0</version><command>CMD:END</command>"
                     "<arg><result>ERR</result><message>no such thing, response_value=0x1, "
                     "code=0xC0010001</arg></host>");
        char value[XML_VALUE_MAX];

        assert_int_equal(xml_kind(m), XML_END);
        assert_true(xml_value(m, "message", value));
        assert_string_equal(value, "no such thing, response_value=0x1, code=0xC0010001");
        assert_true(xml_value(m, "result", value));
        assert_string_equal(value, "ERR");
        /* cut off altogether */
        assert_true(xml_value(text("<message>cut"), "message", value));
        assert_string_equal(value, "cut");
        assert_false(xml_value(text("<message"), "message", value));
        assert_false(xml_value(text("<"), "message", value));
        assert_false(xml_value(text(""), "message", value));
}

/* Texts are not escaped, end with line feeds, hold anything. */
static void test_wild_values(void **state)
{
        char value[XML_VALUE_MAX];
        char longer[2000] = "<message>";

        assert_true(xml_value(text("<message> a < b \x1b[2J\r\n</message>"), "message", value));
        assert_string_equal(value, "a < b  [2J");
        assert_true(xml_value(text("<message></message>"), "message", value));
        assert_string_equal(value, "");
        memset(longer + 9, 'x', sizeof longer - 10);
        assert_true(xml_value(text(longer), "message", value));
        assert_int_equal(strlen(value), XML_VALUE_MAX - 1);
        /* the tag is a whole word */
        assert_true(xml_value(text("<boot1_sizes>1</boot1_sizes><boot1_size>2</boot1_size>"),
                "boot1_size", value));
        assert_string_equal(value, "2");
        /* with attributes */
        assert_true(xml_value(text("<item key=\"DA.SLA\">DISABLED</item>"), "item", value));
        assert_string_equal(value, "DISABLED");
        assert_false(xml_value(text("<item key=\"DA.SLA\""), "item", value));
}

static void test_numbers(void **state)
{
        static const struct {
                const char *text;
                int error;
                uint64_t number;
        } cases[] = {
                { "0", 0, 0 },
                { "4096", 0, 4096 },
                { "0x1000", 0, 0x1000 },
                { "0XEE5800000", 0, 0xee5800000 },
                { "0xffffffffffffffff", 0, UINT64_MAX },
                { "0x10000000000000000", -EBADMSG, 0 },
                { "", -EBADMSG, 0 },
                { "0x", -EBADMSG, 0 },
                { "-1", -EBADMSG, 0 },
                { "+1", -EBADMSG, 0 },
                { " 1", -EBADMSG, 0 },
                { "12k", -EBADMSG, 0 },
                { "0x12g", -EBADMSG, 0 },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                uint64_t number = 0;

                assert_int_equal(xml_parse_number(cases[i].text, &number), cases[i].error);
                if (cases[i].error == 0)
                        assert_true(number == cases[i].number);
        }
}

static void test_hex(void **state)
{
        uint8_t data[8];

        assert_int_equal(xml_hex(text("<id>150100FF</id>"), "id", data, sizeof data), 4);
        assert_memory_equal(data, "\x15\x01\x00\xff", 4);
        assert_int_equal(xml_hex(text("<id></id>"), "id", data, sizeof data), -ENOENT);
        assert_int_equal(xml_hex(text("<id>1</id>"), "id", data, sizeof data), -ENOENT);
        assert_int_equal(xml_hex(text("<id>zz</id>"), "id", data, sizeof data), -EBADMSG);
        assert_int_equal(
                xml_hex(text("<id>000102030405060708</id>"), "id", data, sizeof data), -EBADMSG);
}

/* Every element of a name, one after the other. */
static void test_repeated(void **state)
{
        XmlText all = text("<pt><name>a</name></pt><pt><name>b</name></pt>"), one;
        char value[XML_VALUE_MAX];
        size_t at = 0;

        assert_true(xml_find(all, "pt", &at, &one));
        assert_true(xml_value(one, "name", value));
        assert_string_equal(value, "a");
        assert_true(xml_find(all, "pt", &at, &one));
        assert_true(xml_value(one, "name", value));
        assert_string_equal(value, "b");
        assert_false(xml_find(all, "pt", &at, &one));
        at = 1000;
        assert_false(xml_find(all, "pt", &at, &one));
}

static void test_kinds(void **state)
{
        static const struct {
                const char *text;
                XmlKind kind;
        } cases[] = {
                { "OK", XML_STATUS },
                { "OK@0x10", XML_STATUS },
                { "OK!EOT", XML_STATUS },
                { "ERR!UNSUPPORTED", XML_STATUS },
                { "<host><command>CMD:START</command></host>", XML_START },
                { "<host><command>CMD:PROGRESS-REPORT</command></host>", XML_PROGRESS },
                { "<host><command>CMD:FILE-SYS-OPERATION</command></host>", XML_FILE_SYSTEM },
                { "<host><command>CMD:DOWNLOAD-FILE</command></host>", XML_DOWNLOAD },
                { "<host><command>CMD:DANCE</command></host>", XML_UNKNOWN },
                { "<host><command>status</command></host>", XML_GARBAGE },
                { "<host></host>", XML_GARBAGE },
                { "hello", XML_GARBAGE },
                { "", XML_GARBAGE },
        };
        uint64_t number;

        for (size_t i = 0; i < ELEMENTS(cases); i++)
                assert_int_equal(xml_kind(text(cases[i].text)), cases[i].kind);
        assert_string_equal(xml_kind_to_string(XML_END), "CMD:END");

        assert_true(xml_status_ok(text("OK@0x0")));
        assert_false(xml_status_ok(text("ERR")));
        assert_int_equal(xml_status_number(text("OK@0x0000000000100000"), &number), 0);
        assert_true(number == 0x100000);
        assert_int_equal(xml_status_number(text("OK"), &number), -ENOENT);
        assert_int_equal(xml_status_number(text("OK@"), &number), -EBADMSG);
        assert_int_equal(
                xml_status_number(text("OK@0x000000000000000000000000000000000000001"), &number),
                -EBADMSG);
}

TEST_MAIN(cmocka_unit_test(test_message), cmocka_unit_test(test_missing_end_tag),
        cmocka_unit_test(test_wild_values), cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_hex), cmocka_unit_test(test_repeated), cmocka_unit_test(test_kinds))
