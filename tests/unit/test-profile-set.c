/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <string.h>

#include "daemon/profile-set.h"
#include "folder.h"

/* The administrator's file of a name replaces the shipped one. */
static void test_later_directory_overrides(void **state)
{
        Folder shipped, admin;
        const char *directories[] = { shipped.path, admin.path, "/nowhere/at/all", NULL };
        _cleanup_(profile_set_done) ProfileSet s = { 0 };
        Failure f = { 0 };
        const Profile *p;

        folder_make(&shipped);
        folder_make(&admin);
        folder_write(&shipped, "mt6765.yaml", "title: shipped\n");
        folder_write(&shipped, "full.yaml", "title: all\n");
        folder_write(&admin, "mt6765.yaml", "title: ours\n");
        folder_write(&admin, "notes.txt", "no profile\n");
        folder_write(&admin, ".hidden.yaml", "title: no profile\n");
        assert_int_equal(profile_set_load(&s, directories), 0);
        assert_int_equal(s.n, 2);
        assert_string_equal(s.entries[0].name, "full");
        p = profile_set_get(&s, "mt6765", &f);
        assert_string_equal(p->title, "ours");
        assert_false(p->shipped);
        assert_true(profile_set_get(&s, "full", &f)->shipped);
        assert_null(profile_set_get(&s, "mt9999", &f));
        assert_int_equal(f.id, ERROR_NO_SUCH_PROFILE);
        folder_remove(&shipped);
        folder_remove(&admin);
}

/* A broken one says where, and hides the one it was to replace; the others work. */
static void test_broken_profile(void **state)
{
        Folder shipped, admin;
        const char *directories[] = { shipped.path, admin.path, NULL };
        _cleanup_(profile_set_done) ProfileSet s = { 0 };
        Failure f = { 0 };

        folder_make(&shipped);
        folder_make(&admin);
        folder_write(&shipped, "a.yaml", "title: a\n");
        folder_write(&shipped, "b.yaml", "title: b\n");
        folder_write(&admin, "a.yaml", "title: ours\nreed:\n  kind: full\n");
        assert_int_equal(profile_set_load(&s, directories), 0);
        assert_null(profile_set_get(&s, "a", &f));
        assert_int_equal(f.id, ERROR_INVALID_PROFILE);
        assert_non_null(strstr(f.text, "/a.yaml:2:1"));
        assert_non_null(profile_set_get(&s, "b", &f));

        /* mended, and loaded again */
        folder_write(&admin, "a.yaml", "title: ours\n");
        assert_int_equal(profile_set_load(&s, directories), 0);
        assert_string_equal(profile_set_get(&s, "a", NULL)->title, "ours");
        folder_remove(&shipped);
        folder_remove(&admin);
}

/* One file too many: the set that was there stays. */
static void test_too_many(void **state)
{
        Folder folder;
        const char *directories[] = { folder.path, NULL };
        _cleanup_(profile_set_done) ProfileSet s = { 0 };
        char name[32];

        folder_make(&folder);
        for (unsigned i = 0; i < PROFILE_SET_MAX; i++) {
                snprintf(name, sizeof name, "p%u.yaml", i);
                folder_write(&folder, name, "");
        }
        assert_int_equal(profile_set_load(&s, directories), 0);
        assert_int_equal(s.n, PROFILE_SET_MAX);
        folder_write(&folder, "more.yaml", "");
        assert_true(profile_set_load(&s, directories) < 0);
        assert_int_equal(s.n, PROFILE_SET_MAX);
        folder_remove(&folder);
}

TEST_MAIN(cmocka_unit_test(test_later_directory_overrides), cmocka_unit_test(test_broken_profile),
        cmocka_unit_test(test_too_many))
