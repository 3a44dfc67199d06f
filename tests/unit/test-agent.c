/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "daemon/agent.h"
#include "wire/verbs.h"

static void entry(Agent *a, unsigned code, unsigned hw, unsigned sw)
{
        Message m;

        message_start(&m, VERB_ENTRY);
        message_addf(&m, "HW_CODE", "0x%04x", code);
        message_addf(&m, "HW_VER", "0x%04x", hw);
        message_addf(&m, "SW_VER", "0x%04x", sw);
        message_add(&m, "PROTOCOL", "xflash");
        message_add(&m, "DESCRIPTION", "MTK_DA_v3.3001");
        _cleanup_message_ Message in = {};
        assert_int_equal(message_parse(m.text, m.size, &in), 0);
        assert_int_equal(agent_add_entry(a, &in), 0);
}

static Agent *make(const char *name)
{
        Agent *a = calloc(1, sizeof *a);

        assert_non_null(a);
        agent_set_name(a, name);
        return a;
}

static AgentWanted wanted(const char *pattern, uint16_t hw, uint16_t sw)
{
        return (AgentWanted){
                .pattern = pattern, .hw_code = 0x0766, .da_code = 0x6765, .hw_ver = hw, .sw_ver = sw
        };
}

/* An MT6765 answers 0x0766, its agents are filed under 0x6765. */
static void test_picks_by_chip_and_version(void **state)
{
        _cleanup_(agent_freep) Agent *old = make("old.bin"), *exact = make("exact.bin"),
                                     *newer = make("newer.bin"), *other = make("other.bin");
        AgentWanted w = wanted("auto", 0xcb00, 0xe201);

        entry(old, 0x6765, 0xca00, 0);
        entry(exact, 0x6765, 0xcb00, 0xe201);
        entry(newer, 0x6765, 0xcc00, 0);
        entry(other, 0x6768, 0xcb00, 0xe201);
        assert_true(agent_grade(exact, &w) > agent_grade(old, &w));
        assert_true(agent_grade(old, &w) > agent_grade(newer, &w));
        assert_true(agent_grade(newer, &w) > 0);
        assert_true(agent_grade(other, &w) == 0);
        assert_string_equal(exact->description, "MTK_DA_v3.3001");
}

/* Of several below the phone's versions the highest; one too new only when there is nothing else. */
static void test_nearest_version(void **state)
{
        _cleanup_(agent_freep) Agent *low = make("low"), *high = make("high");
        AgentWanted w = wanted("auto", 0xcb00, 0x0100);

        entry(low, 0x6765, 0xca00, 0x0100);
        entry(high, 0x6765, 0xca01, 0x0000);
        assert_true(agent_grade(high, &w) > agent_grade(low, &w));
        /* one too high in any part is above */
        entry(low, 0x6765, 0xcb00, 0x0200);
        assert_true(agent_grade(high, &w) > agent_grade(low, &w));
        /* V6 containers are filed under the code on the wire */
        entry(low, 0x0766, 0xcb00, 0x0100);
        assert_true(agent_grade(low, &w) > agent_grade(high, &w));
}

static void test_pattern_of_a_profile(void **state)
{
        _cleanup_(agent_freep) Agent *a = make("MTK_DA_V5.bin");
        AgentWanted v5 = wanted("MTK_DA_V5*", 0, 0), v6 = wanted("MTK_DA_V6*", 0, 0);

        entry(a, 0x6765, 0, 0);
        assert_true(agent_grade(a, &v5) > 0);
        assert_true(agent_grade(a, &v6) == 0);
}

static void test_names(void **state)
{
        static const struct {
                const char *given, *kept;
        } names[] = {
                { "MTK_DA_V5.bin", "MTK_DA_V5" },
                { "/home/me/da.BIN", "da" },
                { "../../etc/passwd", "passwd" },
                { "..", "_." },
                { ".bin", "_bin" },
                { "", "agent" },
                { "a b\n\xc3\xbc.bin", "a_b___" },
        };
        char longest[500];

        for (size_t i = 0; i < ELEMENTS(names); i++) {
                _cleanup_(agent_freep) Agent *a = make(names[i].given);

                assert_string_equal(a->name, names[i].kept);
        }
        memset(longest, 'x', sizeof longest - 1);
        longest[sizeof longest - 1] = 0;
        _cleanup_(agent_freep) Agent *a = make(longest);
        assert_int_equal(strlen(a->name), AGENT_NAME_MAX);
}

static void test_sum_and_chips(void **state)
{
        _cleanup_(agent_freep) Agent *a = make("a");
        const char *chips[AGENT_CHIPS_MAX + 1];
        unsigned found = 0;
        char sum[65];

        memset(sum, 'b', 64);
        sum[64] = 0;
        assert_int_equal(agent_set_sha256(a, sum), 0);
        assert_string_equal(a->id, "bbbbbbbbbbbbbbbb");
        sum[3] = 'B';
        assert_int_equal(agent_set_sha256(a, sum), -EBADMSG);
        assert_int_equal(agent_set_sha256(a, "bbb"), -EBADMSG);
        assert_int_equal(agent_chips(a, chips), 0);
        entry(a, 0x6765, 0, 0);
        for (size_t n = agent_chips(a, chips), i = 0; i < n; i++)
                found += strcmp(chips[i], "MT6765") == 0;
        /* two codes, one name */
        assert_int_equal(found, 1);
}

static void test_bad_entries(void **state)
{
        _cleanup_(agent_freep) Agent *a = make("a");
        _cleanup_message_ Message m = {};
        static const char text[] = "ENTRY\nHW_CODE=0x10000";

        assert_int_equal(message_parse(text, strlen(text), &m), 0);
        assert_int_equal(agent_add_entry(a, &m), -EBADMSG);
        for (unsigned i = 0; i < AGENT_ENTRIES_MAX; i++)
                entry(a, i, 0, 0);
        message_start(&m, VERB_ENTRY);
        assert_int_equal(agent_add_entry(a, &m), -E2BIG);
}

TEST_MAIN(cmocka_unit_test(test_picks_by_chip_and_version), cmocka_unit_test(test_nearest_version),
        cmocka_unit_test(test_pattern_of_a_profile), cmocka_unit_test(test_names),
        cmocka_unit_test(test_sum_and_chips), cmocka_unit_test(test_bad_entries))
