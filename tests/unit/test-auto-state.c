/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/auto-state.h"
#include "folder.h"

static AutoState *reopen(AutoState *s, const Folder *f, int expected)
{
        auto_state_free(s);
        s = NULL;
        assert_int_equal(auto_state_open(f->fd, &s), expected);
        return s;
}

static AutoPhone phone(unsigned n)
{
        AutoPhone p = { .chip = "MT6765", .uid = 1000, .since = 1700000000000000 };

        snprintf(p.mark, sizeof p.mark, "%012x", n);
        return p;
}

/* The switch and what was said about phones outlive the daemon. */
static void test_remembers(void **state)
{
        AutoState *s = NULL;
        AutoPhone p = phone(1);
        struct stat st;
        Folder f;

        folder_make(&f);
        s = reopen(s, &f, 0);
        assert_int_equal(auto_state_switch(s), CHOICE_NONE);
        assert_null(auto_state_find(s, p.mark));
        assert_int_equal(auto_state_set_switch(s, CHOICE_ON), 0);
        assert_int_equal(auto_state_put(s, &p), 0);
        p = phone(2);
        p.refused = true;
        p.saved_at = 7;
        assert_int_equal(auto_state_put(s, &p), 0);
        assert_int_equal(fstatat(f.fd, "auto-backup.json", &st, 0), 0);
        assert_int_equal(st.st_mode & 0777, 0600);

        s = reopen(s, &f, 0);
        assert_int_equal(auto_state_switch(s), CHOICE_ON);
        assert_int_equal(auto_state_count(s), 2);
        assert_string_equal(auto_state_at(s, 0)->mark, "000000000001");
        assert_false(auto_state_at(s, 0)->refused);
        assert_string_equal(auto_state_at(s, 0)->chip, "MT6765");
        assert_int_equal(auto_state_at(s, 0)->uid, 1000);
        assert_true(auto_state_find(s, "000000000002")->refused);
        /* a clock that starts anew with the machine */
        assert_int_equal(auto_state_find(s, "000000000002")->saved_at, 0);

        p = *auto_state_at(s, 0);
        snprintf(p.key, sizeof p.key, "mt6765-0123456789ab");
        assert_int_equal(auto_state_put(s, &p), 0);
        assert_int_equal(auto_state_forget(s, "000000000002"), 0);
        assert_int_equal(auto_state_forget(s, "000000000002"), -ENOENT);
        assert_int_equal(auto_state_set_switch(s, CHOICE_NONE), 0);
        s = reopen(s, &f, 0);
        assert_int_equal(auto_state_switch(s), CHOICE_NONE);
        assert_int_equal(auto_state_count(s), 1);
        assert_string_equal(auto_state_at(s, 0)->key, "mt6765-0123456789ab");
        auto_state_free(s);
        folder_remove(&f);
}

/* What cannot be saved did not happen. */
static void test_cannot_be_saved(void **state)
{
        AutoPhone one = phone(1), two = phone(2), changed = one;
        AutoState *s = NULL;
        Folder f;

        folder_make(&f);
        s = reopen(s, &f, 0);
        assert_int_equal(auto_state_put(s, &one), 0);
        folder_remove(&f);
        changed.refused = true;
        assert_true(auto_state_set_switch(s, CHOICE_ON) < 0);
        assert_true(auto_state_put(s, &two) < 0);
        assert_true(auto_state_put(s, &changed) < 0);
        assert_true(auto_state_forget(s, one.mark) < 0);
        assert_int_equal(auto_state_switch(s), CHOICE_NONE);
        assert_int_equal(auto_state_count(s), 1);
        assert_false(auto_state_at(s, 0)->refused);
        /* nothing of the file changes by this */
        changed = one;
        changed.saved_at = 5;
        assert_int_equal(auto_state_put(s, &changed), 0);
        assert_int_equal(auto_state_find(s, one.mark)->saved_at, 5);
        auto_state_free(s);
}

static void test_too_many(void **state)
{
        AutoState *s = NULL;
        char *text = malloc(AUTO_FILE_MAX);
        AutoPhone p;
        size_t n;
        Folder f;

        folder_make(&f);
        assert_non_null(text);
        n = (size_t)sprintf(text, "{\"version\":1,\"switch\":\"off\",\"phones\":[");
        for (unsigned i = 0; i < AUTO_PHONES_MAX; i++)
                n += (size_t)sprintf(text + n,
                        "%s{\"mark\":\"%012x\",\"chip\":\"\",\"key\":\"\",\"refused\":false,"
                        "\"uid\":0,\"since\":0}",
                        i ? "," : "", i);
        sprintf(text + n, "]}");
        folder_write(&f, "auto-backup.json", text);
        s = reopen(s, &f, 0);
        assert_int_equal(auto_state_count(s), AUTO_PHONES_MAX);
        p = phone(AUTO_PHONES_MAX);
        assert_int_equal(auto_state_put(s, &p), 0);
        assert_int_equal(auto_state_count(s), AUTO_PHONES_MAX);
        assert_null(auto_state_find(s, "000000000000"));
        assert_non_null(auto_state_find(s, p.mark));
        sprintf(text + n,
                ",{\"mark\":\"ffffffffffff\",\"chip\":\"\",\"key\":\"\",\"refused\":false,"
                "\"uid\":0,\"since\":0}]}");
        folder_write(&f, "auto-backup.json", text);
        s = reopen(s, &f, 1);
        assert_int_equal(auto_state_count(s), 0);
        auto_state_free(s);
        free(text);
        folder_remove(&f);
}

/* A file that is none is put aside; nothing of it counts. */
static void test_damaged(void **state)
{
#define PHONE(mark, rest)                                                                          \
        "{\"version\":1,\"switch\":\"on\",\"phones\":[{\"mark\":\"" mark                           \
        "\",\"chip\":\"\",\"key\":\"\"," rest "}]}"
        static const char *const bad[] = {
                "",
                "{",
                "[]",
                "{\"version\":2,\"switch\":\"on\",\"phones\":[]}",
                "{\"version\":1,\"phones\":[]}",
                "{\"version\":1,\"switch\":\"maybe\",\"phones\":[]}",
                "{\"version\":1,\"switch\":\"on\",\"phones\":{}}",
                "{\"version\":1,\"switch\":\"on\",\"switch\":\"on\",\"phones\":[]}",
                PHONE("0123456789ab", "\"refused\":false,\"uid\":1"),
                PHONE("0123456789ab", "\"refused\":0,\"uid\":1,\"since\":1"),
                PHONE("0123456789ab", "\"refused\":false,\"uid\":-1,\"since\":1"),
                PHONE("0123456789ab", "\"refused\":false,\"uid\":4294967295,\"since\":1"),
                PHONE("0123456789ab", "\"refused\":false,\"uid\":1,\"since\":-1"),
                PHONE("0123456789AB", "\"refused\":false,\"uid\":1,\"since\":1"),
                PHONE("0123", "\"refused\":false,\"uid\":1,\"since\":1"),
                PHONE("0123456789abc", "\"refused\":false,\"uid\":1,\"since\":1"),
        };
        Folder f;

        folder_make(&f);
        for (size_t i = 0; i < ELEMENTS(bad); i++) {
                AutoState *s = NULL;

                folder_write(&f, "auto-backup.json", bad[i]);
                s = reopen(s, &f, 1);
                assert_int_equal(auto_state_count(s), 0);
                assert_int_equal(auto_state_switch(s), CHOICE_NONE);
                assert_int_equal(faccessat(f.fd, "auto-backup.json.bad", F_OK, 0), 0);
                assert_int_equal(faccessat(f.fd, "auto-backup.json", F_OK, 0), -1);
                auto_state_free(s);
        }
        folder_remove(&f);
}

TEST_MAIN(cmocka_unit_test(test_remembers), cmocka_unit_test(test_cannot_be_saved),
        cmocka_unit_test(test_too_many), cmocka_unit_test(test_damaged))
