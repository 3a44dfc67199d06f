/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/pool.h"

#include <errno.h>
#include <pthread.h>

typedef struct PoolThread {
        Pool *pool;
        pthread_t thread;
        unsigned number;
} PoolThread;

struct Pool {
        pthread_mutex_t lock;
        pthread_cond_t work, finished;
        Task *first, **last;
        bool stop;
        unsigned n_threads;
        PoolThread threads[POOL_THREADS_MAX];
};

static void *pool_thread(void *userdata)
{
        PoolThread *self = userdata;
        Pool *p = self->pool;

        pthread_mutex_lock(&p->lock);
        for (;;) {
                Task *t = p->first;

                if (!t && p->stop)
                        break;
                if (!t) {
                        pthread_cond_wait(&p->work, &p->lock);
                        continue;
                }
                p->first = t->next;
                if (!p->first)
                        p->last = &p->first;
                pthread_mutex_unlock(&p->lock);
                t->run(t, self->number);
                pthread_mutex_lock(&p->lock);
                t->done = true;
                pthread_cond_broadcast(&p->finished);
        }
        pthread_mutex_unlock(&p->lock);
        return NULL;
}

int pool_new(unsigned threads, Pool **ret)
{
        _cleanup_(pool_freep) Pool *p = calloc(1, sizeof *p);

        if (!p)
                return -ENOMEM;
        pthread_mutex_init(&p->lock, NULL);
        pthread_cond_init(&p->work, NULL);
        pthread_cond_init(&p->finished, NULL);
        p->last = &p->first;
        for (unsigned i = 0; i < MIN(threads, (unsigned)POOL_THREADS_MAX); i++) {
                PoolThread *t = p->threads + i;
                int r;

                *t = (PoolThread){ .pool = p, .number = i };
                r = pthread_create(&t->thread, NULL, pool_thread, t);
                if (r != 0)
                        return -r;
                p->n_threads++;
        }
        *ret = TAKE_PTR(p);
        return 0;
}

Pool *pool_free(Pool *p)
{
        if (!p)
                return NULL;
        pthread_mutex_lock(&p->lock);
        p->stop = true;
        pthread_cond_broadcast(&p->work);
        pthread_mutex_unlock(&p->lock);
        for (unsigned i = 0; i < p->n_threads; i++)
                pthread_join(p->threads[i].thread, NULL);
        pthread_cond_destroy(&p->finished);
        pthread_cond_destroy(&p->work);
        pthread_mutex_destroy(&p->lock);
        free(p);
        return NULL;
}

void pool_submit(Pool *p, Task *t)
{
        t->next = NULL;
        t->done = false;
        pthread_mutex_lock(&p->lock);
        *p->last = t;
        p->last = &t->next;
        pthread_cond_signal(&p->work);
        pthread_mutex_unlock(&p->lock);
}

bool pool_is_done(Pool *p, const Task *t)
{
        bool done;

        pthread_mutex_lock(&p->lock);
        done = t->done;
        pthread_mutex_unlock(&p->lock);
        return done;
}

void pool_wait(Pool *p, const Task *t)
{
        pthread_mutex_lock(&p->lock);
        while (!t->done)
                pthread_cond_wait(&p->finished, &p->lock);
        pthread_mutex_unlock(&p->lock);
}
