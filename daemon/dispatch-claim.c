/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/dispatch-claim.h"

#include <errno.h>
#include <string.h>

#include "basic/log.h"
#include "daemon/dispatch-agent.h"
#include "daemon/dispatch-auto.h"
#include "daemon/dispatch-device.h"
#include "daemon/match.h"
#include "daemon/run.h"
#include "daemon/work.h"

void dispatch_claim(Manager *m, Session *s, Job *j)
{
        if (j->session) {
                /* who had it by a guess looks for another */
                dispatch_unclaim(j->session);
                work_schedule(m);
        }
        s->job = j;
        j->session = s;
        snprintf(j->port, sizeof j->port, "%s", s->port);
        snprintf(j->phase, sizeof j->phase, "%s", s->phase);
        queue_changed(m->queue, j, JOB_CHANGED_DEVICE | JOB_CHANGED_PHASE);
        work_set_action(m, j, s->action);
}

void dispatch_unclaim(Session *s)
{
        if (s->job)
                s->job->session = NULL;
        s->job = NULL;
}

void dispatch_give_back(Manager *m, Session *s)
{
        Job *j = s->job;

        dispatch_unclaim(s);
        j->port[0] = j->phase[0] = 0;
        queue_changed(m->queue, j, JOB_CHANGED_DEVICE | JOB_CHANGED_PHASE);
        work_schedule(m);
}

/* ---- letting go ---- */

void dispatch_left_now(Manager *m, Session *s)
{
        if (s->next_job > 0)
                return;
        s->next_job = queue_next_id(m->queue);
        for (size_t i = 0; i < queue_count(m->queue); i++)
                if (queue_at(m->queue, i)->begun_in == s->number)
                        queue_at(m->queue, i)->begun_before = s->next_job;
}

static void leave(Manager *m, Session *s, const char *message)
{
        if (!session_leave(s))
                return;
        dispatch_left_now(m, s);
        dispatch_device_show(m, s, DEVICE_LETTING_GO, message);
}

/* Every waiting job that could have meant this phone hears, once, why it was not it. */
static void tell_seen(Manager *m, Session *s)
{
        char what[96], mark[PHONE_MARK_SIZE];

        phone_describe(&s->phone, what, sizeof what);
        (void)phone_mark(&s->phone, mark);
        for (size_t i = 0; i < queue_count(m->queue); i++) {
                Job *j = queue_at(m->queue, i);
                const Job *had;

                if (!job_is_pending(j) || !job_needs_device(j) || !match_port(j, s->port))
                        continue;
                had = match_had(m, j, s);
                if (strcmp(j->seen, had ? mark : s->phone.chip) == 0)
                        continue;
                snprintf(j->seen, sizeof j->seen, "%s", had ? mark : s->phone.chip);
                if (had)
                        work_log(m, j, LOG_NOTICE,
                                "Job %u has done the same for the phone at USB port %s. It was let "
                                "go and starts normally; this job waits for another phone.",
                                had->id, s->port);
                else
                        work_log(m, j, LOG_NOTICE,
                                "The phone at USB port %s is %s, which the profile \"%s\" is not "
                                "for. It was let go and starts normally; the job waits on.",
                                s->port, what, j->request.profile);
        }
}

/* ---- a phone that is known ---- */

const Profile *dispatch_profile_of(Manager *m, const Session *s)
{
        return s->job ? profile_set_get(&m->profiles, s->job->request.profile, NULL)
                      : dispatch_auto_profile(m, &s->phone);
}

const Chip *dispatch_chip_of(const Session *s)
{
        return s->job ? match_chip(s->job, &s->phone) : chip_by_code(s->phone.hw_code);
}

static void finish_detect(Manager *m, Session *s, const char *note)
{
        Job *j = s->job;

        j->report = phone_report(&s->phone, s->port, note);
        dispatch_unclaim(s);
        work_move(m, j, JOB_DONE, "done");
}

static void fail_job(Manager *m, Session *s, const Failure *f)
{
        Job *j = s->job;

        dispatch_unclaim(s);
        work_fail(m, j, f);
}

/* The job is really begun on this phone. False when it has ended at once. */
static bool begin(Manager *m, Session *s, Job *j)
{
        Failure f = { 0 };

        if (s->job != j)
                dispatch_claim(m, s, j);
        s->served = true;
        j->begun_in = s->number;
        j->begun_before = UINT32_MAX;
        (void)phone_mark(&s->phone, j->begun_with);
        if (job_is_pending(j)) {
                const Profile *p = profile_set_get(&m->profiles, j->request.profile, NULL);

                s->power_off = p && p->power_off;
                work_set_action(m, j, "");
                work_move(m, j, JOB_RUNNING, NULL);
        }
        if (s->state != SESSION_IDENTIFIED ||
                dispatch_agent_fits(m, dispatch_profile_of(m, s), &s->phone, dispatch_chip_of(s)))
                return true;
        dispatch_agent_missing(m, &s->phone, dispatch_chip_of(s), &f);
        if (j->request.kind != JOB_DETECT) {
                fail_job(m, s, &f);
                return false;
        }
        work_log(m, j, LOG_NOTICE, "%s", f.text);
        work_log(m, j, LOG_NOTICE, "%s", f.hint);
        work_log(m, j, LOG_NOTICE, "The report has no part about the storage.");
        finish_detect(m, s, f.text);
        return false;
}

/* A job for the phone as it is: the claim if that has begun or fits, else the oldest that does. */
static Job *pick(Manager *m, Session *s)
{
        if (s->job && (!job_is_pending(s->job) || match_session(m, s->job, s)))
                return s->job;
        if (s->job)
                dispatch_give_back(m, s);
        return match_next(m, s->port, s);
}

static void tell_waiting(Manager *m, Session *s, const char *why)
{
        const Device *d = dispatch_device(m, s);

        if (strcmp(d->message, why) != 0)
                dispatch_device_show(m, s, d->state, why);
}

/* What to do with a phone for which no job waits; one that had its job is let go. */
static AutoStep without_job(Manager *m, Session *s, char *why, size_t size)
{
        why[0] = 0;
        return s->served ? AUTO_LEAVE : dispatch_auto_step(m, s, why, size);
}

static void go_on_identified(Manager *m, Session *s)
{
        char why[FAILURE_TEXT_MAX];
        AutoStep step;
        Job *j;

        /* at a start the agents may still be looked at; the phone waits for ever */
        if (!agents_ready(m->agents))
                return;
        do {
                while ((j = pick(m, s)))
                        if (begin(m, s, j))
                                break;
                step = j ? AUTO_IDENTIFY : without_job(m, s, why, sizeof why);
        } while (step == AUTO_BACK_UP);
        if (step == AUTO_IDENTIFY) {
                session_connect(s, j ? j->request.chip : "");
                dispatch_device_show(m, s, DEVICE_PREPARING, "");
        } else if (step == AUTO_WAIT) {
                tell_waiting(m, s, why);
        } else {
                if (!s->served)
                        tell_seen(m, s);
                leave(m, s, why);
        }
}

/* The storage is known and the agent waits. False: the job has ended, on to the next. */
static bool go_on_job(Manager *m, Session *s)
{
        Failure f = { 0 };

        if (s->job->request.kind == JOB_DETECT) {
                finish_detect(m, s, NULL);
                return false;
        }
        if (store_check(m->store, &f) == -EAGAIN)
                return true;
        if (failure_is_set(&f) || run_start_backup(m, s->job, s, &f) < 0) {
                fail_job(m, s, &f);
                return false;
        }
        dispatch_device_show(m, s, DEVICE_BUSY, "");
        return true;
}

static void go_on_ready(Manager *m, Session *s)
{
        char why[FAILURE_TEXT_MAX];
        AutoStep step;
        Job *j;

        do {
                while ((j = pick(m, s)))
                        if (begin(m, s, j) && go_on_job(m, s))
                                return;
                step = without_job(m, s, why, sizeof why);
        } while (step == AUTO_BACK_UP);
        if (step == AUTO_WAIT)
                tell_waiting(m, s, why);
        else
                leave(m, s, why);
}

void dispatch_go_on(Manager *m, Session *s)
{
        /* while the handshake goes on the phone may still turn out to be one that is wanted */
        bool open = s->state == SESSION_CONNECTING && !s->job;
        Job *j = open ? match_next(m, s->port, NULL) : NULL;

        if (m->stopping || m->asleep || (open && !j && !dispatch_auto_enabled(m, NULL)))
                leave(m, s, "");
        else if (j)
                dispatch_claim(m, s, j);
        else if (s->state == SESSION_IDENTIFIED)
                go_on_identified(m, s);
        else if (s->state == SESSION_READY)
                go_on_ready(m, s);
}
