/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <glob.h>
#include <string.h>

#include "data.h"
#include "profile/profile.h"

static Profile *parse(const char *text)
{
        Profile *p = NULL;
        Failure f = { 0 };

        if (profile_parse("test", "test.yaml", text, strlen(text), &p, &f) < 0)
                fail_msg("%s", f.text);
        return p;
}

static void test_whole_profile(void **state)
{
        _cleanup_(profile_freep) Profile *p = parse("title: MT6765 phones, everything\n"
                                                    "match:\n"
                                                    "  chip: mt6765\n"
                                                    "agent: \"MTK_DA_V5*\"\n"
                                                    "preloader: \"preloader_demo*\"\n"
                                                    "read:\n"
                                                    "  kind: full\n"
                                                    "  areas: [BOOT1, BOOT2, USER]\n"
                                                    "  partitions: [\"*\"]\n"
                                                    "  exclude: [userdata, \"cache*\"]\n"
                                                    "after:\n"
                                                    "  verify: false\n"
                                                    "  phone: off\n");

        assert_string_equal(p->name, "test");
        assert_string_equal(p->title, "MT6765 phones, everything");
        assert_false(p->match_any);
        assert_int_equal(p->hw_code, 0x766);
        assert_string_equal(p->chip, "mt6765");
        assert_string_equal(p->agent, "MTK_DA_V5*");
        assert_string_equal(p->preloader, "preloader_demo*");
        assert_int_equal(p->kind, PROFILE_FULL);
        assert_string_equal(p->areas[2], "USER");
        assert_null(p->areas[3]);
        assert_string_equal(p->partitions[0], "*");
        assert_string_equal(p->exclude[1], "cache*");
        assert_null(p->exclude[2]);
        assert_false(p->verify);
        assert_true(p->power_off);
        assert_int_equal(strlen(p->sha256), 64);
        assert_true(profile_matches(p, 0x766));
        assert_false(profile_matches(p, 0x767));
}

static void test_defaults(void **state)
{
        _cleanup_(profile_freep) Profile *p = parse("");

        assert_string_equal(p->title, "test");
        assert_true(p->match_any);
        assert_string_equal(p->chip, "");
        assert_string_equal(p->agent, "auto");
        assert_string_equal(p->preloader, "auto");
        assert_int_equal(p->kind, PROFILE_FULL);
        assert_null(p->areas);
        assert_null(p->partitions);
        assert_null(p->exclude);
        assert_true(p->verify);
        assert_false(p->power_off);
        assert_true(profile_matches(p, 0xffff));
        assert_string_equal(
                p->sha256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");

        _cleanup_(profile_freep) Profile *q = parse("read: {partitions: [nvram, boot_a]}\n");
        assert_int_equal(q->kind, PROFILE_SELECTION);
        _cleanup_(profile_freep) Profile *r = parse("match: {hw_code: 0x9999}\n");
        assert_true(profile_matches(r, 0x9999) && !profile_matches(r, 0x766));
        assert_string_equal(r->chip, "");
}

/* A name that several chips go by matches them all; a code only itself. */
static void test_match_by_name(void **state)
{
        _cleanup_(profile_freep) Profile *p = parse("match: {chip: MT6750}\n");
        _cleanup_(profile_freep) Profile *q = parse("match: {hw_code: 0x601}\n");

        assert_true(profile_matches(p, 0x601) && profile_matches(p, 0x326));
        assert_true(profile_matches(q, 0x601) && !profile_matches(q, 0x326));
        assert_string_equal(q->chip, "MT6750");
}

static void test_wrong(void **state)
{
        static const struct {
                const char *text, *expected;
        } rows[] = {
                { "tittle: x\n",
                        "test.yaml:1:1: tittle: unknown key, expected title, match, agent, "
                        "preloader, read or after" },
                { "just text\n", "test.yaml:1:1: expected keys and values" },
                { "- a\n", "test.yaml:1:1: expected keys and values" },
                { "title: [x]\n", "test.yaml:1:8: title: expected a text" },
                { "match: MT6765\n", "test.yaml:1:8: match: expected keys and values" },
                { "match: {chip: MT9999}\n", "match.chip: expected the name of a known chip" },
                { "match: {chip: MT6765, hw_code: 1}\n", "match.hw_code: expected either" },
                { "match: {hw_code: 0x10000}\n", "match.hw_code: expected a number from 0x1" },
                { "match: {hw_code: 0}\n", "match.hw_code: expected a number from 1" },
                { "match: {hw_code: MT6765}\n", "match.hw_code: expected a number" },
                { "match: {hwcode: 1}\n", "match.hwcode: unknown key, expected chip or hw_code" },
                { "agent: ../x\n", "agent: expected auto or a pattern" },
                { "agent: a b\n", "agent: expected auto or a pattern" },
                { "preloader: ../x\n", "preloader: expected auto or a pattern" },
                { "read: {kind: all}\n",
                        "read.kind: expected full, critical or selection, not \"all\"" },
                { "read: {areas: USER}\n", "read.areas: expected a list" },
                { "read: {areas: [USR]}\n", "read.areas: expected BOOT1" },
                { "read: {partitions: [\"a,b\"]}\n",
                        "read.partitions: expected a name or pattern" },
                { "read: {partitions: [\"a b\"]}\n",
                        "read.partitions: expected a name or pattern" },
                { "read: {partitions: [\"\\xe9\"]}\n",
                        "read.partitions: expected a name or pattern" },
                { "read: {partitions: [[a]]}\n", "read.partitions: expected a text" },
                { "read: {exclude: {}}\n", "read.exclude: expected a list" },
                { "read: {kind: critical, exclude: [a]}\n", "read.exclude: kind critical" },
                { "read: {kind: selection}\n", "read: kind selection: expected partitions" },
                { "read: {kind: full, partitions: [boot]}\n", "read.partitions: kind full reads" },
                { "read: {knd: full}\n",
                        "read.knd: unknown key, expected kind, areas, partitions or" },
                { "after: {verify: 2}\n", "after.verify: expected true or false" },
                { "after: {phone: on}\n", "after.phone: expected reboot or off, not \"on\"" },
                { "after: [reboot]\n", "test.yaml:1:8: after: expected keys and values" },
                { "read: {partitions: [*]}\n", "test.yaml:1:22: not valid YAML" },
        };

        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                Profile *p = NULL;
                Failure f = { 0 };
                assert_int_equal(profile_parse("test", "test.yaml", rows[i].text,
                                         strlen(rows[i].text), &p, &f),
                        -EINVAL);
                assert_int_equal(f.id, ERROR_INVALID_PROFILE);
                if (!strstr(f.text, rows[i].expected))
                        fail_msg("%s: %s", rows[i].text, f.text);
        }
}

static void test_limits(void **state)
{
        char text[PROFILE_LIST_MAX * PROFILE_GLOB_MAX + 200], *at = text;
        Profile *p = NULL;

        /* 52 texts of 79 bytes are too long together, though each and their number are fine */
        at += sprintf(at, "read: {partitions: [");
        for (int i = 0; i < 52; i++)
                at += sprintf(at, "%s%079d", i ? ", " : "", i);
        sprintf(at, "]}\n");
        Failure f = { 0 };
        assert_int_equal(profile_parse("t", "t.yaml", text, strlen(text), &p, &f), -EINVAL);
        assert_non_null(strstr(f.text, "at most 4096 bytes"));

        at = text + sprintf(text, "read: {partitions: [");
        for (int i = 0; i < PROFILE_LIST_MAX + 1; i++)
                at += sprintf(at, "%sp%d", i ? ", " : "", i);
        sprintf(at, "]}\n");
        Failure g = { 0 };
        assert_int_equal(profile_parse("t", "t.yaml", text, strlen(text), &p, &g), -EINVAL);
        assert_non_null(strstr(g.text, "at most 64 entries"));
}

static void test_names(void **state)
{
        char name[PROFILE_NAME_MAX + 2];

        assert_true(profile_name_valid("mt6765"));
        assert_true(profile_name_valid("no-userdata.2_x"));
        assert_false(profile_name_valid(""));
        assert_false(profile_name_valid(".hidden"));
        assert_false(profile_name_valid("a/b"));
        assert_false(profile_name_valid("a b"));
        assert_false(profile_name_valid("\xc3\xa4"));
        memset(name, 'n', sizeof(name));
        name[PROFILE_NAME_MAX + 1] = '\0';
        assert_false(profile_name_valid(name));
        name[PROFILE_NAME_MAX] = '\0';
        assert_true(profile_name_valid(name));

        Profile *p = NULL;
        Failure f = { 0 };
        assert_int_equal(profile_parse("a b", "a b.yaml", "", 0, &p, &f), -EINVAL);
        assert_int_equal(profile_kind_from_string("critical"), PROFILE_CRITICAL);
        assert_null(profile_free(NULL));
}

/* What is shipped is valid and means what its name says. */
static void test_shipped(void **state)
{
        static const struct {
                const char *name;
                ProfileKind kind;
                const char *exclude;
                uint16_t code;
        } rows[] = { { "mt6572", PROFILE_FULL, NULL, 0x6572 },
                { "mt6577", PROFILE_FULL, NULL, 0x6577 }, { "mt6580", PROFILE_FULL, NULL, 0x6580 },
                { "mt6735", PROFILE_FULL, NULL, 0x321 }, { "mt6739", PROFILE_FULL, NULL, 0x699 },
                { "mt6761", PROFILE_FULL, NULL, 0x717 }, { "mt6765", PROFILE_FULL, NULL, 0x766 },
                { "mt6768", PROFILE_FULL, NULL, 0x707 }, { "mt6771", PROFILE_FULL, NULL, 0x788 },
                { "mt6781", PROFILE_FULL, NULL, 0x1066 }, { "mt6785", PROFILE_FULL, NULL, 0x813 },
                { "mt6833", PROFILE_FULL, NULL, 0x989 }, { "mt6877", PROFILE_FULL, NULL, 0x959 },
                { "mt6893", PROFILE_FULL, NULL, 0x950 }, { "mt6895", PROFILE_FULL, NULL, 0x1172 },
                { "mt8590", PROFILE_FULL, NULL, 0x8590 }, { "full", PROFILE_FULL, NULL, 0 },
                { "no-userdata", PROFILE_FULL, "userdata", 0 },
                { "identity", PROFILE_CRITICAL, NULL, 0 } };

        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_(profile_freep) Profile *p = NULL;
                _cleanup_free_ char *text = NULL;
                char path[512];
                size_t size;
                Failure f = { 0 };

                snprintf(path, sizeof(path), "../../daemon/profiles/%s.yaml", rows[i].name);
                text = data_read(path, &size);
                if (profile_parse(rows[i].name, path, text, size, &p, &f) < 0)
                        fail_msg("%s", f.text);
                assert_int_equal(p->kind, rows[i].kind);
                assert_int_equal(p->hw_code, rows[i].code);
                assert_int_equal(p->match_any, rows[i].code == 0);
                /* MT6577 phones answer with the code of the MT6575 */
                if (rows[i].code == 0x6577)
                        assert_true(profile_matches(p, 0x6575));
                assert_true(p->verify && !p->power_off);
                assert_true((p->exclude != NULL) == (rows[i].exclude != NULL));
                if (p->exclude)
                        assert_string_equal(p->exclude[0], rows[i].exclude);
        }

        glob_t found = {};
        assert_int_equal(glob(TEST_DATA "/../../daemon/profiles/*.yaml", 0, NULL, &found), 0);
        assert_int_equal(found.gl_pathc, ELEMENTS(rows)); /* each has a row above */
        globfree(&found);
}

TEST_MAIN(cmocka_unit_test(test_whole_profile), cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_match_by_name), cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_limits), cmocka_unit_test(test_names), cmocka_unit_test(test_shipped))
