/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* All jobs the daemon knows, and the file that makes them survive it.
 *
 * Jobs are kept in the order of their ids. The file queue.json in the state directory is written,
 * flushed and renamed into place before anybody hears of a change that it holds: a job whose id a
 * caller has got is a job that is still there after a power cut. At the start whatever was being
 * worked on when the daemon ended is "interrupted"; what was waiting goes on waiting. Finished jobs
 * stay readable, the oldest go first. A file that cannot be understood is put aside, not deleted. */

#include "daemon/job.h"

enum {
        QUEUE_OPEN_MAX = 256,        /* jobs that are not finished */
        QUEUE_OPEN_PER_UID_MAX = 64, /* of one caller; root is bound by the first limit only */
        QUEUE_FINISHED_MAX = 64,
        QUEUE_FILE_MAX = 16 * 1024 * 1024,
};

/* what has changed; several at once are or-ed */
typedef enum JobChange {
        JOB_CHANGED_STATE = 1 << 0, /* and everything that a state brings along */
        JOB_CHANGED_PHASE = 1 << 1,
        JOB_CHANGED_ACTION = 1 << 2,
        JOB_CHANGED_BACKUP = 1 << 3, /* and whether it can be cancelled */
        JOB_CHANGED_DEVICE = 1 << 4,
        JOB_CHANGED_PROGRESS = 1 << 5,
        JOB_CHANGED_APPROVAL = 1 << 6, /* and whose job it is */
} JobChange;

typedef struct QueueEvents {
        void (*added)(void *userdata, Job *j);
        void (*changed)(void *userdata, Job *j, unsigned changes);
        void (*dropped)(void *userdata, Job *j); /* it is freed afterwards */
        void (*log)(void *userdata, const Job *j, unsigned level, const char *text);
} QueueEvents;

typedef struct Queue Queue;

/* Reads dir/queue.json; dir is duplicated. now: µs since 1970. A missing file is an empty queue.
 * 1 when a file that could not be read as a queue was put aside as queue.json.bad. */
int queue_open(int dir, uint64_t now, Queue **ret);
Queue *queue_free(Queue *q);
DEFINE_CLEANUP(Queue, queue_free)
void queue_listen(Queue *q, const QueueEvents *events, void *userdata);

/* Takes the request over, saves the queue, tells the listener. -ENOSPC with f (QueueFull), or the
 * error of saving (StoreFailed): then there is no such job. */
int queue_add(Queue *q, JobRequest *request, uint64_t now, Job **ret, Failure *f);
/* Moves a job along the table, saves, tells. A queue that cannot be saved goes on in memory; the
 * error is returned so that it can be logged. -EPERM: the table forbids it. */
int queue_move(Queue *q, Job *j, JobState to, const char *result, uint64_t now);
/* Tells without saving. */
void queue_changed(Queue *q, Job *j, unsigned changes);
/* Tells a line of a job's log; level as for log_write. */
void queue_log(Queue *q, const Job *j, unsigned level, const char *text);
int queue_save(Queue *q);

Job *queue_find(const Queue *q, uint32_t id);
size_t queue_count(const Queue *q);
/* In the order of ids; an index is valid until the next add or move. */
Job *queue_at(const Queue *q, size_t i);
/* Of the job that is added next. */
uint32_t queue_next_id(const Queue *q);
/* Jobs that are not finished. */
size_t queue_open_count(const Queue *q);
