/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <string.h>

#include "client/redact.h"

static void test_sentences(void **state)
{
        static const struct {
                const char *text, *redacted;
        } cases[] = {
                /* what tells one phone from every other goes */
                { "IMEI 356938035643809.", "IMEI 3569…." },
                { "cid 150100424a5444345203a1b2c3d4e5f6", "cid 1501…" },
                { "This is the phone mt6765-00ff00ff00ff00ff, not",
                        "This is the phone mt6765-00ff…, not" },
                { "serial R58M12A4BCD", "serial R58M…" },
                { "(0123456789ABCDEF)", "(0123…)" },
                /* what everybody has stays */
                { "MT6765 at USB port 1-2.3", "MT6765 at USB port 1-2.3" },
                { "backup 20261120T141703Z-0badc0de", "backup 20261120T141703Z-0badc0de" },
                { "status 0xc0040030 at 0x0000000040000000",
                        "status 0xc0040030 at 0x0000000040000000" },
                { "536870912 bytes, 512.0 MiB", "536870912 bytes, 512.0 MiB" },
                { "HandshakeTimeout acknowledged deadbeefcafebabe…",
                        "HandshakeTimeout acknowledged deadbeefcafebabe…" },
                { "größe 日本語", "größe 日本語" },
                { "", "" },
        };
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_free_ char *out = redact_text(cases[i].text);
                assert_string_equal(out, cases[i].redacted);
        }
}

static void test_values(void **state)
{
        char b[FORMAT_MAX];

        assert_string_equal(redact_value("356938035643809", b), "3569…");
        assert_string_equal(redact_value("abcd", b), "abcd");
        assert_true(redact_identifies("imei"));
        assert_false(redact_identifies("chip"));
}

/* a word of any length shrinks, so that the room of the whole is enough */
static void test_room(void **state)
{
        char text[3 * 40 + 1];

        for (size_t n = 1; n < 40; n++) {
                size_t used = 0;
                for (int word = 0; word < 3; word++) {
                        memset(text + used, '7', n);
                        used += n;
                        text[used++] = ' ';
                }
                text[used] = 0;
                _cleanup_free_ char *out = redact_text(text);
                assert_true(strlen(out) <= used);
                assert_true((strlen(out) < used) == (n >= 12));
        }
}

TEST_MAIN(cmocka_unit_test(test_sentences), cmocka_unit_test(test_values),
        cmocka_unit_test(test_room))
