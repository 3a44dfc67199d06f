/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include "store-fixture.h"

/* A backup is found by its id alone, read, and thrown away. */
static void test_life(void **state)
{
        _cleanup_(backup_freep) Backup *b = NULL, *gone = NULL;
        char trashed[TRASH_NAME_SIZE + 16];
        bool moved;

        fixture_backup(fixture_id, 1, BACKUP_FULL);
        assert_int_equal(backup_open(fixture_store, fixture_id, &b, &fixture_failure), 0);
        assert_string_equal(b->key, fixture_key);
        assert_int_equal(backup_read(b, fixture_store, &fixture_failure), 0);
        assert_int_equal(b->manifest->seq, 1);

        assert_int_equal(state_write(b->device, b->id, &(State){ .pinned = true }), 0);
        assert_int_equal(backup_trash(b, fixture_store, 1795184400, &moved, &fixture_failure), 0);
        assert_true(moved);
        snprintf(trashed, sizeof trashed, "trash/1795184400.%s.%s", fixture_key, fixture_id);
        assert_int_equal(faccessat(fixture_dir, trashed, F_OK, 0), 0);
        assert_int_equal(backup_open(fixture_store, fixture_id, &gone, &fixture_failure), -ENOENT);
        assert_int_equal(fixture_failure.id, ERROR_NO_SUCH_BACKUP);
}

static void test_no_such_backup(void **state)
{
        static const char *const ids[] = { "", "x", "..", "../../etc",
                "20261120T141703Z-0badc0de" };
        Backup *b = NULL;

        for (size_t i = 0; i < ELEMENTS(ids); i++) {
                Failure f = {};

                assert_int_equal(backup_open(fixture_store, ids[i], &b, &f), -ENOENT);
                assert_int_equal(f.id, ERROR_NO_SUCH_BACKUP);
        }
}

static void assert_damaged(const char *what)
{
        _cleanup_(backup_freep) Backup *b = NULL;
        Failure f = {};

        assert_int_equal(backup_open(fixture_store, fixture_id, &b, &f), 0);
        assert_int_equal(backup_read(b, fixture_store, &f), -EBADMSG);
        assert_int_equal(f.id, ERROR_STORE_DAMAGED);
        assert_non_null(strstr(f.text, fixture_id));
        assert_non_null(strstr(f.text, what));
}

#define FOLDER "backups/mt6765-0123456789ab/20261120T141703Z-0badc0de"

static void test_changed_manifest(void **state)
{
        fixture_backup(fixture_id, 1, BACKUP_FULL);
        fixture_flip(FOLDER "/manifest.json", 40);
        assert_damaged("manifest.json");
}

/* a value that is as good as the one before, but for the checksum */
static void test_forged_manifest(void **state)
{
        _cleanup_free_ char *text = NULL;
        char *seq;
        size_t size;

        fixture_backup(fixture_id, 1, BACKUP_FULL);
        assert_int_equal(
                file_read_at(fixture_dir, FOLDER "/manifest.json", 1 << 20, &text, &size), 0);
        seq = strstr(text, "\"seq\": 1");
        assert_non_null(seq);
        seq[7] = '2';
        assert_int_equal(unlinkat(fixture_dir, FOLDER "/manifest.json", 0), 0);
        _cleanup_close_ int dir = dir_open_at(fixture_dir, FOLDER);
        assert_int_equal(file_replace_at(dir, "manifest.json", text, size, 0400), 0);
        assert_damaged("differs from its checksum");
}

static void test_missing_files(void **state)
{
        fixture_backup(fixture_id, 1, BACKUP_FULL);
        assert_int_equal(unlinkat(fixture_dir, FOLDER "/SHA256SUMS", 0), 0);
        assert_damaged("SHA256SUMS is missing");
        assert_int_equal(unlinkat(fixture_dir, FOLDER "/manifest.json", 0), 0);
        assert_damaged("manifest.json is missing");
}

static void test_wrong_folder(void **state)
{
        _cleanup_(backup_freep) Backup *b = NULL;

        fixture_backup(fixture_id, 1, BACKUP_FULL);
        assert_int_equal(renameat(fixture_dir, FOLDER, fixture_dir,
                                 "backups/mt6765-0123456789ab/20261120T141703Z-11111111"),
                0);
        assert_int_equal(
                backup_open(fixture_store, "20261120T141703Z-11111111", &b, &fixture_failure), 0);
        assert_int_equal(backup_read(b, fixture_store, &fixture_failure), -EBADMSG);
}

TEST_MAIN(fixture_test(test_life), fixture_test(test_no_such_backup),
        fixture_test(test_changed_manifest), fixture_test(test_forged_manifest),
        fixture_test(test_missing_files), fixture_test(test_wrong_folder))
