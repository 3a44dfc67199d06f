/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <stdatomic.h>

#include "store/pool.h"

typedef struct Job {
        Task task;
        int number, square;
} Job;

static void square(Task *t, unsigned thread)
{
        Job *j = (Job *)t;

        j->square = j->number * j->number;
}

/* Tasks are given out and waited for one by one. */
static void test_tasks(void **state)
{
        _cleanup_(pool_freep) Pool *p = NULL;
        Job jobs[100] = {};

        assert_int_equal(pool_new(3, &p), 0);
        for (int i = 0; i < 100; i++) {
                jobs[i].number = i;
                jobs[i].task.run = square;
                pool_submit(p, &jobs[i].task);
        }
        for (int i = 99; i >= 0; i--) {
                pool_wait(p, &jobs[i].task);
                assert_true(pool_is_done(p, &jobs[i].task));
                assert_int_equal(jobs[i].square, i * i);
        }
}

static atomic_int order;

static void take_number(Task *t, unsigned thread)
{
        ((Job *)t)->number = atomic_fetch_add(&order, 1);
        assert_int_equal(thread, 0);
}

/* One thread keeps the order; freeing the pool finishes what was submitted. */
static void test_order(void **state)
{
        Job jobs[50] = {};
        Pool *p = NULL;

        assert_int_equal(pool_new(1, &p), 0);
        for (int i = 0; i < 50; i++) {
                jobs[i].task.run = take_number;
                pool_submit(p, &jobs[i].task);
        }
        assert_null(pool_free(p));
        for (int i = 0; i < 50; i++)
                assert_int_equal(jobs[i].number, i);
}

static void test_empty(void **state)
{
        Pool *p = NULL;

        assert_int_equal(pool_new(POOL_THREADS_MAX, &p), 0);
        assert_null(pool_free(p));
        assert_null(pool_free(NULL));
}

TEST_MAIN(cmocka_unit_test(test_tasks), cmocka_unit_test(test_order), cmocka_unit_test(test_empty))
