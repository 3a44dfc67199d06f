/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include "store-fixture.h"
#include "store/verify.h"

typedef struct Found {
        unsigned n;
        char part[PART_FILE_MAX], backup[BACKUP_ID_SIZE];
        uint64_t offset;
        uint64_t bytes;
} Found;

static void on_damage(void *userdata, const Damage *d)
{
        Found *found = userdata;

        found->n++;
        found->offset = d->offset;
        snprintf(found->part, sizeof found->part, "%s", d->part ? d->part : "");
        snprintf(found->backup, sizeof found->backup, "%s", d->backup);
        assert_true(d->text[0]);
}

static int on_progress(void *userdata, uint64_t bytes)
{
        ((Found *)userdata)->bytes += bytes;
        return 0;
}

static Found verify(VerifyLevel level)
{
        _cleanup_(backup_freep) Backup *b = NULL;
        Found found = {};
        Verify v = { .damage = on_damage, .progress = on_progress, .userdata = &found };

        assert_int_equal(backup_open(fixture_store, fixture_id, &b, &fixture_failure), 0);
        assert_int_equal(verify_backup(fixture_store, b, level, &v, &fixture_failure), 0);
        assert_int_equal(v.n_damaged, found.n);
        return found;
}

static int setup(void **state)
{
        int r = fixture_setup(state);

        if (r == 0)
                fixture_backup(fixture_id, 1, BACKUP_FULL);
        return r;
}

/* Nothing is wrong with a new backup, and all of it is looked at. */
static void test_good(void **state)
{
        Found f = verify(VERIFY_DATA);

        assert_int_equal(f.n, 0);
        assert_int_equal(f.bytes, FIXTURE_USER);
        f = verify(VERIFY_STRUCTURE);
        assert_int_equal(f.n, 0);
        assert_int_equal(f.bytes, FIXTURE_USER);
}

#define FOLDER "backups/mt6765-0123456789ab/20261120T141703Z-0badc0de/"

static void test_files(void **state)
{
        static const struct {
                const char *path, *part;
        } files[] = {
                { FOLDER "manifest.json", "" },
                { FOLDER "SHA256SUMS", "" },
                { FOLDER "index/boot.caibx", "boot" },
                { FOLDER "plain/nvram.img", "nvram" },
        };

        for (size_t i = 0; i < ELEMENTS(files); i++)
                for (int level = 0; level < _VERIFY_LEVEL_MAX; level++) {
                        Found f;

                        fixture_flip(files[i].path, 70);
                        f = verify((VerifyLevel)level);
                        assert_true(f.n > 0);
                        assert_string_equal(f.part, files[i].part);
                        assert_string_equal(f.backup, fixture_id);
                        fixture_flip(files[i].path, 70);
                }
        assert_int_equal(verify(VERIFY_DATA).n, 0);
}

static void path_of(uint64_t at, char *path)
{
        uint8_t bytes[1024 * 1024], sha256[SHA256_SIZE];

        for (size_t i = 0; i < sizeof bytes; i++)
                bytes[i] = fixture_byte(at + i);
        digest_of(DIGEST_SHA256, bytes, sizeof bytes, sha256);
        strcpy(path, "chunks.castr/");
        chunk_path(sha256, path + strlen(path));
}

/* Content is found by reading it, absence by looking. */
static void test_chunks(void **state)
{
        char path[CHUNK_PATH_SIZE + 16];
        Found f;

        path_of(2 * 1024 * 1024, path); /* the second chunk of boot */
        fixture_flip(path, -20);
        assert_int_equal(verify(VERIFY_STRUCTURE).n, 0);
        f = verify(VERIFY_DATA);
        assert_int_equal(f.n, 1);
        assert_string_equal(f.part, "boot");
        assert_int_equal(f.offset, CHUNK_SIZE);

        assert_int_equal(unlinkat(fixture_dir, path, 0), 0);
        for (int level = 0; level < _VERIFY_LEVEL_MAX; level++) {
                f = verify((VerifyLevel)level);
                assert_int_equal(f.n, 1);
                assert_string_equal(f.part, "boot");
                assert_int_equal(f.offset, CHUNK_SIZE);
        }
}

static int refuse(void *userdata, uint64_t bytes)
{
        return -ECANCELED;
}

static void test_stopped(void **state)
{
        Verify v = { .progress = refuse };
        _cleanup_(backup_freep) Backup *b = NULL;

        assert_int_equal(backup_open(fixture_store, fixture_id, &b, &fixture_failure), 0);
        assert_int_equal(
                verify_backup(fixture_store, b, VERIFY_DATA, &v, &fixture_failure), -ECANCELED);
}

static void test_journal(void **state)
{
        _cleanup_(journal_freep) Journal *j = NULL;
        _cleanup_close_ int fd = -1;
        char path[CHUNK_PATH_SIZE + 16];
        JournalEntry e = { .type = 'C', .part = "boot", .chunk = 1, .length = CHUNK_SIZE };
        uint8_t bytes[1024 * 1024];
        Found found = {};
        Verify v = { .damage = on_damage, .userdata = &found };

        for (size_t i = 0; i < sizeof bytes; i++)
                bytes[i] = fixture_byte(2 * 1024 * 1024 + i);
        chunk_hash_of(bytes, sizeof bytes, &e.hash);
        assert_int_equal(journal_create_at(fixture_dir, "journal", &j), 0);
        assert_int_equal(journal_add(j, &e), 0);
        assert_int_equal(journal_flush(j), 0);
        fd = journal_dup(j);
        assert_int_equal(verify_journal(fixture_store, fixture_id, fd, journal_size(j), &v,
                                 &fixture_failure),
                0);
        assert_int_equal(found.n, 0);
        path_of(2 * 1024 * 1024, path);
        fixture_flip(path, -20);
        assert_int_equal(verify_journal(fixture_store, fixture_id, fd, journal_size(j), &v,
                                 &fixture_failure),
                0);
        assert_int_equal(found.n, 1);
        assert_string_equal(found.part, "boot");
        assert_int_equal(found.offset, CHUNK_SIZE);

        /* what a damaged journal no longer names was not looked at: that is not "all well" */
        found = (Found){};
        fixture_flip("journal", 3);
        assert_int_equal(verify_journal(fixture_store, fixture_id, fd, journal_size(j), &v,
                                 &fixture_failure),
                0);
        assert_int_equal(found.n, 1);
}

#define verify_test(f) cmocka_unit_test_setup_teardown(f, setup, fixture_teardown)
TEST_MAIN(verify_test(test_good), verify_test(test_files), verify_test(test_chunks),
        verify_test(test_stopped), verify_test(test_journal))
