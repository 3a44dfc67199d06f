/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/run.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "basic/fd.h"
#include "basic/log.h"
#include "daemon/dispatch-auto.h"
#include "daemon/text.h"
#include "daemon/work.h"
#include "wire/ring.h"
#include "wire/verbs.h"

struct Run {
        Manager *manager;
        Job *job;
        Session *session; /* borrowed; NULL for a verification, or once it is ready again or over */
        StoreTask *task;  /* NULL when the keeper has ended */
        char mark[PHONE_MARK_SIZE], chip[32]; /* of the phone that is backed up */
        char kind[16]; /* of the backup that is to come: full, critical, selection */
        bool verify;   /* it is read back from the disk after the commit */
        bool saved;    /* all that automatic backup would read is in place */
        bool canceled;
        const char *stopped;           /* why, or NULL */
        Failure failure;               /* the first cause */
        char damage[FAILURE_TEXT_MAX]; /* what a verification found first, "" nothing */
        char result[32];               /* of DONE */
        sd_event_source *tell;         /* progress that waits to be told */
        uint64_t told_at;
};

void run_free(Run *r)
{
        if (!r)
                return;
        sd_event_source_disable_unref(r->tell);
        store_task_free(r->task);
        if (r->job)
                r->job->run = NULL;
        free(r);
}

/* ---- progress ---- */

static void tell_progress(Run *r)
{
        (void)sd_event_source_set_enabled(r->tell, SD_EVENT_OFF);
        (void)sd_event_now(r->manager->event, CLOCK_MONOTONIC, &r->told_at);
        queue_changed(r->manager->queue, r->job, JOB_CHANGED_PROGRESS);
}

static int on_tell(sd_event_source *s, uint64_t usec, void *userdata)
{
        tell_progress(userdata);
        return 0;
}

/* At most so often; a state that changes meanwhile tells what is pending first. */
static void progress_changed(Run *r)
{
        uint64_t now = 0;
        int enabled = SD_EVENT_OFF;

        (void)sd_event_now(r->manager->event, CLOCK_MONOTONIC, &now);
        if (now - r->told_at >= PROGRESS_EMIT_USEC) {
                tell_progress(r);
                return;
        }
        if (sd_event_source_get_enabled(r->tell, &enabled) > 0)
                return;
        (void)sd_event_source_set_time(r->tell, r->told_at + PROGRESS_EMIT_USEC);
        (void)sd_event_source_set_enabled(r->tell, SD_EVENT_ONESHOT);
}

static void flush_progress(Run *r)
{
        int enabled = SD_EVENT_OFF;

        if (sd_event_source_get_enabled(r->tell, &enabled) > 0)
                tell_progress(r);
}

/* ---- the end ---- */

static void move(Run *r, JobState to, const char *result)
{
        flush_progress(r);
        work_move(r->manager, r->job, to, result);
}

static void finish(Run *r, JobState to, const char *result)
{
        Manager *m = r->manager;

        r->job->run = NULL;

        /* the session finds its way back to ready by itself */
        if (r->session)
                r->session->job = NULL;
        r->job->session = NULL;
        move(r, to, result);
        run_free(r);
        work_schedule(m);
}

static void finish_done(Run *r)
{
        Job *j = r->job;

        if (r->damage[0]) {
                failure_set(&j->failure, 0, ERROR_VERIFY_FAILED, "The backup is damaged: %s",
                        r->damage);
                failure_hint(&j->failure, "Back the phone up again; intact parts stay readable.");
                finish(r, JOB_FAILED, NULL);
                return;
        }
        if (j->progress.total > 0)
                progress_set(&j->progress, j->progress.total, j->progress.total, r->told_at);
        tell_progress(r);
        if (r->saved)
                dispatch_auto_recent(r->manager, r->mark);
        finish(r, JOB_DONE, r->result);
}

static void finish_stopped(Run *r)
{
        job_interrupted(r->job, r->stopped);
        finish(r, JOB_INTERRUPTED, NULL);
}

static void finish_canceled(Run *r)
{
        failure_set(&r->job->failure, 0, ERROR_CANCELED, "The job was cancelled.");
        finish(r, JOB_CANCELED, NULL);
}

/* Decides when there is nothing more to wait for. */
static void settle(Run *r)
{
        if (r->task)
                return;
        if (strcmp(r->result, "canceled") != 0 && r->result[0]) {
                finish_done(r);
                return;
        }
        if (r->stopped) {
                finish_stopped(r);
                return;
        }
        if (r->canceled || r->result[0]) {
                finish_canceled(r);
                return;
        }
        /* the keeper lost its worker, which has not said why yet, or not everything */
        if (r->session && (r->failure.id == ERROR_INTERRUPTED || session_is_leaving(r->session)))
                return;
        r->job->failure = r->failure;
        finish(r, JOB_FAILED, NULL);
}

void run_session_ready(Run *r)
{
        r->session = NULL;
        settle(r);
}

void run_session_failed(Run *r, const Session *s)
{
        r->session = NULL;
        if (r->failure.id == ERROR_NONE || r->failure.id == ERROR_INTERRUPTED)
                r->failure = s->failure;
        failure_set(
                &r->failure, 0, ERROR_DEVICE_GONE, "The phone at USB port %s went away.", s->port);
        settle(r);
}

static void on_ended(void *userdata, const Failure *f, const Message *done)
{
        Run *r = userdata;

        if (r->session)
                session_expect_ready(r->session);
        if (f && !failure_is_set(&r->failure))
                r->failure = *f;
        if (!f) {
                text_copy(r->result, sizeof r->result, message_text(done, "RESULT"));
                if (r->result[0] == 0)
                        snprintf(r->result, sizeof r->result, "done");
        }
        /* f and done go with it */
        r->task = store_task_free(r->task);
        settle(r);
}

/* ---- what the keeper says ---- */

static void verifying(Run *r)
{
        if (r->job->state == JOB_RUNNING && r->job->request.kind == JOB_BACKUP)
                move(r, JOB_VERIFYING, NULL);
}

static void on_phase(Run *r, const Message *m)
{
        text_copy(r->job->phase, sizeof r->job->phase, message_text(m, "PHASE"));
        if (strcmp(r->job->phase, "verifying") == 0)
                verifying(r);
        queue_changed(r->manager->queue, r->job, JOB_CHANGED_PHASE);
}

static void on_plan(Run *r, const Message *m)
{
        Progress *p = &r->job->progress;
        uint64_t items = 0, bytes = 0;

        (void)message_get_u64(m, "ITEMS", UINT32_MAX, &items);
        (void)message_get_u64(m, "BYTES", UINT64_MAX, &bytes);
        p->count = (uint32_t)items;
        p->total = bytes;
        progress_changed(r);
}

static void on_item(Run *r, const Message *m)
{
        Progress *p = &r->job->progress;
        uint64_t index = 0;

        (void)message_get_u64(m, "INDEX", UINT32_MAX, &index);
        p->index = (uint32_t)index;
        text_copy(p->item, sizeof p->item, message_text(m, "NAME"));
        progress_changed(r);
}

static void on_bytes(Run *r, const Message *m)
{
        Progress *p = &r->job->progress;
        uint64_t done = p->done, total = p->total, now = 0;

        (void)message_get_u64(m, "BYTES", UINT64_MAX, &done);
        (void)message_get_u64(m, "TOTAL", UINT64_MAX, &total);
        (void)sd_event_now(r->manager->event, CLOCK_MONOTONIC, &now);
        progress_set(p, done, total, now);
        progress_changed(r);
}

static void on_committed(Run *r, const Message *m)
{
        bool main = strcmp(message_text(m, "KIND"), r->kind) == 0;
        Job *j = r->job;

        text_copy(j->backup, sizeof j->backup, message_text(m, "BACKUP"));
        dispatch_auto_saved(r->manager, j, r->mark, r->chip, message_text(m, "DEVICE_KEY"));
        r->saved = main && (j->request.automatic || strcmp(r->kind, "full") == 0);
        /* the critical set of a larger backup comes first, and can still be followed by nothing */
        if (main) {
                j->committed = true;
                if (r->verify)
                        verifying(r);
        }
        queue_changed(r->manager->queue, j, JOB_CHANGED_BACKUP);
}

static void on_damaged(Run *r, const Message *m)
{
        if (r->damage[0] == 0)
                text_copy(r->damage, sizeof r->damage, message_text(m, "TEXT"));
        if (r->damage[0] == 0)
                snprintf(r->damage, sizeof r->damage, "partition %.64s.", message_text(m, "PART"));
}

static void on_log(Run *r, const Message *m)
{
        char text[FAILURE_TEXT_MAX];
        uint64_t level;

        if (message_get_u64(m, "LEVEL", LOG_DEBUG, &level) < 0)
                level = LOG_INFO;
        text_copy(text, sizeof text, message_text(m, "TEXT"));
        work_log(r->manager, r->job, (unsigned)level, "%s", text);
}

static void on_message(void *userdata, const Message *m)
{
        static const struct {
                const char *type;
                void (*take)(Run *r, const Message *m);
        } types[] = {
                { VERB_PHASE, on_phase },
                { VERB_PLAN, on_plan },
                { VERB_ITEM, on_item },
                { VERB_BYTES, on_bytes },
                { VERB_COMMITTED, on_committed },
                { VERB_DAMAGED, on_damaged },
                { VERB_LOG, on_log },
        };
        Run *r = userdata;

        for (size_t i = 0; i < ELEMENTS(types); i++)
                if (message_is(m, types[i].type))
                        types[i].take(r, m);
}

/* ---- the beginning ---- */

static const OperationOps operation_ops = { .message = on_message, .ended = on_ended };

static int run_new(Manager *m, Job *j, Run **ret)
{
        Run *r = calloc(1, sizeof *r);
        int e;

        if (!r)
                return -ENOMEM;
        r->manager = m;
        e = sd_event_add_time(m->event, &r->tell, CLOCK_MONOTONIC, 0, 10 * 1000, on_tell, r);
        if (e >= 0)
                e = sd_event_source_set_enabled(r->tell, SD_EVENT_OFF);
        if (e < 0) {
                run_free(r);
                return e;
        }
        progress_reset(&j->progress);
        *ret = r;
        return 0;
}

/* The keeper runs: from now on there is no way back to a job that has not begun. */
static void begun(Run *r, Job *j)
{
        r->job = j;
        j->run = r;
        if (job_may(j->state, JOB_RUNNING))
                move(r, JOB_RUNNING, NULL);
}

static void add_list(Message *m, const char *key, char *const *list)
{
        char text[PROFILE_LIST_SIZE_MAX + 64];
        size_t n = 0;

        if (!list)
                return;
        for (; *list && n < sizeof text; list++)
                n += (size_t)snprintf(text + n, sizeof text - n, "%s%s", n > 0 ? "," : "", *list);
        /* cut lists would be other lists: the limits of profile and request see to it */
        assert(n < sizeof text);
        message_add(m, key, text);
}

static void describe_backup(Run *r, const Job *j, const Session *s, const Profile *p, Message *m)
{
        const JobRequest *request = &j->request;
        const char *kind =
                profile_kind_to_string(request->partitions ? PROFILE_SELECTION : p->kind);

        operation_message(m, "backup");
        message_add_u64(m, "JOB", j->id);
        message_add(m, "PROFILE", p->name);
        message_add(m, "PROFILE_SHA256", p->sha256);
        message_add(m, "NAME", request->name);
        message_add_u64(m, "REQUESTED_BY", request->uid);
        message_add(m, "USB_PATH", s->port);
        add_list(m, "AREAS", p->areas);
        add_list(m, "PARTITIONS", request->partitions ?: p->partitions);
        add_list(m, "EXCLUDE", request->partitions ? NULL : p->exclude);
        message_add(m, "KIND", kind);
        message_add_u64(m, "VERIFY", p->verify);
        snprintf(r->kind, sizeof r->kind, "%s", kind);
        r->verify = p->verify;
}

static int cannot(Failure *f, int error, const char *what)
{
        return failure_set(f, error, ERROR_FAILED, "The job cannot be started: %s: %s.", what,
                strerror(-error));
}

int run_start_backup(Manager *m, Job *j, Session *s, Failure *f)
{
        _cleanup_close_ int keeper_end = -1, worker_end = -1, ring = -1;
        const Profile *p = profile_set_get(&m->profiles, j->request.profile, f);
        Message message;
        int pair[2], e;
        Run *r;

        if (!p)
                return -ENOENT;
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
                return cannot(f, -errno, "socketpair");
        keeper_end = pair[0];
        worker_end = pair[1];
        ring = ring_create(RING_SLOTS);
        if (ring < 0)
                return cannot(f, ring, "memory for the data");
        e = run_new(m, j, &r);
        if (e < 0)
                return cannot(f, e, "event loop");
        describe_backup(r, j, s, p, &message);
        message_add_fd(&message, keeper_end);
        message_add_fd(&message, ring);
        e = store_start(m->store, &message, &operation_ops, r, &r->task, f);
        if (e == 0) {
                e = session_job(s, j->id, worker_end, ring);
                if (e < 0)
                        cannot(f, e, "worker");
        }
        if (e < 0) {
                run_free(r);
                return e;
        }
        s->power_off = p->power_off;
        (void)phone_mark(&s->phone, r->mark);
        snprintf(r->chip, sizeof r->chip, "%s", s->phone.chip);
        r->session = s;
        begun(r, j);
        return 0;
}

int run_start_verify(Manager *m, Job *j, Failure *f)
{
        Message message;
        Run *r;
        int e = run_new(m, j, &r);

        if (e < 0)
                return cannot(f, e, "event loop");
        operation_message(&message, "verify");
        message_add(&message, "BACKUP", j->request.backup);
        message_add(&message, "LEVEL", verify_level_to_string(j->request.level));
        e = store_start(m->store, &message, &operation_ops, r, &r->task, f);
        if (e < 0) {
                run_free(r);
                return e;
        }
        begun(r, j);
        return 0;
}

void run_cancel(Run *r)
{
        if (r->canceled || !r->task)
                return;
        r->canceled = true;
        store_task_cancel(r->task);
}

void run_stop(Run *r, const char *why)
{
        if (r->stopped || !r->task)
                return;
        r->stopped = why;
        store_task_cancel(r->task);
}
