/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include "basic/bytes.h"
#include "store-fixture.h"
#include "store/intake.h"

static Intake *intake;
static int stage = -1;

static int setup(void **state)
{
        if (fixture_setup(state) < 0 || mkdirat(fixture_dir, "stage", 0700) < 0)
                return -1;
        stage = dir_open_at(fixture_dir, "stage");
        return intake_new(fixture_store, stage, &intake);
}

static int teardown(void **state)
{
        intake = intake_free(intake);
        stage = fd_close(stage);
        return fixture_teardown(state);
}

static void submit(uint8_t value, size_t size)
{
        IntakeItem *i = intake_slot(intake);

        assert_non_null(i);
        assert_ptr_equal(i, intake_next(intake));
        memset(i->data, value, size);
        i->size = size;
        intake_submit(intake);
}

/* puts a stored chunk where a checkpoint would have put it */
static void store_chunk(const IntakeItem *i)
{
        char path[CHUNK_PATH_SIZE], prefix[5], name[16];

        chunk_path(i->hash.bytes, path);
        snprintf(prefix, sizeof prefix, "%.4s", path);
        snprintf(name, sizeof name, "%u", i->stage);
        assert_int_equal(mkdirat(fixture_store->chunks, prefix, 0700), 0);
        assert_int_equal(renameat(stage, name, fixture_store->chunks, path), 0);
}

/* New bytes are staged; the same bytes are found once they are stored; and again replaced when the
 * stored ones are damaged. */
static void test_new_reused_healed(void **state)
{
        char path[CHUNK_PATH_SIZE + 16] = "chunks.castr/";
        IntakeItem *i;

        submit(7, 5000);
        i = intake_head(intake, true);
        assert_int_equal(i->err, 0);
        assert_int_equal(i->kind, CHUNK_NEW);
        assert_true(i->fd >= 0 && i->stored > 0);
        store_chunk(i);
        chunk_path(i->hash.bytes, path + strlen(path));
        intake_release(intake);

        submit(7, 5000);
        i = intake_head(intake, true);
        assert_int_equal(i->kind, CHUNK_REUSED);
        assert_true(i->fd < 0);
        intake_release(intake);

        fixture_flip(path, 15);
        submit(7, 5000);
        i = intake_head(intake, true);
        assert_int_equal(i->err, 0);
        assert_int_equal(i->kind, CHUNK_HEALED);
        assert_true(i->fd >= 0);
        intake_release(intake);

        /* the damaged one is kept for study */
        _cleanup_closedir_ DIR *d = fdopendir(dir_open_at(fixture_dir, "quarantine"));
        struct dirent *entry;
        unsigned n = 0;
        while ((entry = readdir(d)))
                n += entry->d_name[0] != '.';
        assert_int_equal(n, 1);
        assert_null(intake_head(intake, true));
}

/* Whatever the threads do first, items come back in order, and no more than fit are taken. */
static void test_order(void **state)
{
        for (unsigned round = 0; round < 20; round++) {
                for (size_t i = 0; i < INTAKE_ITEMS; i++)
                        submit((uint8_t)(round * INTAKE_ITEMS + i + 1), i % 2 ? 100 : CHUNK_SIZE);
                assert_null(intake_slot(intake));
                for (size_t i = 0; i < INTAKE_ITEMS; i++) {
                        IntakeItem *item = intake_head(intake, true);

                        assert_int_equal(item->err, 0);
                        assert_int_equal(item->data[0], (uint8_t)(round * INTAKE_ITEMS + i + 1));
                        intake_release(intake);
                }
        }
}

static void test_zeros(void **state)
{
        IntakeItem *i;

        submit(0, CHUNK_SIZE);
        i = intake_head(intake, true);
        assert_true(i->zero);
        assert_int_equal(i->kind, CHUNK_NEW);
        assert_true(chunk_hash_equal(&i->hash, chunk_hash_zero()));
        store_chunk(i);
        intake_release(intake);
        intake_zero_known(intake);

        submit(0, CHUNK_SIZE);
        i = intake_head(intake, false);
        assert_int_equal(i->kind, CHUNK_ZERO);
        intake_release(intake);
        /* a shorter one is another chunk */
        submit(0, 512);
        i = intake_head(intake, true);
        assert_true(i->zero);
        assert_int_equal(i->kind, CHUNK_NEW);
        intake_release(intake);
        submit(0xff, CHUNK_SIZE);
        i = intake_head(intake, true);
        assert_true(i->ff && !i->zero);
        intake_release(intake);
}

static void test_expected(void **state)
{
        ChunkHash hash;
        IntakeItem *i = intake_slot(intake);

        memset(i->data, 9, 100);
        chunk_hash_of(i->data, 100, &hash);
        i->size = 100;
        i->expected = &hash;
        intake_submit(intake);
        i = intake_head(intake, true);
        assert_int_equal(i->kind, CHUNK_REUSED);
        intake_release(intake);
}

/* An error of the disk stays with its item. */
static void test_failure(void **state)
{
        IntakeItem *i;

        assert_int_equal(unlinkat(fixture_dir, "stage", AT_REMOVEDIR), 0);
        submit(3, 100);
        i = intake_head(intake, true);
        assert_true(i->err < 0);
        assert_int_equal(i->failure.id, ERROR_STORE_FAILED);
        intake_release(intake);
}

static void test_freed_in_flight(void **state)
{
        for (size_t i = 0; i < INTAKE_ITEMS; i++)
                submit((uint8_t)(i + 1), CHUNK_SIZE);
}

#define intake_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
TEST_MAIN(intake_test(test_new_reused_healed), intake_test(test_order), intake_test(test_zeros),
        intake_test(test_expected), intake_test(test_failure), intake_test(test_freed_in_flight))
