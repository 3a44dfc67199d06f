/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include "store-fixture.h"
#include "store/checkpoint.h"

static Intake *intake;
static Checkpoint *checkpoint;
static Journal *journal;
static Pool *flushers;
static int stage = -1;

static const char *file_of(void *userdata, size_t part)
{
        return part == 0 ? "boot" : "nvram";
}

static int setup(void **state)
{
        CheckpointSetup with = { .file_of = file_of };

        if (fixture_setup(state) < 0 || mkdirat(fixture_dir, "stage", 0700) < 0)
                return -1;
        stage = dir_open_at(fixture_dir, "stage");
        if (intake_new(fixture_store, stage, &intake) < 0 || pool_new(2, &flushers) < 0 ||
                journal_create_at(fixture_dir, "journal", &journal) < 0)
                return -1;
        with.store = fixture_store;
        with.stage = stage;
        with.journal = journal;
        with.flushers = flushers;
        return checkpoint_new(&with, &checkpoint);
}

static int teardown(void **state)
{
        checkpoint = checkpoint_free(checkpoint);
        intake = intake_free(intake);
        flushers = pool_free(flushers);
        journal = journal_free(journal);
        stage = fd_close(stage);
        return fixture_teardown(state);
}

static ChunkHash add(uint32_t value, uint64_t chunk)
{
        IntakeItem *i = intake_slot(intake);
        ChunkHash hash;

        memset(i->data, 1, 1000);
        memcpy(i->data, &value, sizeof value);
        i->size = 1000;
        i->chunk = chunk;
        intake_submit(intake);
        i = intake_head(intake, true);
        assert_int_equal(i->err, 0);
        hash = i->hash;
        assert_int_equal(checkpoint_add(checkpoint, i, &fixture_failure), 0);
        intake_release(intake);
        return hash;
}

static bool is_stored(const ChunkHash *hash)
{
        uint64_t size;

        return chunk_stat(fixture_store->chunks, hash, &size) == 0;
}

static unsigned count_journal(unsigned kinds[_CHUNK_KIND_MAX])
{
        _cleanup_(journal_reader_freep) JournalReader *r = NULL;
        _cleanup_close_ int fd = journal_dup(journal);
        JournalEntry e;
        unsigned n = 0;

        memset(kinds, 0, _CHUNK_KIND_MAX * sizeof *kinds);
        assert_int_equal(journal_open(fd, &r), 0);
        for (; journal_next(r, &e) == 1; n++) {
                assert_string_equal(e.part, "boot");
                assert_int_equal(e.chunk, n);
                assert_int_equal(e.length, 1000);
                kinds[e.kind]++;
        }
        return n;
}

/* Chunks wait in the stage folder until a flush puts them into place and into the journal. */
static void test_flush(void **state)
{
        unsigned kinds[_CHUNK_KIND_MAX];
        ChunkHash hash = add(1, 0);

        assert_false(is_stored(&hash));
        assert_int_equal(checkpoint_durable(checkpoint), 0);
        assert_int_equal(checkpoint_flush(checkpoint, &fixture_failure), 0);
        assert_true(is_stored(&hash));
        assert_int_equal(checkpoint_durable(checkpoint), 1000);
        assert_int_equal(count_journal(kinds), 1);
        assert_int_equal(kinds[CHUNK_NEW], 1);
        assert_int_equal(faccessat(stage, "0", F_OK, 0), -1);
        /* with nothing to do it does nothing */
        assert_int_equal(checkpoint_flush(checkpoint, &fixture_failure), 0);
}

/* A full batch starts by itself; while it is under way the next collects. */
static void test_batches(void **state)
{
        unsigned kinds[_CHUNK_KIND_MAX];
        uint32_t n = 5 * CHECKPOINT_CHUNKS / 2;

        for (uint32_t i = 0; i < n; i++)
                add(i, i);
        assert_true(checkpoint_durable(checkpoint) >= 1000 * CHECKPOINT_CHUNKS);
        assert_int_equal(checkpoint_flush(checkpoint, &fixture_failure), 0);
        assert_int_equal(checkpoint_durable(checkpoint), 1000 * n);
        assert_int_equal(count_journal(kinds), n);
        assert_int_equal(kinds[CHUNK_NEW], n);
}

static void test_met_twice(void **state)
{
        unsigned kinds[_CHUNK_KIND_MAX];

        for (uint64_t i = 0; i < 10; i++)
                add(7, i);
        assert_int_equal(checkpoint_flush(checkpoint, &fixture_failure), 0);
        assert_int_equal(count_journal(kinds), 10);
        assert_int_equal(kinds[CHUNK_NEW], 1);
        assert_int_equal(kinds[CHUNK_REUSED], 9);
        /* no file is left behind */
        for (unsigned i = 0; i < 10; i++) {
                char name[16];

                snprintf(name, sizeof name, "%u", i);
                assert_int_equal(faccessat(stage, name, F_OK, 0), -1);
        }
}

/* Somebody else stored a chunk of the same name meanwhile: a good one stays, a bad one is replaced. */
static void test_existing(void **state)
{
        char path[CHUNK_PATH_SIZE], prefix[5];
        unsigned kinds[_CHUNK_KIND_MAX];
        ChunkHash good = add(1, 0), bad = add(2, 1);
        const uint8_t *data;
        ChunkCodec *codec;
        size_t size;

        chunk_path(good.bytes, path);
        snprintf(prefix, sizeof prefix, "%.4s", path);
        assert_int_equal(mkdirat(fixture_store->chunks, prefix, 0700), 0);
        assert_int_equal(linkat(stage, "0", fixture_store->chunks, path, 0), 0);
        chunk_path(bad.bytes, path);
        snprintf(prefix, sizeof prefix, "%.4s", path);
        assert_int_equal(mkdirat(fixture_store->chunks, prefix, 0700), 0);
        assert_int_equal(linkat(fixture_dir, "README.txt", fixture_store->chunks, path, 0), 0);

        assert_int_equal(checkpoint_flush(checkpoint, &fixture_failure), 0);
        assert_int_equal(count_journal(kinds), 2);
        assert_int_equal(kinds[CHUNK_REUSED], 1);
        assert_int_equal(kinds[CHUNK_HEALED], 1);
        assert_int_equal(chunk_codec_new(0, &codec), 0);
        assert_int_equal(
                chunk_load(codec, fixture_store->chunks, &bad, CHUNK_COLD, &data, &size), 0);
        chunk_codec_free(codec);
}

/* After an error nothing more is taken: nobody knows what is on the disk. */
static void test_error(void **state)
{
        Failure f = {};
        IntakeItem *i;

        add(1, 0);
        assert_int_equal(unlinkat(stage, "0", 0), 0);
        assert_true(checkpoint_flush(checkpoint, &f) < 0);
        assert_int_equal(f.id, ERROR_STORE_FAILED);
        assert_int_equal(checkpoint_durable(checkpoint), 0);
        assert_true(checkpoint_poll(checkpoint, &f) < 0);
        i = intake_slot(intake);
        i->size = 10;
        memset(i->data, 5, 10);
        intake_submit(intake);
        i = intake_head(intake, true);
        assert_true(checkpoint_add(checkpoint, i, &f) < 0);
        intake_release(intake);
}

#define checkpoint_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
TEST_MAIN(checkpoint_test(test_flush), checkpoint_test(test_batches),
        checkpoint_test(test_met_twice), checkpoint_test(test_existing),
        checkpoint_test(test_error))
