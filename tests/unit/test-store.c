/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <sys/file.h>

#include "store-fixture.h"

static void assert_folder(const char *name)
{
        struct stat st;

        assert_int_equal(fstatat(fixture_dir, name, &st, 0), 0);
        assert_true(S_ISDIR(st.st_mode));
        assert_int_equal(st.st_mode & 0777, 0700);
}

/* A store is made in an empty folder, once; making it again changes nothing. */
static void test_make(void **state)
{
        _cleanup_free_ char *before = NULL, *after = NULL;
        size_t size;

        assert_folder("backups");
        assert_folder("chunks.castr");
        assert_folder("incoming");
        assert_folder("quarantine");
        assert_folder("trash");
        assert_string_equal(fixture_store->id, "00112233-4455-4677-8899-aabbccddeeff");

        assert_int_equal(file_read_at(fixture_dir, "STORE", 1000, &before, &size), 0);
        assert_int_equal(store_make(fixture_dir, "99999999-4455-4677-8899-aabbccddeeff", 5,
                                 &fixture_failure),
                0);
        assert_int_equal(file_read_at(fixture_dir, "STORE", 1000, &after, &size), 0);
        assert_string_equal(before, after);
        assert_int_equal(store_probe(fixture_store, &fixture_failure), 0);
        assert_int_equal(store_check_space(fixture_store, &fixture_failure), 0);
}

/* An interrupted making is completed, but a store that lost its STORE file is not written to. */
static void test_lost_description(void **state)
{
        assert_int_equal(unlinkat(fixture_dir, "STORE", 0), 0);
        assert_int_equal(store_make(fixture_dir, "99999999-4455-4677-8899-aabbccddeeff", 5,
                                 &fixture_failure),
                0);
        assert_int_equal(unlinkat(fixture_dir, "STORE", 0), 0);
        assert_int_equal(mkdirat(fixture_dir, "backups/mt6765-0123456789ab", 0700), 0);
        assert_int_equal(store_make(fixture_dir, "99999999-4455-4677-8899-aabbccddeeff", 5,
                                 &fixture_failure),
                -EBADMSG);
        assert_int_equal(fixture_failure.id, ERROR_STORE_DAMAGED);
}

static void assert_refused(const char *description, ErrorId id)
{
        Failure f = {};
        Store *s = NULL;

        assert_int_equal(
                file_replace_at(fixture_dir, "STORE", description, strlen(description), 0600), 0);
        assert_true(store_open(fixture_dir, &s, &f) < 0);
        assert_int_equal(f.id, id);
        assert_true(f.text[0]);
}

#define ID "\"id\":\"00112233-4455-4677-8899-aabbccddeeff\""
#define REST "\"digest\":\"sha256\",\"compression\":\"zstd\""

static void test_unknown_description(void **state)
{
        assert_refused("", ERROR_STORE_DAMAGED);
        assert_refused("{}", ERROR_STORE_DAMAGED);
        assert_refused("{\"format\":\"mtkbackup-store\",\"version\":2," ID
                       ",\"chunk_size\":1048576," REST "}",
                ERROR_STORE_FAILED);
        assert_refused("{\"format\":\"other\",\"version\":1," ID ",\"chunk_size\":1048576," REST
                       "}",
                ERROR_STORE_DAMAGED);
        assert_refused("{\"format\":\"mtkbackup-store\",\"version\":1," ID
                       ",\"chunk_size\":65536," REST "}",
                ERROR_STORE_DAMAGED);
        assert_refused("{\"format\":\"mtkbackup-store\",\"version\":1,\"id\":\"../"
                       "\",\"chunk_size\":1048576," REST "}",
                ERROR_STORE_DAMAGED);
        assert_refused("{\"format\":\"mtkbackup-store\",\"version\":1," ID
                       ",\"chunk_size\":1048576,"
                       "\"digest\":\"sha512\",\"compression\":\"zstd\"}",
                ERROR_STORE_DAMAGED);
}

static void test_missing_folder(void **state)
{
        Store *s = NULL;

        assert_int_equal(unlinkat(fixture_dir, "trash", AT_REMOVEDIR), 0);
        assert_int_equal(store_open(fixture_dir, &s, &fixture_failure), -ENOENT);
        assert_int_equal(fixture_failure.id, ERROR_STORE_FAILED);
}

/* Who removes chunks works alone. */
static void test_lock(void **state)
{
        _cleanup_close_ int lock = openat(fixture_dir, "lock", O_RDWR | O_CLOEXEC);
        _cleanup_(store_freep) Store *second = NULL;
        Store *third = NULL;

        assert_int_equal(store_open(fixture_dir, &second, &fixture_failure), 0);
        assert_int_equal(flock(lock, LOCK_EX | LOCK_NB), -1);
        second = store_free(second);
        fixture_store = store_free(fixture_store);
        assert_int_equal(flock(lock, LOCK_EX | LOCK_NB), 0);
        assert_int_equal(store_open(fixture_dir, &third, &fixture_failure), -EBUSY);
}

/* Errors of calls become the store's errors, with a sentence. */
static void test_errors(void **state)
{
        static const struct {
                int err;
                ErrorId id;
        } known[] = { { -ENOSPC, ERROR_STORE_FULL }, { -EDQUOT, ERROR_STORE_FULL },
                { -EBADMSG, ERROR_STORE_DAMAGED }, { -EIO, ERROR_STORE_FAILED },
                { -EROFS, ERROR_STORE_FAILED }, { -ENOMEM, ERROR_FAILED },
                { -99999, ERROR_STORE_FAILED } };

        for (size_t i = 0; i < ELEMENTS(known); i++) {
                Failure f = {};

                assert_int_equal(store_fail(&f, known[i].err, "writing %s", "it"), known[i].err);
                assert_int_equal(f.id, known[i].id);
                assert_int_equal(strncmp(f.text, "Writing it failed: ", 19), 0);
        }
        assert_int_equal(store_fail(NULL, -EIO, "writing"), -EIO);
}

TEST_MAIN(fixture_test(test_make), fixture_test(test_lost_description),
        fixture_test(test_unknown_description), fixture_test(test_missing_folder),
        fixture_test(test_lock), cmocka_unit_test(test_errors))
