/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <string.h>

#include "client/notify/content.h"
#include "client/notify/markup.h"
#include "format/utf8.h"

static void of_job(const char *json, ContentSource s, Content *c)
{
        json_t *job = json_loads(json, 0, NULL);

        assert_non_null(job);
        s.job = job;
        s.chip = s.chip ?: "";
        s.note = s.note ?: "";
        content_of_job(&s, c);
        json_decref(job);
}

/* What the person reads, from the first moment to the end. */
static void test_stages(void **state)
{
        static const struct {
                const char *job, *chip, *text;
                int percent;
                Urgency urgency;
        } cases[] = {
                { "{'id':3,'kind':'backup','state':'waiting-for-device','profile':'mt6765',"
                  "'user_action':'Switch the phone off.'}",
                        "",
                        "Waiting to back up a phone|Switch the phone off.|Job 3, profile mt6765",
                        -1, URGENCY_NORMAL },
                { "{'id':3,'kind':'backup','state':'running','phase':'handshake','device':'1-2'}",
                        "", "Backing up a phone at port 1-2|Waking the phone|Job 3", -1,
                        URGENCY_LOW },
                { "{'id':3,'kind':'backup','state':'running','phase':'reading','device':'1-2',"
                  "'name':'mine','progress':{'bytes_total':200,'bytes_done':85,'progress':0.425,"
                  "'item':'system','item_index':4,'item_count':16,"
                  "'expected_end_time':'2026-11-20T14:03:07Z'}}",
                        "MT6765",
                        "Backing up MT6765, port 1-2|42 %: reading system (5 of 16)|"
                        "About 2 min left.|Job 3 “mine”",
                        42, URGENCY_LOW },
                { "{'id':3,'kind':'backup','state':'running','device':'1-2','phase':'agent',"
                  "'user_action':'Unplug the phone and plug it in again.'}",
                        "MT6765",
                        "Backing up MT6765, port 1-2|Unplug the phone and plug it in again.|"
                        "Starting the download agent|Job 3",
                        -1, URGENCY_NORMAL },
                { "{'id':3,'kind':'backup','state':'verifying','device':'1-2',"
                  "'progress':{'bytes_total':200,'progress':0.999,'item':'system'}}",
                        "MT6765",
                        "Checking the backup: MT6765, port 1-2|"
                        "99 %: reading it back from the disk|Job 3",
                        99, URGENCY_LOW },
                { "{'id':3,'kind':'backup','state':'done','result':'complete','device':'1-2',"
                  "'started_at':'2026-11-20T14:00:00Z','finished_at':'2026-11-20T14:01:23Z',"
                  "'progress':{'bytes_done':536870912}}",
                        "MT6765",
                        "Backup complete: MT6765, port 1-2|512.0 MiB saved and checked in "
                        "1:23. The phone can be unplugged.|Job 3",
                        -1, URGENCY_NORMAL },
                { "{'id':3,'kind':'backup','state':'done','result':'complete-with-errors',"
                  "'error_message':'2 partitions could not be read.'}",
                        "MT6765", "Backup has gaps: MT6765|2 partitions could not be read.|Job 3",
                        -1, URGENCY_CRITICAL },
                { "{'id':3,'kind':'backup','state':'failed','device':'1-2','error_message':'It "
                  "went away.','error_hint':'Plug it in again.'}",
                        "",
                        "Backup failed: a phone at port 1-2|It went away.|"
                        "Plug it in again.|Job 3",
                        -1, URGENCY_CRITICAL },
                { "{'id':3,'kind':'backup','state':'canceled'}", "",
                        "Backup canceled: a phone|Earlier backups are as they were.|Job 3", -1,
                        URGENCY_LOW },
                { "{'id':3,'kind':'verify','state':'running',"
                  "'progress':{'bytes_total':2,'progress':0.5,'item':'boot'}}",
                        "", "Checking a backup|50 %: checking boot|Job 3", 50, URGENCY_LOW },
                { "{'id':3,'kind':'backup','state':'queued','automatic':true,"
                  "'needs_approval':true,'device':'1-2'}",
                        "MT6765",
                        "Back up this phone?|This phone (MT6765, port 1-2) has never been backed "
                        "up here. "
                        "Only a phone that you agree to is read.|Automatic backup, job 3",
                        -1, URGENCY_NORMAL },
                /* kinds and states of a newer service */
                { "{'id':3,'kind':'restore','state':'unheard-of','phase':'erasing'}", "",
                        "Working on a phone|Erasing|Job 3", -1, URGENCY_LOW },
                /* nothing at all */
                { "{}", "", "Working on a phone|Preparing|Job 0", -1, URGENCY_LOW },
        };
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                char job[1024], text[2048];
                Content c;
                snprintf(job, sizeof(job), "%s", cases[i].job);
                for (char *p = job; *p; p++)
                        if (*p == '\'')
                                *p = '"';
                of_job(job,
                        (ContentSource){
                                .chip = cases[i].chip, .now = 1795183267000000 + 20000000 },
                        &c);
                snprintf(text, sizeof(text), "%s|%s", c.summary, c.body);
                for (char *p = text; *p; p++)
                        if (*p == '\n')
                                *p = '|';
                assert_string_equal(text, cases[i].text);
                assert_int_equal(c.percent, cases[i].percent);
                assert_int_equal(c.urgency, cases[i].urgency);
        }
}

static void test_buttons(void **state)
{
        static const struct {
                const char *job;
                unsigned buttons;
                bool busy, details;
        } cases[] = {
                { "{\"state\":\"running\",\"cancelable\":true}",
                        1u << BUTTON_CANCEL | 1u << BUTTON_SHOW },
                { "{\"state\":\"running\",\"cancelable\":true}", 1u << BUTTON_CANCEL,
                        .details = true },
                { "{\"state\":\"running\"}", 1u << BUTTON_SHOW },
                { "{\"state\":\"running\",\"cancelable\":true}", 0, .busy = true },
                { "{\"state\":\"failed\",\"cancelable\":false}",
                        1u << BUTTON_RETRY | 1u << BUTTON_SHOW },
                { "{\"state\":\"done\"}", 0 },
                { "{\"state\":\"done\",\"backup\":\"20261120T141703Z-0badc0de\"}",
                        1u << BUTTON_SHOW },
                { "{\"state\":\"queued\",\"needs_approval\":true,\"cancelable\":true}",
                        1u << BUTTON_APPROVE | 1u << BUTTON_REFUSE },
                { "{\"state\":\"canceled\"}", 0 },
        };
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                Content c;
                of_job(cases[i].job,
                        (ContentSource){ .busy = cases[i].busy, .details = cases[i].details }, &c);
                assert_int_equal(c.buttons, cases[i].buttons);
        }
        for (Button b = 0; b < _BUTTON_MAX; b++) {
                assert_non_null(button_label(b));
                assert_int_equal(button_from_string(button_to_string(b)), b);
        }
        assert_true(button_from_string("default") < 0);
}

/* every stage of every kind has words, and the service being away has, too */
static void test_words(void **state)
{
        static const char *const kinds[] = { "backup", "detect", "verify", "restore", "" };
        static const char *const states[] = { "queued", "waiting-for-device", "waiting-for-space",
                "running", "paused", "verifying", "done", "failed", "canceled", "interrupted" };

        for (size_t k = 0; k < ELEMENTS(kinds); k++)
                for (size_t s = 0; s < 2 * ELEMENTS(states); s++) {
                        char job[128];
                        Content c;
                        snprintf(job, sizeof(job), "{\"kind\":\"%s\",\"state\":\"%s\"}", kinds[k],
                                states[s / 2]);
                        of_job(job, (ContentSource){ .lost = s % 2 }, &c);
                        assert_true(strlen(c.summary) > 3 && !strchr(c.summary, '@'));
                        assert_true(c.icon && c.category);
                }
}

/* what comes from elsewhere: nothing invisible, no ids, cut at a whole character */
static void test_clean(void **state)
{
        static const struct {
                const char *text, *clean;
                size_t size;
        } cases[] = {
                { "plain", "plain", 64 },
                { "a\nb\tc\x7f"
                  "d\xc2\x85"
                  "e",
                        "a b c d e", 64 },
                { "bad \xff\xc0 bytes", "bad ?? bytes", 64 },
                { "turned \u202eround\u202c, \u200bno width\ufeff", "turned round, no width", 64 },
                { "IMEI 356938035643809", "IMEI 3569…", 64 },
                { "12345", "12345", 6 },
                { "123456", "12…", 6 },
                { "äöüß", "äöüß", 9 },
                { "äöüß", "äö…", 8 },
                { "äöüß", "ä…", 7 },
                { "日本語", "日…", 8 },
                { "abc", "", 1 },
        };
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                char out[64];
                memset(out, 'x', sizeof(out));
                content_clean(cases[i].text, out, cases[i].size);
                assert_string_equal(out, cases[i].clean);
        }
}

/* the longest texts of all kinds: still one valid text of bounded length */
static void test_long(void **state)
{
        static const char *const keys[] = { "kind", "name", "state", "phase", "profile", "device",
                "error_name", "error_message", "error_hint", "backup", "user_action", "result" };
        static const char *const letters[] = { "x", "ü", "語", "😀", "<" };
        static const char *const states[] = { "running", "failed", "done", "waiting-for-device" };

        for (size_t l = 0; l < ELEMENTS(letters); l++)
                for (size_t s = 0; s < ELEMENTS(states); s++) {
                        json_t *job = json_object();
                        char text[2049] = "";
                        Content c;
                        while (strlen(text) + strlen(letters[l]) < sizeof(text))
                                strcat(text, letters[l]);
                        for (size_t k = 0; k < ELEMENTS(keys); k++)
                                json_object_set_new(job, keys[k], json_string(text));
                        json_object_set_new(job, "state", json_string(states[s]));
                        json_object_set_new(job, "progress", json_pack("{s:s}", "item", text));
                        ContentSource source = {
                                .job = job, .chip = text, .note = text, .details = true
                        };
                        content_of_job(&source, &c);
                        for (const char *p = c.body; *p; p += utf8_length(p, strlen(p)))
                                assert_true(utf8_length(p, strlen(p)) > 0);
                        for (const char *p = c.summary; *p; p += utf8_length(p, strlen(p)))
                                assert_true(utf8_length(p, strlen(p)) > 0);
                        content_of_damage(text, &c);
                        assert_true(strlen(c.body) < sizeof(c.body));
                        json_decref(job);
                }
}

static void test_markup(void **state)
{
        static const struct {
                const char *text, *escaped;
        } cases[] = {
                { "a < b && b > c", "a &lt; b &amp;&amp; b &gt; c" },
                { "<a href=\"x\">'", "&lt;a href=&quot;x&quot;&gt;&#39;" },
                { "&lt;", "&amp;lt;" },
                { "größe\n", "größe\n" },
                { "", "" },
        };
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_free_ char *out = markup_escape(cases[i].text);
                assert_string_equal(out, cases[i].escaped);
        }
}

static void test_without_buttons(void **state)
{
        Content c;

        of_job("{\"state\":\"queued\",\"needs_approval\":true}", (ContentSource){}, &c);
        content_without_buttons(&c, 12);
        assert_int_equal(c.buttons, 0);
        assert_non_null(strstr(c.body, "mtkbackupctl cancel 12"));
        of_job("{\"state\":\"running\",\"cancelable\":true}", (ContentSource){}, &c);
        content_without_buttons(&c, 12);
        assert_int_equal(c.buttons, 0);
        assert_null(strstr(c.body, "mtkbackupctl"));
}

TEST_MAIN(cmocka_unit_test(test_stages), cmocka_unit_test(test_buttons),
        cmocka_unit_test(test_words), cmocka_unit_test(test_clean), cmocka_unit_test(test_long),
        cmocka_unit_test(test_markup), cmocka_unit_test(test_without_buttons))
