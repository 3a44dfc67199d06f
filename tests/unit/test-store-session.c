/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include "store-fixture.h"

static unsigned count(const char *folder)
{
        _cleanup_closedir_ DIR *d = fdopendir(dir_open_at(fixture_dir, folder));
        struct dirent *entry;
        unsigned n = 0;

        assert_non_null(d);
        while ((entry = readdir(d)))
                n += entry->d_name[0] != '.';
        return n;
}

/* A phone becomes a backup, and nothing of the session is left. */
static void test_backup(void **state)
{
        _cleanup_(backup_freep) Backup *b = NULL;
        ManifestTotals t;

        fixture_backup(fixture_id, 1, BACKUP_FULL);
        assert_int_equal(count("incoming"), 0);
        assert_int_equal(backup_open(fixture_store, fixture_id, &b, &fixture_failure), 0);
        assert_int_equal(backup_read(b, fixture_store, &fixture_failure), 0);
        assert_int_equal(b->manifest->result, RESULT_COMPLETE);
        assert_int_equal(b->manifest->n_parts, 5);
        manifest_totals(b->manifest, &t);
        assert_int_equal(t.size, FIXTURE_USER);
        assert_int_equal(manifest_find(b->manifest, "nvram")->reads, 2);
        assert_int_equal(faccessat(b->dir, "plain/nvram.img", F_OK, 0), 0);
        assert_int_equal(faccessat(b->dir, "plain/boot.img", F_OK, 0), -1);
}

/* The same phone again costs no chunk. */
static void test_second(void **state)
{
        _cleanup_(backup_freep) Backup *b = NULL;
        ManifestTotals t;

        fixture_backup(fixture_id, 1, BACKUP_FULL);
        fixture_backup("20261121T141703Z-0badc0de", 2, BACKUP_FULL);
        assert_int_equal(
                backup_open(fixture_store, "20261121T141703Z-0badc0de", &b, &fixture_failure), 0);
        assert_int_equal(backup_read(b, fixture_store, &fixture_failure), 0);
        manifest_totals(b->manifest, &t);
        assert_int_equal(t.new_bytes, 0);
}

static Session *begin(const Plan *p, const char *id)
{
        _cleanup_(manifest_freep) Manifest *head = fixture_head(id, 1, BACKUP_FULL);
        SessionSetup setup = { .store = fixture_store, .plan = p, .head = head, .boot_id = "boot" };
        Session *s = NULL;

        assert_int_equal(session_begin(&setup, &s, &fixture_failure), 0);
        return s;
}

/* Ending early leaves the chunks that are whole and nothing else. */
static void test_early_end(void **state)
{
        const PlanRequest request = { .kind = BACKUP_FULL };
        _cleanup_(plan_freep) Plan *p = fixture_plan(&request);
        Session *s = begin(p, fixture_id);

        for (size_t i = 0; i < p->n_critical; i++)
                fixture_read(s, p, p->order[i], 0);
        session_save(s);
        assert_int_equal(session_durable(s), p->critical_bytes);
        session_free(s);
        assert_int_equal(count("incoming"), 0);
        assert_int_equal(count("backups"), 0);
        assert_true(count("chunks.castr") > 0);
}

/* The critical set is a backup before the rest was read. */
static void test_critical_first(void **state)
{
        const PlanRequest request = { .kind = BACKUP_FULL };
        _cleanup_(plan_freep) Plan *p = fixture_plan(&request);
        _cleanup_(session_freep) Session *s = begin(p, fixture_id);
        const char *id = "20261120T141703Z-c0ffee00";
        _cleanup_(backup_freep) Backup *b = NULL;
        const Manifest *m;

        for (unsigned pass = 0; pass < 2; pass++)
                for (size_t i = 0; i < p->n_critical; i++)
                        fixture_read(s, p, p->order[i], pass);
        assert_int_equal(session_settle(s, &fixture_failure), 0);
        assert_int_equal(session_commit_critical(s, id, 1, 1795184230, &m, &fixture_failure), 0);
        assert_int_equal(m->kind, BACKUP_CRITICAL);
        assert_int_equal(backup_open(fixture_store, id, &b, &fixture_failure), 0);
        assert_int_equal(backup_read(b, fixture_store, &fixture_failure), 0);
        assert_int_equal(b->manifest->n_parts, 1);
        assert_string_equal(b->manifest->parts[0].name, "nvram");
        assert_int_equal(b->manifest->regions[0].coverage, COVERAGE_PART);

        session_renumber(s, 2);
        for (size_t i = p->n_critical; i < p->n_order; i++)
                fixture_read(s, p, p->order[i], 0);
        assert_int_equal(session_commit(s, 1795184300, &m, &fixture_failure), 0);
        assert_int_equal(m->seq, 2);
}

/* Leftovers are swept, sessions at work are not. */
static void test_sweep(void **state)
{
        const PlanRequest request = { .kind = BACKUP_FULL };
        _cleanup_(plan_freep) Plan *p = fixture_plan(&request);
        _cleanup_(session_freep) Session *s = begin(p, fixture_id);

        assert_int_equal(mkdirat(fixture_dir, "incoming/20261120T141703Z-00000001", 0700), 0);
        assert_int_equal(mkdirat(fixture_dir, "incoming/20261120T141703Z-00000001/stage", 0700), 0);
        assert_int_equal(mkdirat(fixture_dir, "incoming/something", 0700), 0);
        assert_int_equal(session_sweep(fixture_store, &fixture_failure), 1);
        assert_int_equal(count("incoming"), 2);
        fixture_read(s, p, p->order[0], 0);
        assert_int_equal(session_poll(s, &fixture_failure), 0);
}

static void push_noise(Session *s, size_t part, unsigned pass, uint8_t seed, size_t size)
{
        uint8_t *buffer;

        assert_int_equal(session_buffer(s, &buffer, &fixture_failure), 0);
        memset(buffer, seed, size);
        assert_int_equal(session_push(s, part, pass, 0, &fixture_failure), 0);
}

/* nvram read with these results -> what is stored (0: unstable) */
static void assert_passes(uint8_t a, uint8_t b, uint8_t c, uint8_t want)
{
        const PlanRequest request = { .kind = BACKUP_CRITICAL };
        _cleanup_(plan_freep) Plan *p = fixture_plan(&request);
        _cleanup_(session_freep) Session *s = begin(p, fixture_id);
        size_t part = p->order[0], size = 64 * 1024;
        uint8_t bytes[64 * 1024], sha256[SHA256_SIZE];
        const Manifest *m;
        bool differs;

        assert_int_equal(p->n_critical, 1);
        push_noise(s, part, 0, a, size);
        push_noise(s, part, 1, b, size);
        assert_int_equal(session_differs(s, part, &differs, &fixture_failure), 0);
        assert_int_equal(differs, a != b);
        if (differs)
                push_noise(s, part, 2, c, size);
        assert_int_equal(session_settle(s, &fixture_failure), 0);
        assert_int_equal(session_commit(s, 1795184300, &m, &fixture_failure), 0);
        memset(bytes, want ? want : a, sizeof bytes);
        digest_of(DIGEST_SHA256, bytes, sizeof bytes, sha256);
        assert_memory_equal(m->parts[0].sha256, sha256, SHA256_SIZE);
        assert_int_equal(m->parts[0].status, want ? PART_OK : PART_UNSTABLE);
        assert_int_equal(m->parts[0].reads, differs ? 3 : 2);
        assert_int_equal(m->result, want ? RESULT_COMPLETE : RESULT_COMPLETE_WITH_ERRORS);
}

static void test_equal_passes(void **state)
{
        assert_passes(1, 1, 0, 1);
}

static void test_third_as_first(void **state)
{
        assert_passes(1, 2, 1, 1);
}

static void test_third_as_second(void **state)
{
        assert_passes(1, 2, 2, 2);
}

static void test_unstable(void **state)
{
        assert_passes(1, 2, 3, 0);
}

TEST_MAIN(fixture_test(test_backup), fixture_test(test_second), fixture_test(test_early_end),
        fixture_test(test_critical_first), fixture_test(test_sweep),
        fixture_test(test_equal_passes), fixture_test(test_third_as_first),
        fixture_test(test_third_as_second), fixture_test(test_unstable))
