/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/config.h"
#include "folder.h"

static int parse(const char *text, Config *c, Failure *f)
{
        *f = (Failure){ 0 };
        return config_parse("mtkbackupd.yaml", text, strlen(text), c, f);
}

static void test_whole_file(void **state)
{
        _cleanup_(config_done) Config c = { 0 };
        Failure f;

        assert_int_equal(parse("# ours\nstore: /srv/phones\ncage: optional\n", &c, &f), 0);
        assert_string_equal(c.store, "/srv/phones");
        assert_true(c.cage_optional);
        assert_string_equal(c.chips[0], "");
        config_done(&c);
        assert_int_equal(parse("chips: [0xabc=MT6765, 0xABD=mt6735]\n", &c, &f), 0);
        assert_string_equal(c.chips[1], "0xABD=mt6735");
        assert_string_equal(c.chips[2], "");
        config_done(&c);
        /* what the table has learned since is left out */
        assert_int_equal(parse("chips: [0x766=MT6580, 0xabc=MT6765]\n", &c, &f), 0);
        assert_string_equal(c.chips[0], "0xabc=MT6765");
        assert_string_equal(c.chips[1], "");
        config_done(&c);
        assert_int_equal(parse("usb-ids: [1234:5678=preloader, \"abCD:0001=brom\"]\n", &c, &f), 0);
        assert_string_equal(c.usb_ids[0], "1234:5678=preloader");
        assert_string_equal(c.usb_ids[1], "abCD:0001=brom");
        assert_string_equal(c.usb_ids[2], "");
}

static void test_automatic(void **state)
{
        static const struct {
                const char *text;
                uint32_t seconds;
        } intervals[] = { { "0h", 0 }, { "90m", 5400 }, { "20h", 72000 }, { "7d", 604800 },
                { "2w", 1209600 }, { "366d", POLICY_INTERVAL_MAX } };
        _cleanup_(config_done) Config c = { 0 };
        char text[64];
        Failure f;

        assert_int_equal(parse("auto-backup:\n  enabled: on\n  profile: mt6765\n"
                               "  minimum-interval: 7d\n  known-phones-only: yes\n",
                                 &c, &f),
                0);
        assert_int_equal(c.automatic.enabled, CHOICE_ON);
        assert_string_equal(c.automatic.profile, "mt6765");
        assert_int_equal(policy_interval(&c.automatic), 7 * 24 * 3600);
        assert_true(c.automatic.known_only);
        assert_int_equal(parse("auto-backup: {enabled: off, profile: by-chip}\n", &c, &f), 0);
        assert_int_equal(c.automatic.enabled, CHOICE_OFF);
        assert_string_equal(c.automatic.profile, "");
        assert_false(c.automatic.known_only);
        assert_int_equal(policy_hold(&c.automatic), POLICY_HOLD_DEFAULT);
        assert_int_equal(parse("auto-backup: {hold-for-answer: 0s}\n", &c, &f), 0);
        assert_int_equal(policy_hold(&c.automatic), 0);
        assert_int_equal(parse("auto-backup: {hold-for-answer: 10m}\n", &c, &f), 0);
        assert_int_equal(policy_hold(&c.automatic), POLICY_HOLD_MAX);
        assert_int_equal(parse("auto-backup:\n  known-phones-only: no\n", &c, &f), 0);
        assert_int_equal(c.automatic.enabled, CHOICE_NONE);
        assert_int_equal(policy_interval(&c.automatic), POLICY_INTERVAL_DEFAULT);
        for (size_t i = 0; i < ELEMENTS(intervals); i++) {
                snprintf(text, sizeof text, "auto-backup: {minimum-interval: %s}\n",
                        intervals[i].text);
                assert_int_equal(parse(text, &c, &f), 0);
                assert_int_equal(policy_interval(&c.automatic), intervals[i].seconds);
        }
}

static void test_defaults(void **state)
{
        static const char *const texts[] = { "", "# nothing\n", "cage: required\n" };

        for (size_t i = 0; i < ELEMENTS(texts); i++) {
                _cleanup_(config_done) Config c = { .cage_optional = true };
                Failure f;

                assert_int_equal(parse(texts[i], &c, &f), 0);
                assert_null(c.store);
                assert_false(c.cage_optional);
        }
}

/* Each says where and what was expected, and leaves the old configuration alone. */
static void test_mistakes(void **state)
{
        static const struct {
                const char *text, *said;
        } mistakes[] = {
                { "stores: /srv\n", "mtkbackupd.yaml:1:1: stores" },
                { "store: srv\n", "mtkbackupd.yaml:1:8: store: expected an absolute path" },
                { "store: [a]\n", "mtkbackupd.yaml:1:8: store" },
                { "cage: no\n", "mtkbackupd.yaml:1:7: cage: expected" },
                { "chips: 0x1234=MT6765\n", "mtkbackupd.yaml:1:8: chips" },
                { "chips: [1234]\n", "mtkbackupd.yaml:1:9: chips" },
                { "chips: [0x1234=MT1]\n", "mtkbackupd.yaml:1:9: chips" },
                { "usb-ids: 1234:5678=preloader\n", "mtkbackupd.yaml:1:10: usb-ids" },
                { "usb-ids: [1234:5678]\n", "mtkbackupd.yaml:1:11: usb-ids: expected something" },
                { "usb-ids:\n  - 1234:5678=agent\n  - 1234:5679=fastboot\n",
                        "mtkbackupd.yaml:3:5: usb-ids: expected preloader, brom or agent" },
                { "store: /a\nstore: /b\n", "mtkbackupd.yaml:2:1: store" },
                { "- a\n", "mtkbackupd.yaml:1:1: " },
                { "store: 'x\n", "mtkbackupd.yaml:" },
                { "auto-backup: on\n", "mtkbackupd.yaml:1:14: auto-backup: expected" },
                { "auto-backup:\n  on: yes\n", "mtkbackupd.yaml:2:3: auto-backup.on" },
                { "auto-backup:\n  enabled: maybe\n",
                        "mtkbackupd.yaml:2:12: auto-backup.enabled: expected" },
                { "auto-backup:\n  profile: a/b\n", "2:12: auto-backup.profile: expected" },
                { "auto-backup:\n  minimum-interval: 7\n",
                        "2:21: auto-backup.minimum-interval: expected a time such as" },
                { "auto-backup: {minimum-interval: h}\n", "auto-backup.minimum-interval" },
                { "auto-backup: {minimum-interval: -1h}\n", "auto-backup.minimum-interval" },
                { "auto-backup: {minimum-interval: 1hh}\n", "auto-backup.minimum-interval" },
                { "auto-backup: {minimum-interval: 367d}\n", "auto-backup.minimum-interval" },
                { "auto-backup: {minimum-interval: 9999999h}\n", "auto-backup.minimum-interval" },
                { "auto-backup: {hold-for-answer: 11m}\n",
                        "auto-backup.hold-for-answer: expected a time such as 30s" },
                { "auto-backup: {hold-for-answer: 30}\n", "auto-backup.hold-for-answer" },
                { "auto-backup: {known-phones-only: 2}\n", "auto-backup.known-phones-only" },
        };
        char path[] = "/old";
        Config c = { .store = path };
        Failure f;

        for (size_t i = 0; i < ELEMENTS(mistakes); i++) {
                assert_int_equal(parse(mistakes[i].text, &c, &f), -EINVAL);
                assert_int_equal(f.id, ERROR_INVALID_FILE);
                if (!strstr(f.text, mistakes[i].said))
                        fail_msg("\"%s\": %s", mistakes[i].text, f.text);
                assert_ptr_equal(c.store, path);
        }
}

static void test_files(void **state)
{
        _cleanup_(config_done) Config c = { 0 };
        Failure f = { 0 };
        char path[128];
        Folder folder;

        folder_make(&folder);
        snprintf(path, sizeof path, "%s/c.yaml", folder.path);
        assert_int_equal(config_load(path, &c, &f), 0);
        assert_null(c.store);
        folder_write(&folder, "c.yaml", "store: /x\n");
        assert_int_equal(config_load(path, &c, &f), 0);
        assert_string_equal(c.store, "/x");
        assert_int_equal(unlinkat(folder.fd, "c.yaml", 0), 0);
        assert_int_equal(mkdirat(folder.fd, "c.yaml", 0700), 0);
        assert_true(config_load(path, &c, &f) < 0);
        assert_int_equal(f.id, ERROR_INVALID_FILE);
        folder_remove(&folder);
}

TEST_MAIN(cmocka_unit_test(test_whole_file), cmocka_unit_test(test_automatic),
        cmocka_unit_test(test_defaults), cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_files))
