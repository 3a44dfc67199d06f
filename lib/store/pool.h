/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A few threads that run tasks in the order they were submitted.
 *
 * The keeper's main thread talks to the daemon and one thread does the job; what costs processor
 * time (hashing, compressing) or waits for the disk (flushing) goes through pools like this one.
 * A Task is part of the caller's struct and must live until it is done. */

#include "basic/cleanup.h"

typedef struct Task Task;
struct Task {
        void (*run)(Task *t, unsigned thread); /* thread: 0 … threads - 1 */
        Task *next;                            /* the pool's */
        bool done;
};

typedef struct Pool Pool;

enum { POOL_THREADS_MAX = 8 };

/* 0; -ENOMEM, -EAGAIN when threads cannot be made. */
int pool_new(unsigned threads, Pool **ret);
/* Waits for all that was submitted. */
Pool *pool_free(Pool *p);
DEFINE_CLEANUP(Pool, pool_free)

/* Puts it behind all others; t->run is called by one of the threads. */
void pool_submit(Pool *p, Task *t);
/* Of a task that was submitted: true as soon as run has returned. */
bool pool_is_done(Pool *p, const Task *t);
/* Returns then; not to be called by a task. */
void pool_wait(Pool *p, const Task *t);
