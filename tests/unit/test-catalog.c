/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include "store-fixture.h"

/* All backups, oldest first, and nothing that only looks like one. */
static void test_list(void **state)
{
        _cleanup_(catalog_done) Catalog c = {};

        fixture_backup("20261122T000000Z-00000001", 1, BACKUP_FULL);
        fixture_backup("20261121T000000Z-00000002", 2, BACKUP_CRITICAL);
        assert_int_equal(mkdirat(fixture_dir, "backups/lost+found", 0700), 0);
        assert_int_equal(mkdirat(fixture_dir, "backups/mt6765-0123456789ab/copy", 0700), 0);
        assert_int_equal(catalog_read(fixture_store, NULL, &c, &fixture_failure), 0);
        assert_int_equal(c.n, 2);
        assert_string_equal(c.names[0].id, "20261121T000000Z-00000002");
        assert_string_equal(c.names[1].id, "20261122T000000Z-00000001");
        assert_string_equal(c.names[1].key, fixture_key);
}

static void test_empty(void **state)
{
        _cleanup_(catalog_done) Catalog c = {};
        uint64_t sequence = 5;
        Backup *parent;

        assert_int_equal(catalog_read(fixture_store, NULL, &c, &fixture_failure), 0);
        assert_int_equal(c.n, 0);
        assert_int_equal(catalog_read(fixture_store, fixture_key, &c, &fixture_failure), 0);
        assert_int_equal(c.n, 0);
        assert_int_equal(
                catalog_sequence(fixture_store, fixture_key, &sequence, &fixture_failure), 0);
        assert_int_equal(sequence, 0);
        assert_int_equal(
                catalog_parent(fixture_store, fixture_key, BACKUP_FULL, &parent, &fixture_failure),
                0);
        assert_null(parent);
}

/* Numbers are not given out again when a backup went to the trash. */
static void test_sequence(void **state)
{
        _cleanup_(backup_freep) Backup *b = NULL;
        uint64_t sequence;
        bool moved;

        fixture_backup("20261121T000000Z-00000001", 4, BACKUP_FULL);
        fixture_backup("20261122T000000Z-00000002", 9, BACKUP_CRITICAL);
        assert_int_equal(
                backup_open(fixture_store, "20261122T000000Z-00000002", &b, &fixture_failure), 0);
        assert_int_equal(backup_trash(b, fixture_store, 1795184400, &moved, &fixture_failure), 0);
        assert_int_equal(
                catalog_sequence(fixture_store, fixture_key, &sequence, &fixture_failure), 0);
        assert_int_equal(sequence, 9);
}

static void assert_parent(BackupKind kind, const char *want)
{
        _cleanup_(backup_freep) Backup *b = NULL;

        assert_int_equal(catalog_parent(fixture_store, fixture_key, kind, &b, &fixture_failure), 0);
        if (!want) {
                assert_null(b);
                return;
        }
        assert_non_null(b);
        assert_string_equal(b->id, want);
}

/* Like is compared with like: by the counter, not by the clock. */
static void test_parent(void **state)
{
        fixture_backup("20261121T000000Z-00000001", 1, BACKUP_CRITICAL);
        assert_parent(BACKUP_FULL, NULL);
        fixture_backup("20261125T000000Z-00000002", 2, BACKUP_FULL);
        fixture_backup("20261122T000000Z-00000003", 3, BACKUP_FULL);
        assert_parent(BACKUP_FULL, "20261122T000000Z-00000003");
        assert_parent(BACKUP_CRITICAL, "20261121T000000Z-00000001");
        assert_parent(BACKUP_SELECTION, "20261122T000000Z-00000003");
        /* a damaged one is passed over */
        fixture_flip("backups/mt6765-0123456789ab/20261122T000000Z-00000003/manifest.json", 40);
        assert_parent(BACKUP_FULL, "20261125T000000Z-00000002");
}

TEST_MAIN(fixture_test(test_list), fixture_test(test_empty), fixture_test(test_sequence),
        fixture_test(test_parent))
