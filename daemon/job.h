/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A job: something a caller asked for, from its place in the queue to its one result.
 *
 * The state moves along a table of allowed transitions and along nothing else. The last four
 * states are final: the first of them that is reached is the job's result, with one Failure as its
 * cause where there is one. A Job knows how to become JSON and come back, but not where that JSON
 * is kept (queue.h), who works on it (dispatch.h, run.h) or who is told (bus-job.c). */

#include <jansson.h>

#include "basic/failure.h"
#include "basic/table.h"
#include "daemon/phone.h"
#include "daemon/progress.h"

enum {
        JOB_NAME_MAX = 128,      /* bytes of the name a caller gives */
        JOB_PARTITIONS_MAX = 64, /* patterns of a caller */
        JOB_PATTERN_MAX = 80,
        JOB_PORT_MAX = 64,
        JOB_BACKUP_MAX = 64,
        JOB_CHIP_MAX = 31,
        JOB_REPORT_MAX = 16 * 1024, /* bytes of a detect report */
};

typedef enum JobKind { JOB_BACKUP, JOB_DETECT, JOB_VERIFY, _JOB_KIND_MAX } JobKind;
DECLARE_TABLE(job_kind, JobKind);

typedef enum JobState {
        JOB_QUEUED,
        JOB_WAITING_FOR_DEVICE,
        JOB_WAITING_FOR_SPACE,
        JOB_RUNNING,
        JOB_PAUSED,
        JOB_VERIFYING,
        JOB_DONE,
        JOB_FAILED,
        JOB_CANCELED,
        JOB_INTERRUPTED,
        _JOB_STATE_MAX
} JobState;
DECLARE_TABLE(job_state, JobState);

typedef enum VerifyLevel { VERIFY_STRUCTURE, VERIFY_DATA, _VERIFY_LEVEL_MAX } VerifyLevel;
DECLARE_TABLE(verify_level, VerifyLevel);

/* what somebody asks for; Queue fills it, the job keeps it */
typedef struct JobRequest {
        JobKind kind;
        char *profile;               /* "" where none is needed */
        char *name;                  /* the caller's own words, "" none */
        char *port;                  /* only on this USB port, "" any */
        char *backup;                /* verify: which */
        char chip[JOB_CHIP_MAX + 1]; /* a phone of no known chip is tried as this one, "" not */
        char **partitions;           /* patterns, NULL: the profile's */
        VerifyLevel level;
        uid_t uid;

        /* of jobs that the service makes when a phone appears */
        bool automatic;
        bool needs_approval;        /* nobody has agreed to it yet: it is not begun */
        char mark[PHONE_MARK_SIZE]; /* only this phone, "" any */
} JobRequest;
void job_request_done(JobRequest *r);
/* The same once more, as a person asks for it: who that is stands not in it. -ENOMEM. */
int job_request_copy(JobRequest *ret, const JobRequest *from);

struct Run;
struct Session;

typedef struct Job {
        uint32_t id;
        JobRequest request;
        JobState state;
        uint64_t queued_at, started_at, finished_at; /* µs since 1970, 0 not yet */

        char phase[FAILURE_PHASE_MAX]; /* what is being done, a word of wire/verbs.h */
        char port[JOB_PORT_MAX]; /* of the phone that is being or was worked on, "" none yet */
        char result[32]; /* complete, complete-with-errors, done, failed, canceled, interrupted */
        char backup[JOB_BACKUP_MAX];   /* id of what was committed, or is verified */
        char action[FAILURE_TEXT_MAX]; /* what the person must do now, "" nothing */
        char *report;                  /* JSON of a detect job, NULL none */
        Failure failure;
        bool committed; /* beyond the point where cancelling means anything */
        Progress progress;

        /* of this run of the daemon only; borrowed, they clear them when they end */
        struct Session *session; /* the phone it has a claim on */
        struct Run *run;
        uint32_t begun_in;     /* number of the session it had its phone in, 0 none yet */
        uint32_t begun_before; /* id of the job that was queued next when the phone was let go */
        char begun_with[PHONE_MARK_SIZE]; /* "" a phone without any id */
        char seen[64]; /* last phone that did not match, so that it is said once */
} Job;

/* Takes the request over (it is empty afterwards). */
int job_new(uint32_t id, JobRequest *request, Job **ret);
Job *job_free(Job *j);
DEFINE_CLEANUP(Job, job_free)

bool job_state_final(JobState s);
/* queued or waiting-for-device: nobody works on it, it survives a restart unchanged */
bool job_is_pending(const Job *j);
bool job_is_final(const Job *j);
bool job_is_cancelable(const Job *j);
/* verify needs no phone */
bool job_needs_device(const Job *j);
/* Its kind never changes a phone; a kind that is not said to only read may. */
bool job_only_reads(const Job *j);

bool job_may(JobState from, JobState to);
/* Changes the state and the times that hang on it; now in µs since 1970. A final state needs a
 * result for done (others name themselves). -EPERM when the table does not allow it. */
int job_move(Job *j, JobState to, const char *result, uint64_t now);

/* The failure of a job that was broken off while it was worked on, with the way to have it again. */
void job_interrupted(Job *j, const char *why);

/* New reference, or NULL without memory. */
json_t *job_to_json(const Job *j);
/* -EBADMSG when it is none or out of bounds. */
int job_from_json(const json_t *json, Job **ret);
