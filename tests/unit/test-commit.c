/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include "store-fixture.h"
#include "store/commit.h"
#include "store/index.h"

static ChunkCodec *codec;
static int session = -1;

static int setup(void **state)
{
        if (fixture_setup(state) < 0 || mkdirat(fixture_dir, "incoming/x", 0700) < 0 ||
                mkdirat(fixture_dir, "incoming/x/final", 0700) < 0 ||
                mkdirat(fixture_dir, "incoming/x/final/index", 0700) < 0)
                return -1;
        session = dir_open_at(fixture_dir, "incoming/x");
        return chunk_codec_new(CHUNK_LEVEL, &codec);
}

static int teardown(void **state)
{
        session = fd_close(session);
        codec = chunk_codec_free(codec);
        return fixture_teardown(state);
}

/* A manifest of one small part whose chunk and index are there. */
static Manifest *make_manifest(bool with_chunk)
{
        Manifest *m = fixture_head(fixture_id, 1, BACKUP_SELECTION);
        char path[CHUNK_PATH_SIZE], prefix[5];
        IndexWriter *w;
        const uint8_t *frame;
        ChunkHash hash;
        size_t size;

        assert_int_equal(manifest_set_parts(m, 1), 0);
        m->n_regions = 1;
        m->regions[0] = (ManifestRegion){
                .name = "EMMC_USER", .size = 1024 * 1024, .coverage = COVERAGE_PART
        };
        m->parts[0] = (ManifestPart){ .name = "nvram",
                .file = "nvram",
                .region = "EMMC_USER",
                .size = 5,
                .class = CLASS_IDENTITY,
                .plain = true };
        chunk_hash_of("IMEI\n", 5, &hash);
        memcpy(m->parts[0].sha256, hash.bytes, SHA256_SIZE);
        _cleanup_close_ int index = dir_open_at(session, "final/index");
        assert_int_equal(index_create_at(index, "nvram.caibx", &w), 0);
        assert_int_equal(index_add(w, 5, &hash), 0);
        assert_int_equal(index_finish(w, m->parts[0].index_sha256), 0);
        index_writer_free(w);
        if (!with_chunk)
                return m;
        assert_int_equal(chunk_encode(codec, "IMEI\n", 5, &frame, &size), 0);
        chunk_path(hash.bytes, path);
        snprintf(prefix, sizeof prefix, "%.4s", path);
        _cleanup_close_ int folder = dir_make_at(fixture_store->chunks, prefix, 0700);
        assert_int_equal(file_replace_at(folder, path + 5, frame, size, 0400), 0);
        return m;
}

static Commit commit_of(const Manifest *m)
{
        return (Commit){ .store = fixture_store,
                .session = session,
                .folder = "final",
                .index = -1,
                .manifest = m,
                .codec = codec };
}

/* A folder is filled, then it appears where backups are, in one step. */
static void test_commit(void **state)
{
        _cleanup_(manifest_freep) Manifest *m = make_manifest(true);
        _cleanup_(backup_freep) Backup *b = NULL;
        _cleanup_free_ char *text = NULL, *report = NULL, *sums = NULL;
        const CommitReport reports[] = { { "scatter.txt", "- partition_index: SYS0\n" } };
        Commit c = commit_of(m);
        struct stat st;

        c.reports = reports;
        c.n_reports = ELEMENTS(reports);

        assert_int_equal(commit_prepare(&c, &fixture_failure), 0);
        assert_int_equal(backup_open(fixture_store, fixture_id, &b, NULL), -ENOENT);
        assert_int_equal(commit_publish(&c, &fixture_failure), 0);
        assert_int_equal(backup_open(fixture_store, fixture_id, &b, &fixture_failure), 0);
        assert_int_equal(backup_read(b, fixture_store, &fixture_failure), 0);
        assert_int_equal(file_read_at(b->dir, "plain/nvram.img", 100, &text, NULL), 0);
        assert_string_equal(text, "IMEI\n");
        assert_int_equal(file_read_at(b->dir, "report/scatter.txt", 100, &report, NULL), 0);
        assert_string_equal(report, reports[0].text);
        assert_int_equal(file_read_at(b->dir, "SHA256SUMS", 1000, &sums, NULL), 0);
        assert_non_null(strstr(sums, "  report/scatter.txt\n"));
        assert_int_equal(fstatat(b->dir, "manifest.json", &st, 0), 0);
        assert_int_equal(st.st_mode & 0777, 0400);
        assert_int_equal(faccessat(session, "final", F_OK, 0), -1);
        assert_int_equal(faccessat(b->device, "device.json", F_OK, 0), 0);
}

/* Nothing is committed whose chunks are not there. */
static void test_missing_chunk(void **state)
{
        _cleanup_(manifest_freep) Manifest *m = make_manifest(false);
        Commit c = commit_of(m);

        assert_int_equal(commit_prepare(&c, &fixture_failure), -EBADMSG);
        assert_int_equal(fixture_failure.id, ERROR_STORE_DAMAGED);
}

/* An id that exists is never replaced. */
static void test_existing(void **state)
{
        _cleanup_(manifest_freep) Manifest *m = make_manifest(true);
        Commit c = commit_of(m);

        assert_int_equal(mkdirat(fixture_dir, "backups/mt6765-0123456789ab", 0700), 0);
        assert_int_equal(
                mkdirat(fixture_dir, "backups/mt6765-0123456789ab/20261120T141703Z-0badc0de", 0700),
                0);
        assert_int_equal(commit_prepare(&c, &fixture_failure), 0);
        assert_int_equal(commit_publish(&c, &fixture_failure), -EEXIST);
}

/* The critical set has its own folder and copies of the indexes. */
static void test_other_folder(void **state)
{
        _cleanup_(manifest_freep) Manifest *m = make_manifest(true);
        _cleanup_close_ int index = dir_open_at(session, "final/index");
        _cleanup_(backup_freep) Backup *b = NULL;
        Commit c = commit_of(m);

        c.folder = "critical";
        c.index = index;
        assert_int_equal(commit_prepare(&c, &fixture_failure), 0);
        assert_int_equal(commit_publish(&c, &fixture_failure), 0);
        assert_int_equal(backup_open(fixture_store, fixture_id, &b, &fixture_failure), 0);
        assert_int_equal(faccessat(b->dir, "index/nvram.caibx", F_OK, 0), 0);
        assert_int_equal(faccessat(session, "final/index/nvram.caibx", F_OK, 0), 0);
}

#define commit_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
TEST_MAIN(commit_test(test_commit), commit_test(test_missing_chunk), commit_test(test_existing),
        commit_test(test_other_folder))
