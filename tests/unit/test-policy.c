/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <string.h>

#include "daemon/policy.h"
#include "folder.h"

#define SECOND UINT64_C(1000000)
#define HOUR (3600 * SECOND)
#define DAY (24 * HOUR)
/* a day in 2026 */
#define NOW (UINT64_C(1795000000) * SECOND)

/* A phone that somebody agreed to, of which there is no backup yet. */
static const PolicyFacts agreed = { .enabled = true,
        .store_usable = true,
        .has_profile = true,
        .has_agent = true,
        .identity = IDENTITY_KNOWN,
        .consent = CONSENT_AGREED,
        .now = NOW };

static PolicyDecision decide(const PolicyFacts *f)
{
        return policy_decide(&(PolicyRules){ 0 }, f);
}

/* Line by line what becomes of a phone: the first that holds decides. */
static void test_decisions(void **state)
{
        PolicyRules rules = { 0 };
        PolicyFacts f = { .now = NOW };

        assert_int_equal(policy_decide(&rules, &f), POLICY_OFF);
        f.enabled = true;
        f.writer_waits = true;
        assert_int_equal(policy_decide(&rules, &f), POLICY_WRITER_WAITS);
        f.writer_waits = false;
        assert_int_equal(policy_decide(&rules, &f), POLICY_NO_STORE);
        f.store_usable = true;
        assert_int_equal(policy_decide(&rules, &f), POLICY_NO_PROFILE);
        f.has_profile = true;
        assert_int_equal(policy_decide(&rules, &f), POLICY_NO_AGENT);
        f.has_agent = true;
        assert_int_equal(policy_decide(&rules, &f), POLICY_IDENTIFY);
        f.identity = IDENTITY_NONE;
        assert_int_equal(policy_decide(&rules, &f), POLICY_NO_IDENTITY);
        f.identity = IDENTITY_KNOWN;

        /* nobody has said anything about it */
        assert_int_equal(policy_decide(&rules, &f), POLICY_ASK);
        f.asking = POLICY_ASKING_MAX - 1;
        assert_int_equal(policy_decide(&rules, &f), POLICY_ASK);
        f.asking = POLICY_ASKING_MAX;
        assert_int_equal(policy_decide(&rules, &f), POLICY_ASKING_TOO_MANY);
        rules.known_only = true;
        assert_int_equal(policy_decide(&rules, &f), POLICY_UNKNOWN_PHONE);
        f.queued = true;
        assert_int_equal(policy_decide(&rules, &f), POLICY_ASKED);

        f.consent = CONSENT_REFUSED;
        assert_int_equal(policy_decide(&rules, &f), POLICY_REFUSED);
        f.consent = CONSENT_AGREED;
        assert_int_equal(policy_decide(&rules, &f), POLICY_QUEUED);
        f.queued = false;
        f.failures = POLICY_FAILURES_MAX;
        assert_int_equal(policy_decide(&rules, &f), POLICY_FAILED_TOO_OFTEN);
        f.failures--;
        assert_int_equal(policy_decide(&rules, &f), POLICY_BACK_UP);
        f.last = NOW - HOUR;
        assert_int_equal(policy_decide(&rules, &f), POLICY_NOT_DUE);
}

/* Only a phone that somebody agreed to is ever read, whatever else holds. */
static void test_no_backup_without_consent(void **state)
{
        for (unsigned bits = 0; bits < 1 << 8; bits++)
                for (unsigned identity = 0; identity < 3; identity++)
                        for (unsigned consent = 0; consent < 3; consent++) {
                                PolicyRules rules = { .known_only = bits & 1 };
                                PolicyFacts f = { .enabled = bits & 2,
                                        .writer_waits = bits & 4,
                                        .has_profile = bits & 8,
                                        .has_agent = bits & 16,
                                        .store_usable = bits & 32,
                                        .queued = bits & 64,
                                        .failures = bits & 128 ? 7 : 0,
                                        .identity = (PolicyIdentity)identity,
                                        .consent = (PolicyConsent)consent,
                                        .now = NOW };
                                PolicyDecision d = policy_decide(&rules, &f);

                                if (d == POLICY_BACK_UP)
                                        assert_true(bits == (2 | 8 | 16 | 32 | (bits & 1)) &&
                                                identity == IDENTITY_KNOWN &&
                                                consent == CONSENT_AGREED);
                                if (d == POLICY_ASK)
                                        assert_true((bits & 2) && !(bits & (1 | 4 | 64)) &&
                                                consent == CONSENT_NONE);
                                assert_int_equal(policy_reason(d)[0] != 0, d > POLICY_IDENTIFY);
                        }
}

static void test_due(void **state)
{
        PolicyRules week = { .interval = { true, 7 * 24 * 3600 } };
        PolicyRules always = { .interval = { true, 0 } };
        PolicyFacts f = agreed;

        f.last = NOW - 7 * DAY;
        assert_int_equal(policy_decide(&week, &f), POLICY_BACK_UP);
        f.last++;
        assert_int_equal(policy_decide(&week, &f), POLICY_NOT_DUE);
        f.last = NOW;
        assert_int_equal(policy_decide(&always, &f), POLICY_BACK_UP);
        f.last = NOW - 20 * HOUR;
        assert_int_equal(decide(&f), POLICY_BACK_UP);
        f.last++;
        assert_int_equal(decide(&f), POLICY_NOT_DUE);
}

/* However wrong the clock is, a phone is neither read at every plug nor never again. */
static void test_clocks(void **state)
{
        PolicyFacts f = agreed;

        /* a date in the future says nothing */
        f.last = NOW + DAY;
        assert_int_equal(decide(&f), POLICY_BACK_UP);
        /* the clock jumped ahead, but hardly any time has passed since */
        f.last = NOW - 300 * DAY;
        f.recent = true;
        assert_int_equal(decide(&f), POLICY_NOT_DUE);
        /* a clock that was never set */
        f.now = f.last = UINT64_C(1000000) * SECOND;
        assert_int_equal(decide(&f), POLICY_NOT_DUE);
        f.recent = false;
        assert_int_equal(decide(&f), POLICY_BACK_UP);
        f.now = f.last = POLICY_CLOCK_MIN * SECOND - 1;
        assert_int_equal(decide(&f), POLICY_BACK_UP);
        f.now = f.last = POLICY_CLOCK_MIN * SECOND;
        assert_int_equal(decide(&f), POLICY_NOT_DUE);
        f.now = f.last = 0;
        assert_int_equal(decide(&f), POLICY_BACK_UP);
}

static void test_switch(void **state)
{
        static const struct {
                PolicyChoice configured, switched;
                bool on;
                PolicySource by;
        } table[] = {
                { CHOICE_NONE, CHOICE_NONE, false, SOURCE_DEFAULT },
                { CHOICE_ON, CHOICE_NONE, true, SOURCE_CONFIGURATION },
                { CHOICE_OFF, CHOICE_NONE, false, SOURCE_CONFIGURATION },
                { CHOICE_NONE, CHOICE_ON, true, SOURCE_SWITCH },
                { CHOICE_OFF, CHOICE_ON, true, SOURCE_SWITCH },
                { CHOICE_ON, CHOICE_OFF, false, SOURCE_SWITCH },
                { CHOICE_ON, CHOICE_ON, true, SOURCE_SWITCH },
        };

        for (size_t i = 0; i < ELEMENTS(table); i++) {
                PolicyRules rules = { .enabled = table[i].configured };
                PolicySource by;

                assert_int_equal(policy_enabled(&rules, table[i].switched, &by), table[i].on);
                assert_int_equal(by, table[i].by);
        }
        assert_false(policy_enabled(&(PolicyRules){ 0 }, CHOICE_NONE, NULL));
}

static void test_last(void **state)
{
        const Profile full = { .name = "mt6765", .kind = PROFILE_FULL },
                      critical = { .name = "identity", .kind = PROFILE_CRITICAL };
        Backup list[] = {
                { .device_key = "a", .kind = "full", .profile = "x", .start = NOW - 9 * DAY },
                { .device_key = "a",
                        .kind = "critical",
                        .profile = "identity",
                        .start = NOW - DAY },
                { .device_key = "a",
                        .kind = "selection",
                        .profile = "mt6765",
                        .start = NOW - HOUR },
                { .device_key = "b", .kind = "full", .profile = "x", .start = NOW - 2 * DAY },
                { .device_key = "b", .kind = "full", .verified = "damaged", .start = NOW - 1 },
                { .device_key = "c", .kind = "full", .start = NOW + HOUR },
                { .device_key = "d", .kind = "full", .start = NOW + HOUR + 1 },
        };
        Backup *pointers[ELEMENTS(list)];
        Catalogue c = { .backups = pointers, .n = ELEMENTS(list) };

        for (size_t i = 0; i < ELEMENTS(list); i++)
                pointers[i] = list + i;
        assert_true(policy_last(&c, "a", &full, NOW) == NOW - 9 * DAY);
        assert_true(policy_last(&c, "a", &critical, NOW) == NOW - DAY);
        assert_true(policy_last(&c, "b", &full, NOW) == NOW - 2 * DAY);
        /* the clock was set back a little, or it was wrong */
        assert_true(policy_last(&c, "c", &full, NOW) == NOW);
        assert_true(policy_last(&c, "d", &full, NOW) == 0);
        assert_true(policy_last(&c, "e", &full, NOW) == 0);
}

static const char *profile_for(const ProfileSet *s, const char *rule, uint16_t hw_code)
{
        PolicyRules rules = { 0 };
        const Profile *p;

        snprintf(rules.profile, sizeof rules.profile, "%s", rule);
        p = policy_profile(&rules, s, hw_code, hw_code == 0x766 ? "MT6765" : "");
        return p ? p->name : "none";
}

static void test_profile(void **state)
{
        Folder folder;
        const char *directories[] = { folder.path, NULL };
        _cleanup_(profile_set_done) ProfileSet s = { 0 };

        folder_make(&folder);
        folder_write(&folder, "aaa.yaml", "match:\n  chip: MT6765\n");
        folder_write(&folder, "mt6765.yaml", "match:\n  chip: MT6765\n");
        folder_write(&folder, "shop.yaml", "match:\n  hw_code: 0x0707\n");
        folder_write(&folder, "full.yaml", "title: all\n");
        folder_write(&folder, "broken.yaml", "titel: x\n");
        assert_int_equal(profile_set_load(&s, directories), 0);
        assert_string_equal(profile_for(&s, "", 0x766), "mt6765");
        assert_string_equal(profile_for(&s, "", 0x707), "shop");
        assert_string_equal(profile_for(&s, "", 0x1234), "full");
        assert_string_equal(profile_for(&s, "aaa", 0x766), "aaa");
        assert_string_equal(profile_for(&s, "aaa", 0x707), "none");
        assert_string_equal(profile_for(&s, "full", 0x707), "full");
        assert_string_equal(profile_for(&s, "broken", 0x766), "none");
        assert_string_equal(profile_for(&s, "nothing", 0x766), "none");
        folder_remove(&folder);
}

TEST_MAIN(cmocka_unit_test(test_decisions), cmocka_unit_test(test_no_backup_without_consent),
        cmocka_unit_test(test_due), cmocka_unit_test(test_clocks), cmocka_unit_test(test_switch),
        cmocka_unit_test(test_last), cmocka_unit_test(test_profile))
