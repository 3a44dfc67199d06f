/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/queue.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "basic/fd.h"
#include "daemon/state-file.h"

static int read_queue(void *userdata, const json_t *root);

static const StateFile queue_file = {
        .name = "queue.json", .size_max = QUEUE_FILE_MAX, .version = 1, .read = read_queue
};

struct Queue {
        int dir;
        uint32_t next_id;
        Job *jobs[QUEUE_OPEN_MAX + QUEUE_FINISHED_MAX + 1];
        size_t n_jobs;
        const QueueEvents *events;
        void *userdata;
};

Queue *queue_free(Queue *q)
{
        if (!q)
                return NULL;
        for (size_t i = 0; i < q->n_jobs; i++)
                job_free(q->jobs[i]);
        fd_close(q->dir);
        free(q);
        return NULL;
}

void queue_listen(Queue *q, const QueueEvents *events, void *userdata)
{
        q->events = events;
        q->userdata = userdata;
}

void queue_changed(Queue *q, Job *j, unsigned changes)
{
        if (q->events)
                q->events->changed(q->userdata, j, changes);
}

void queue_log(Queue *q, const Job *j, unsigned level, const char *text)
{
        if (q->events)
                q->events->log(q->userdata, j, level, text);
}

/* ---- the file ---- */

int queue_save(Queue *q)
{
        json_t *jobs = json_array();

        for (size_t i = 0; jobs && i < q->n_jobs; i++)
                if (json_array_append_new(jobs, job_to_json(q->jobs[i])) < 0) {
                        json_decref(jobs);
                        return -ENOMEM;
                }
        return state_file_save(q->dir, &queue_file,
                json_pack("{si sI so}", "version", queue_file.version, "next_id",
                        (json_int_t)q->next_id, "jobs", jobs));
}

/* Appends jobs in rising order of ids; anything else is no queue of ours. */
static int read_jobs(Queue *q, const json_t *jobs)
{
        size_t n = json_array_size(jobs);

        if (!json_is_array(jobs) || n > QUEUE_OPEN_MAX + QUEUE_FINISHED_MAX)
                return -EBADMSG;
        for (size_t i = 0; i < n; i++) {
                int r = job_from_json(json_array_get(jobs, i), &q->jobs[q->n_jobs]);

                if (r < 0)
                        return r;
                q->n_jobs++;
                if (q->n_jobs > 1 && q->jobs[q->n_jobs - 2]->id >= q->jobs[q->n_jobs - 1]->id)
                        return -EBADMSG;
        }
        return 0;
}

static int read_queue(void *userdata, const json_t *root)
{
        Queue *q = userdata;
        const json_t *next = json_object_get(root, "next_id");
        int r;

        if (!json_is_integer(next) || json_integer_value(next) < 1 ||
                json_integer_value(next) > UINT32_MAX)
                return -EBADMSG;
        r = read_jobs(q, json_object_get(root, "jobs"));
        if (r < 0)
                return r;
        q->next_id = (uint32_t)json_integer_value(next);
        return q->n_jobs > 0 && q->jobs[q->n_jobs - 1]->id >= q->next_id ? -EBADMSG : 0;
}

static void interrupt(Job *j, uint64_t now)
{
        if (job_is_final(j))
                return;
        if (job_is_pending(j)) {
                j->state = JOB_QUEUED;
                return;
        }
        job_interrupted(j, "The service ended while it worked on this job.");
        job_move(j, JOB_INTERRUPTED, NULL, now);
}

int queue_open(int dir, uint64_t now, Queue **ret)
{
        _cleanup_(queue_freep) Queue *q = calloc(1, sizeof *q);
        int r, bad;

        if (!q)
                return -ENOMEM;
        q->next_id = 1;
        q->dir = fcntl(dir, F_DUPFD_CLOEXEC, 3);
        if (q->dir < 0)
                return -errno;
        bad = state_file_load(dir, &queue_file, q);
        if (bad < 0)
                return bad;
        if (bad) {
                while (q->n_jobs > 0)
                        job_free(q->jobs[--q->n_jobs]);
                q->next_id = 1;
        }

        for (size_t i = 0; i < q->n_jobs; i++)
                interrupt(q->jobs[i], now);
        r = queue_save(q);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(q);
        return bad;
}

/* ---- jobs ---- */

size_t queue_count(const Queue *q)
{
        return q->n_jobs;
}

Job *queue_at(const Queue *q, size_t i)
{
        assert(i < q->n_jobs);
        return q->jobs[i];
}

Job *queue_find(const Queue *q, uint32_t id)
{
        for (size_t i = 0; i < q->n_jobs; i++)
                if (q->jobs[i]->id == id)
                        return q->jobs[i];
        return NULL;
}

static size_t count_open(const Queue *q, bool all, uid_t uid)
{
        size_t n = 0;

        for (size_t i = 0; i < q->n_jobs; i++)
                if (!job_is_final(q->jobs[i]) && (all || q->jobs[i]->request.uid == uid))
                        n++;
        return n;
}

uint32_t queue_next_id(const Queue *q)
{
        return q->next_id;
}

size_t queue_open_count(const Queue *q)
{
        return count_open(q, true, 0);
}

static void drop(Queue *q, size_t i)
{
        Job *j = q->jobs[i];

        if (q->events)
                q->events->dropped(q->userdata, j);
        memmove(q->jobs + i, q->jobs + i + 1, (q->n_jobs - i - 1) * sizeof *q->jobs);
        q->n_jobs--;
        job_free(j);
}

/* Finished jobs beyond the limit go, the one that finished first at the front, but never the one
 * that has just finished, whatever the clock says. */
static void trim(Queue *q, const Job *keep)
{
        while (q->n_jobs - queue_open_count(q) > QUEUE_FINISHED_MAX) {
                size_t oldest = SIZE_MAX;

                for (size_t i = 0; i < q->n_jobs; i++)
                        if (job_is_final(q->jobs[i]) && q->jobs[i] != keep &&
                                (oldest == SIZE_MAX ||
                                        q->jobs[i]->finished_at < q->jobs[oldest]->finished_at))
                                oldest = i;
                drop(q, oldest);
        }
}

static int check_limits(const Queue *q, uid_t uid, Failure *f)
{
        if (queue_open_count(q) >= QUEUE_OPEN_MAX || q->next_id == UINT32_MAX)
                return failure_set(f, -ENOSPC, ERROR_QUEUE_FULL,
                        "The queue is full: it holds %u unfinished jobs.",
                        (unsigned)QUEUE_OPEN_MAX);
        if (uid != 0 && count_open(q, false, uid) >= QUEUE_OPEN_PER_UID_MAX)
                return failure_set(f, -ENOSPC, ERROR_QUEUE_FULL,
                        "The queue is full for this user: it holds %u of their unfinished jobs.",
                        (unsigned)QUEUE_OPEN_PER_UID_MAX);
        return 0;
}

int queue_add(Queue *q, JobRequest *request, uint64_t now, Job **ret, Failure *f)
{
        _cleanup_(job_freep) Job *j = NULL;
        int r = check_limits(q, request->uid, f);

        if (r < 0)
                return r;
        r = job_new(q->next_id, request, &j);
        if (r < 0)
                return r;
        j->queued_at = now;
        q->jobs[q->n_jobs++] = j;
        q->next_id++;
        r = queue_save(q);
        if (r < 0) {
                q->n_jobs--;
                return failure_set(
                        f, r, ERROR_STORE_FAILED, "The queue cannot be saved: %s.", strerror(-r));
        }
        if (q->events)
                q->events->added(q->userdata, j);
        *ret = TAKE_PTR(j);
        return 0;
}

int queue_move(Queue *q, Job *j, JobState to, const char *result, uint64_t now)
{
        int r = job_move(j, to, result, now);

        if (r < 0)
                return r;
        if (job_state_final(to))
                trim(q, j);
        r = queue_save(q);
        queue_changed(q, j, JOB_CHANGED_STATE);
        return r;
}
