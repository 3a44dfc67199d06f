/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include "store-fixture.h"
#include "store/ledger.h"

static Plan *plan;
static Manifest *manifest;
static Ledger *ledger;
static int index_dir = -1;
static uint8_t buffer[CHUNK_SIZE];

static int setup(void **state)
{
        const PlanRequest request = { .kind = BACKUP_FULL };

        if (fixture_setup(state) < 0 || mkdirat(fixture_dir, "index", 0700) < 0)
                return -1;
        index_dir = dir_open_at(fixture_dir, "index");
        plan = fixture_plan(&request);
        manifest = fixture_head(fixture_id, 1, BACKUP_FULL);
        return ledger_new(plan, manifest, index_dir, &ledger);
}

static int teardown(void **state)
{
        ledger = ledger_free(ledger);
        manifest = manifest_free(manifest);
        plan = plan_free(plan);
        index_dir = fd_close(index_dir);
        return fixture_teardown(state);
}

static size_t find(const char *name)
{
        size_t i = 0;

        while (strcmp(plan->parts[i].file, name) != 0)
                i++;
        return i;
}

/* one chunk through push and take */
static int chunk(size_t part, unsigned pass, uint64_t number, uint8_t value, ChunkKind kind)
{
        IntakeItem item = { .data = buffer };
        int r;

        memset(buffer, value, sizeof buffer);
        ledger_push(ledger, &item, part, pass, number);
        chunk_hash_of(item.data, item.size, &item.hash);
        item.kind = kind;
        item.stored = 100;
        item.zero = value == 0;
        item.ff = value == 0xff;
        ledger_count(ledger, &item);
        r = ledger_take(ledger, &item, &fixture_failure);
        assert_true(r >= 0);
        return r;
}

/* A part that is read once: its index grows, and at its end everything is known. */
static void test_once(void **state)
{
        size_t boot = find("boot");
        ManifestPart *part = manifest->parts + boot;
        uint8_t sum[SHA256_SIZE];

        assert_int_equal(chunk(boot, 0, 0, 0, CHUNK_NEW), 0);
        assert_false(ledger_has_pass(ledger, boot, 0));
        assert_int_equal(chunk(boot, 0, 1, 0xff, CHUNK_REUSED), 1);
        assert_true(ledger_has_pass(ledger, boot, 0));
        assert_int_equal(part->reads, 1);
        assert_int_equal(part->zero_bytes, CHUNK_SIZE);
        assert_int_equal(part->ff_bytes, CHUNK_SIZE);
        assert_int_equal(part->new_bytes, CHUNK_SIZE);
        assert_int_equal(part->new_stored_bytes, 100);
        assert_int_equal(part->chunks, 2);
        assert_int_equal(part->chunks_reused, 1);

        _cleanup_(index_reader_freep) IndexReader *r = NULL;
        _cleanup_close_ int fd = openat(index_dir, "boot.caibx", O_RDONLY | O_CLOEXEC);
        assert_int_equal(index_open(fd, part->size, &r, sum), 0);
        assert_memory_equal(sum, part->index_sha256, SHA256_SIZE);
}

/* What the manifest says of the parts before anything is read. */
static void test_description(void **state)
{
        const ManifestPart *nvram = manifest->parts + find("nvram");

        assert_int_equal(manifest->n_parts, plan->n_parts);
        assert_int_equal(manifest->n_regions, 1);
        assert_string_equal(manifest->regions[0].name, "EMMC_USER");
        assert_string_equal(nvram->region, "EMMC_USER");
        assert_true(nvram->plain);
        assert_int_equal(nvram->class, CLASS_IDENTITY);
        assert_false(manifest->parts[find("boot")].plain);
}

static void test_passes(void **state)
{
        size_t nvram = find("nvram");

        assert_int_equal(chunk(nvram, 0, 0, 5, CHUNK_NEW), 1);
        assert_false(ledger_differs(ledger, nvram));
        assert_int_equal(chunk(nvram, 1, 0, 6, CHUNK_NEW), 1);
        assert_true(ledger_differs(ledger, nvram));
        assert_int_equal(chunk(nvram, 2, 0, 6, CHUNK_REUSED), 1);
        assert_int_equal(ledger_settle(ledger, &fixture_failure), 0);
        assert_int_equal(manifest->parts[nvram].status, PART_OK);
        assert_int_equal(manifest->parts[nvram].reads, 3);
        assert_int_equal(manifest->parts[nvram].chunks, 1);
}

/* Places that cannot be read: neighbours become one entry, those of a pass that does not count are
 * forgotten. */
static void test_bad(void **state)
{
        const ManifestBad a = { .offset = 0, .size = 512, .tries = 3, .error = "no" },
                          b = { .offset = 512, .size = 512, .tries = 3, .error = "no" },
                          c = { .offset = 2048, .size = 512, .tries = 3, .error = "no" };
        size_t boot = find("boot"), nvram = find("nvram");

        assert_int_equal(ledger_bad(ledger, boot, 0, &a, &fixture_failure), 0);
        assert_int_equal(ledger_bad(ledger, boot, 0, &b, &fixture_failure), 0);
        assert_int_equal(ledger_bad(ledger, boot, 0, &c, &fixture_failure), 0);
        chunk(boot, 0, 0, 1, CHUNK_NEW);
        chunk(boot, 0, 1, 1, CHUNK_NEW);
        assert_int_equal(manifest->parts[boot].status, PART_BAD_RANGES);
        assert_int_equal(manifest->parts[boot].n_bad, 2);
        assert_int_equal(manifest->parts[boot].bad[0].size, 1024);

        assert_int_equal(ledger_bad(ledger, nvram, 1, &a, &fixture_failure), 0);
        chunk(nvram, 0, 0, 5, CHUNK_NEW);
        chunk(nvram, 1, 0, 6, CHUNK_NEW);
        chunk(nvram, 2, 0, 5, CHUNK_NEW);
        assert_int_equal(ledger_settle(ledger, &fixture_failure), 0);
        assert_int_equal(manifest->parts[nvram].status, PART_OK);
        assert_int_equal(manifest->parts[nvram].n_bad, 0);
}

/* A pass with holes does not count against one that read everything: two that failed in the same
 * place agree in nothing but the zeros put there. */
static void test_holes_against_data(void **state)
{
        const ManifestBad all = { .offset = 0, .size = 4096, .tries = 3, .error = "no" };
        size_t nvram = find("nvram");
        ManifestPart *part = manifest->parts + nvram;
        ChunkHash first, hash;
        uint8_t sum[SHA256_SIZE];
        uint64_t offset;
        size_t size;

        chunk(nvram, 0, 0, 5, CHUNK_NEW);
        for (unsigned pass = 1; pass < LEDGER_PASSES; pass++) {
                assert_int_equal(ledger_bad(ledger, nvram, pass, &all, &fixture_failure), 0);
                chunk(nvram, pass, 0, 0, CHUNK_NEW);
        }
        assert_int_equal(ledger_settle(ledger, &fixture_failure), 0);
        assert_int_equal(part->status, PART_UNSTABLE);
        assert_int_equal(part->n_bad, 0);

        _cleanup_(index_reader_freep) IndexReader *r = NULL;
        _cleanup_close_ int fd = openat(index_dir, "nvram.caibx", O_RDONLY | O_CLOEXEC);
        assert_int_equal(index_open(fd, part->size, &r, sum), 0);
        assert_int_equal(index_next(r, &hash, &offset, &size), 1);
        memset(buffer, 5, sizeof buffer);
        chunk_hash_of(buffer, size, &first);
        assert_true(chunk_hash_equal(&hash, &first));
}

static void test_too_many_bad(void **state)
{
        ManifestBad bad = { .size = 512, .error = "no" };
        size_t userdata = find("userdata");

        for (uint64_t i = 0; i < MANIFEST_BAD_MAX; i++) {
                bad.offset = 1024 * i;
                assert_int_equal(ledger_bad(ledger, userdata, 0, &bad, &fixture_failure), 0);
        }
        bad.offset += 1024;
        assert_int_equal(ledger_bad(ledger, userdata, 0, &bad, &fixture_failure), -E2BIG);
        assert_int_equal(fixture_failure.id, ERROR_DEVICE_REFUSED);
}

static void test_unreadable(void **state)
{
        size_t nvram = find("nvram");

        ledger_unreadable(ledger, nvram, "DeviceRefused 0xc0010004");
        assert_int_equal(ledger_settle(ledger, &fixture_failure), 0);
        assert_int_equal(manifest->parts[nvram].status, PART_UNREADABLE);
        assert_string_equal(manifest->parts[nvram].error, "DeviceRefused 0xc0010004");
        assert_int_equal(faccessat(index_dir, "nvram.caibx", F_OK, 0), -1);
}

#define ledger_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
TEST_MAIN(ledger_test(test_once), ledger_test(test_description), ledger_test(test_passes),
        ledger_test(test_bad), ledger_test(test_holes_against_data), ledger_test(test_too_many_bad),
        ledger_test(test_unreadable))
