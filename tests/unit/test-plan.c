/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "store/plan.h"

static Failure failure;

typedef struct Entry {
        const char *name;
        RegionKind region;
        uint64_t offset, size;
} Entry;

static Layout *make_layout(const Entry *entries, size_t n)
{
        Layout *l = layout_new();

        assert_non_null(l);
        failure = (Failure){};
        l->storage = STORAGE_EMMC;
        l->block_size = 512;
        layout_set_region(l, REGION_BOOT1, 4 * MiB)->readable = true;
        layout_set_region(l, REGION_RPMB, 4 * MiB)->readable = false;
        layout_set_region(l, REGION_USER, 1024 * MiB)->readable = true;
        for (size_t i = 0; i < n; i++) {
                Partition *p = layout_add(l, entries[i].name);

                p->region = entries[i].region;
                p->offset = entries[i].offset;
                p->size = entries[i].size;
        }
        return l;
}

static const Entry usual[] = {
        { "nvram", REGION_USER, 8 * MiB, 5 * MiB },
        { "seccfg", REGION_USER, 16 * MiB, 8 * MiB },
        { "lk", REGION_USER, 24 * MiB, 1 * MiB },
        { "expdb", REGION_USER, 30 * MiB, 10 * MiB },
        { "boot", REGION_USER, 40 * MiB, 32 * MiB },
        { "userdata", REGION_USER, 72 * MiB, 900 * MiB },
};

static Plan *make_plan(const Entry *entries, size_t n, const PlanRequest *request)
{
        _cleanup_(layout_freep) Layout *l = make_layout(entries, n);
        Plan *p = NULL;

        if (plan_new(l, request, &p, &failure) < 0)
                assert_true(failure_is_set(&failure));
        return p;
}

static void assert_order(const Plan *p, const char *want)
{
        char have[1024];
        size_t n = 0;

        have[0] = 0;
        for (size_t i = 0; i < p->n_order; i++)
                n += (size_t)snprintf(have + n, sizeof have - n, "%s%s%s", i > 0 ? " " : "",
                        i == p->n_critical && i > 0 ? "| " : "", p->parts[p->order[i]].file);
        assert_string_equal(have, want);
}

/* A full backup reads everything, the irreplaceable first and twice. */
static void test_full(void **state)
{
        const PlanRequest request = { .kind = BACKUP_FULL };
        _cleanup_(plan_freep) Plan *p = make_plan(usual, ELEMENTS(usual), &request);
        uint64_t end = 0;

        assert_non_null(p);
        assert_true(p->table_ok);
        assert_order(p,
                "nvram seccfg preloader lk | boot _gap-0 _gap-d00000 _gap-1900000 "
                "_gap-3cc00000 expdb userdata");
        assert_int_equal(p->bytes, 1028 * MiB);
        assert_int_equal(p->critical_bytes, 18 * MiB);
        /* the parts themselves stand in the order of the flash, without a hole */
        for (size_t i = 1; i < p->n_parts; i++) {
                assert_int_equal(p->parts[i].partition->offset, end);
                end += p->parts[i].partition->size;
        }
        assert_int_equal(end, 1024 * MiB);
        assert_string_equal(p->parts[0].region_name, "EMMC_BOOT1");
}

static void test_critical(void **state)
{
        const PlanRequest request = { .kind = BACKUP_CRITICAL };
        _cleanup_(plan_freep) Plan *p = make_plan(usual, ELEMENTS(usual), &request);

        assert_non_null(p);
        assert_order(p, "nvram seccfg preloader lk");
        assert_int_equal(p->n_parts, 4);
}

/* Too large for the critical set: read all the same, but once. */
static void test_critical_limits(void **state)
{
        static const Entry large[] = {
                { "nvram", REGION_USER, 0, 64 * MiB },
                { "nvdata", REGION_USER, 64 * MiB, 65 * MiB },
                { "protect1", REGION_USER, 129 * MiB, 64 * MiB },
                { "protect2", REGION_USER, 193 * MiB, 64 * MiB },
                { "persist", REGION_USER, 257 * MiB, 64 * MiB },
        };
        const PlanRequest full = { .kind = BACKUP_FULL }, critical = { .kind = BACKUP_CRITICAL };
        _cleanup_(plan_freep) Plan *p = make_plan(large, ELEMENTS(large), &full);
        _cleanup_(plan_freep) Plan *q = make_plan(large, ELEMENTS(large), &critical);

        assert_non_null(p);
        assert_order(p, "nvram protect1 protect2 persist | nvdata preloader _gap-14100000");
        assert_int_equal(p->critical_bytes, 256 * MiB);
        assert_non_null(q);
        assert_order(q, "nvram protect1 protect2 persist");
        /* listed, but skipped */
        assert_int_equal(q->n_parts, 6);
}

static void test_selection(void **state)
{
        const PlanRequest request = {
                .kind = BACKUP_SELECTION, .partitions = "boot,nv*,lk", .exclude = "nvram"
        };
        _cleanup_(plan_freep) Plan *p = make_plan(usual, ELEMENTS(usual), &request);

        assert_non_null(p);
        assert_order(p, "lk | boot");
        assert_int_equal(p->n_parts, 3);
        assert_false(p->parts[0].wanted);
        assert_string_equal(p->parts[0].file, "nvram");
}

/* What a full backup leaves out stays in its list, so that the list still covers the flash. */
static void test_full_without_userdata(void **state)
{
        const PlanRequest request = { .kind = BACKUP_FULL, .exclude = "userdata" };
        _cleanup_(plan_freep) Plan *p = make_plan(usual, ELEMENTS(usual), &request);

        assert_non_null(p);
        assert_int_equal(p->n_parts, 11);
        assert_int_equal(p->n_order, 10);
        assert_int_equal(p->bytes, 128 * MiB);
}

/* What was asked for by name and is not there is noted, and so is an area that nobody can read;
 * a pattern may match nothing, and RPMB is known to stay closed. */
static void test_missing(void **state)
{
        const PlanRequest full = { .kind = BACKUP_FULL },
                          names = { .kind = BACKUP_SELECTION, .partitions = "boot,recovry,x*" },
                          found = { .kind = BACKUP_SELECTION, .partitions = "boot,x*" },
                          rpmb = { .kind = BACKUP_FULL, .areas = "USER,RPMB" },
                          critical = { .kind = BACKUP_CRITICAL };
        static const Entry large[] = {
                { "nvram", REGION_USER, 0, 64 * MiB },
                { "nvdata", REGION_USER, 64 * MiB, 65 * MiB },
        };
        const struct {
                const Entry *entries;
                size_t n;
                const PlanRequest *request;
                const char *missing;
        } cases[] = {
                { usual, ELEMENTS(usual), &full, "" },
                { usual, ELEMENTS(usual), &names,
                        "There is no partition \"recovry\" that could be read." },
                { usual, ELEMENTS(usual), &found, "" },
                { usual, ELEMENTS(usual), &rpmb, "RPMB cannot be read on this phone." },
                { usual, ELEMENTS(usual), &critical, "" },
                { large, ELEMENTS(large), &critical,
                        "nvdata is too large for a backup of the critical set." },
                { large, ELEMENTS(large), &full, "" },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_(plan_freep) Plan *p =
                        make_plan(cases[i].entries, cases[i].n, cases[i].request);

                assert_non_null(p);
                assert_string_equal(p->missing, cases[i].missing);
                assert_string_equal(p->unread, "");
        }
}

static void test_areas(void **state)
{
        const PlanRequest boot = { .kind = BACKUP_FULL, .areas = "BOOT1" };
        const PlanRequest unknown = { .kind = BACKUP_FULL, .areas = "USER,MOON" };
        const PlanRequest rpmb = { .kind = BACKUP_SELECTION, .areas = "RPMB" };
        _cleanup_(plan_freep) Plan *p = make_plan(usual, ELEMENTS(usual), &boot);

        assert_non_null(p);
        assert_order(p, "preloader");
        assert_int_equal(p->n_parts, 11);
        assert_null(make_plan(usual, ELEMENTS(usual), &unknown));
        assert_int_equal(failure.id, ERROR_INVALID_OPTION);
        assert_null(make_plan(usual, ELEMENTS(usual), &rpmb));
        assert_int_equal(failure.id, ERROR_INVALID_OPTION);
}

static void test_nothing_to_read(void **state)
{
        const PlanRequest request = { .kind = BACKUP_SELECTION, .partitions = "no*such" };
        _cleanup_(layout_freep) Layout *empty = layout_new();
        Plan *p = NULL;

        assert_null(make_plan(usual, ELEMENTS(usual), &request));
        assert_int_equal(failure.id, ERROR_INVALID_OPTION);
        failure = (Failure){};
        assert_true(plan_new(empty, &request, &p, &failure) < 0);
        assert_int_equal(failure.id, ERROR_PROTOCOL_VIOLATION);
}

/* A table that claims too much or the same twice: every byte is still read, and of two that overlap
 * the small one keeps its name. */
static void test_broken_tables(void **state)
{
        static const Entry broken[] = {
                { "huge", REGION_USER, 0, 1000 * MiB },
                { "nvram", REGION_USER, 8 * MiB, 5 * MiB },
                { "boot", REGION_USER, 12 * MiB, 32 * MiB },
                { "beyond", REGION_USER, 1000 * MiB, 25 * MiB },
                { "far", REGION_USER, UINT64_MAX - 5, 100 },
                { "nothing", REGION_USER, 50 * MiB, 0 },
                { "elsewhere", REGION_GP1, 0, MiB },
        };
        const PlanRequest request = { .kind = BACKUP_FULL };
        _cleanup_(plan_freep) Plan *p = make_plan(broken, ELEMENTS(broken), &request);

        assert_non_null(p);
        assert_false(p->table_ok);
        assert_true(p->table_problem[0]);
        assert_order(p, "nvram preloader | _gap-0 _gap-d00000");
        assert_int_equal(p->bytes, 1028 * MiB);
}

/* so many entries that the gaps between them do not fit any more */
static void test_crowded_table(void **state)
{
        static Entry entries[LAYOUT_PARTS_MAX];
        static char names[LAYOUT_PARTS_MAX][8];
        const PlanRequest request = { .kind = BACKUP_FULL };

        for (size_t i = 0; i < ELEMENTS(entries); i++) {
                snprintf(names[i], sizeof names[i], "p%zu", i);
                entries[i] = (Entry){ names[i], REGION_USER, i * 1024, 512 };
        }
        _cleanup_(plan_freep) Plan *p = make_plan(entries, ELEMENTS(entries), &request);
        assert_non_null(p);
        assert_false(p->table_ok);
        assert_order(p, "preloader | _gap-0");
        assert_int_equal(p->bytes, 1028 * MiB);
}

static void test_names(void **state)
{
        static const Entry entries[] = {
                { "boot", REGION_USER, 0, MiB },
                { "../../boot", REGION_USER, MiB, MiB },
                { "boot", REGION_USER, 2 * MiB, MiB },
                { "boot", REGION_BOOT1, 0, MiB },
                { "", REGION_USER, 3 * MiB, MiB },
        };
        const PlanRequest request = { .kind = BACKUP_FULL };
        _cleanup_(plan_freep) Plan *p = make_plan(entries, ELEMENTS(entries), &request);

        assert_non_null(p);
        assert_order(p, "boot boot~2 %2E.%2F..%2Fboot boot~3 %00 _gap-100000 _gap-400000");
}

static void test_bad_lists(void **state)
{
        char many[4 * PLAN_GLOBS_MAX + 8], longer[PLAN_GLOB_MAX + 8];
        const PlanRequest a = { .kind = BACKUP_FULL, .exclude = many },
                          b = { .kind = BACKUP_FULL, .partitions = longer };

        many[0] = 0;
        for (size_t i = 0; i <= PLAN_GLOBS_MAX; i++)
                strcat(many, "x,");
        memset(longer, 'a', sizeof longer - 1);
        longer[sizeof longer - 1] = 0;
        assert_null(make_plan(usual, ELEMENTS(usual), &a));
        assert_int_equal(failure.id, ERROR_INVALID_OPTION);
        assert_null(make_plan(usual, ELEMENTS(usual), &b));
        assert_int_equal(failure.id, ERROR_INVALID_OPTION);
}

static void test_digest(void **state)
{
        const PlanRequest full = { .kind = BACKUP_FULL },
                          less = { .kind = BACKUP_FULL, .exclude = "userdata" };
        _cleanup_(plan_freep) Plan *p = make_plan(usual, ELEMENTS(usual), &full),
                                   *q = make_plan(usual, ELEMENTS(usual), &full),
                                   *other = make_plan(usual, ELEMENTS(usual), &less);
        uint8_t a[SHA256_SIZE], b[SHA256_SIZE], c[SHA256_SIZE];

        plan_digest(p, a);
        plan_digest(q, b);
        plan_digest(other, c);
        assert_memory_equal(a, b, SHA256_SIZE);
        assert_memory_not_equal(a, c, SHA256_SIZE);
}

TEST_MAIN(cmocka_unit_test(test_full), cmocka_unit_test(test_critical),
        cmocka_unit_test(test_critical_limits), cmocka_unit_test(test_selection),
        cmocka_unit_test(test_full_without_userdata), cmocka_unit_test(test_missing),
        cmocka_unit_test(test_areas), cmocka_unit_test(test_nothing_to_read),
        cmocka_unit_test(test_broken_tables), cmocka_unit_test(test_crowded_table),
        cmocka_unit_test(test_names), cmocka_unit_test(test_bad_lists),
        cmocka_unit_test(test_digest))
