/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/dispatch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>

#include "basic/log.h"
#include "daemon/dispatch-auto.h"
#include "daemon/dispatch-session.h"
#include "daemon/guidance.h"
#include "daemon/match.h"
#include "daemon/run.h"
#include "daemon/status.h"
#include "profile/chip.h"

/* Verifications read the disk only; one at a time leaves it to the phones. */
enum { VERIFY_JOBS_MAX = 1 };

void dispatch_log(Manager *m, Job *j, unsigned level, const char *format, ...)
{
        char text[FAILURE_TEXT_MAX];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(text, sizeof text, format, arguments);
        va_end(arguments);
        log_write((int)MIN(level, (unsigned)LOG_DEBUG), "Job %u: %s", j->id, text);
        if (level < LOG_DEBUG)
                queue_log(m->queue, j, level, text);
}

void dispatch_move(Manager *m, Job *j, JobState to, const char *result)
{
        int r = queue_move(m->queue, j, to, result, manager_now(m));

        if (r < 0)
                log_error("Job %u: %s is not saved: %s", j->id, job_state_to_string(to),
                        strerror(-r));
}

void dispatch_fail(Manager *m, Job *j, const Failure *f)
{
        j->failure = *f;
        dispatch_move(m, j, JOB_FAILED, NULL);
        dispatch_schedule(m);
}

void dispatch_set_action(Manager *m, Job *j, const char *text)
{
        if (strcmp(j->action, text) == 0)
                return;
        snprintf(j->action, sizeof j->action, "%s", text);
        queue_changed(m->queue, j, JOB_CHANGED_ACTION);
}

/* ---- admission ---- */

static int no_agent(Failure *f, const char *chip)
{
        failure_set(f, -ENOENT, ERROR_NO_DOWNLOAD_AGENT,
                "No imported download agent is for the chip %s.", chip);
        failure_hint(f, "Import one that is: mtkbackupctl agents import FILE.");
        return -ENOENT;
}

/* Only for a chip that the profile names by itself; for others the phone has to be seen first. */
static int admit_agent(Manager *m, const Profile *p, Failure *f)
{
        const Chip *chip = chip_by_code(p->hw_code);
        AgentWanted wanted = {
                .pattern = p->agent,
                .hw_code = p->hw_code,
                .da_code = chip ? chip->da_code : p->hw_code,
                .hw_ver = UINT16_MAX,
                .sw_ver = UINT16_MAX,
        };
        char code[16];

        if (p->match_any || !agents_ready(m->agents) || agents_have(m->agents, &wanted))
                return 0;
        snprintf(code, sizeof code, "0x%04x", p->hw_code);
        return no_agent(f, p->chip[0] ? p->chip : code);
}

static int admit_backup(Manager *m, const JobRequest *request, Failure *f)
{
        const Profile *p = profile_set_get(&m->profiles, request->profile, f);
        int r;

        if (!p)
                return -ENOENT;
        /* first the store: without helpers that run no agent could be looked at either */
        r = store_admit_backup(m->store, f);
        return r < 0 ? r : admit_agent(m, p, f);
}

static int admit_detect(Manager *m, const JobRequest *request, Failure *f)
{
        if (request->profile[0] == 0 || profile_set_get(&m->profiles, request->profile, f))
                return 0;
        return -ENOENT;
}

static int admit_verify(Manager *m, const JobRequest *request, Failure *f)
{
        int r = store_admit(m->store, f);

        if (r < 0 || catalogue_find(store_catalogue(m->store), request->backup))
                return r;
        return failure_set(
                f, -ENOENT, ERROR_NO_SUCH_BACKUP, "There is no backup \"%s\".", request->backup);
}

int dispatch_admit(Manager *m, const JobRequest *request, Failure *f)
{
        static int (*const admit[_JOB_KIND_MAX])(
                Manager * m, const JobRequest *request, Failure *f) = {
                [JOB_BACKUP] = admit_backup,
                [JOB_DETECT] = admit_detect,
                [JOB_VERIFY] = admit_verify,
        };

        return admit[request->kind](m, request, f);
}

/* ---- jobs that wait ---- */

static Device *find_free(Manager *m, const Job *j)
{
        for (size_t i = 0; i < m->devices.n; i++)
                if (match_free(m, m->devices.list[i], j) && match_port(j, m->devices.list[i]->port))
                        return m->devices.list[i];
        return NULL;
}

static void wait_for_device(Manager *m, Job *j)
{
        char text[FAILURE_TEXT_MAX];

        if (match_later(m, j)) {
                if (j->state == JOB_WAITING_FOR_DEVICE)
                        dispatch_move(m, j, JOB_QUEUED, NULL);
                dispatch_set_action(m, j, "");
                return;
        }
        guidance_for(m, j, text, sizeof text);
        /* the text goes out with the state, or by itself when the state is the same */
        if (j->state == JOB_QUEUED) {
                snprintf(j->action, sizeof j->action, "%s", text);
                dispatch_move(m, j, JOB_WAITING_FOR_DEVICE, NULL);
        }
        dispatch_set_action(m, j, text);
}

static size_t count_verifying(Manager *m)
{
        size_t n = 0;

        for (size_t i = 0; i < queue_count(m->queue); i++)
                if (queue_at(m->queue, i)->run && !job_needs_device(queue_at(m->queue, i)))
                        n++;
        return n;
}

static void dispatch_verify(Manager *m, Job *j)
{
        Failure f = { 0 };

        if (store_state(m->store) == STORE_OPENING || count_verifying(m) >= VERIFY_JOBS_MAX)
                return;
        if (run_start_verify(m, j, &f) < 0)
                dispatch_fail(m, j, &f);
}

static void dispatch_job(Manager *m, Job *j)
{
        Failure f = { 0 };
        Device *d;

        if (j->request.needs_approval && job_is_pending(j) && !dispatch_auto_ask(m, j))
                return;
        if (!match_may_begin(j))
                return;
        if (!job_needs_device(j)) {
                dispatch_verify(m, j);
                return;
        }
        /* profiles may have changed since it was queued */
        if (j->request.profile[0] && !profile_set_get(&m->profiles, j->request.profile, &f)) {
                dispatch_fail(m, j, &f);
                return;
        }
        d = find_free(m, j);
        if (d)
                dispatch_session_start(m, d, j);
        if (job_is_pending(j) && !j->session)
                wait_for_device(m, j);
}

/* ---- breaking off ---- */

static void break_off_job(Manager *m, Job *j, const char *why)
{
        if (j->run) {
                run_stop(j->run, why);
                return;
        }
        dispatch_session_unclaim(j);
        /* what is not begun stays in the queue */
        if (job_is_pending(j))
                return;
        failure_set(&j->failure, 0, ERROR_INTERRUPTED, "%s", why);
        failure_hint(&j->failure, "Queue the job again.");
        dispatch_move(m, j, JOB_INTERRUPTED, NULL);
}

/* Interrupts jobs and lets phones go; of jobs that need no phone any more only when all is said.
 * True when there was something to end, and so there may be. */
static bool break_off(Manager *m, const char *why, bool all)
{
        bool left = false;

        for (size_t i = 0; i < queue_count(m->queue); i++) {
                Job *j = queue_at(m->queue, i);

                if (!j->session && !(all && j->run))
                        continue;
                left = left || j->run;
                break_off_job(m, j, why);
        }
        for (size_t i = 0; i < m->devices.n; i++)
                if (m->devices.list[i]->session) {
                        (void)session_leave(m->devices.list[i]->session);
                        left = true;
                }
        return left;
}

/* A phone is spoken to, or what was read of it is not safe yet. */
static bool is_at_phone(Manager *m)
{
        for (size_t i = 0; i < m->devices.n; i++)
                if (m->devices.list[i]->session)
                        return true;
        for (size_t i = 0; i < queue_count(m->queue) && !m->asleep; i++)
                if (queue_at(m->queue, i)->run && job_needs_device(queue_at(m->queue, i)))
                        return true;
        return false;
}

/* Jobs that finish are dropped from the list now and then, so places may shift: ids do not. */
static int on_dispatch(sd_event_source *source, void *userdata)
{
        uint32_t ids[QUEUE_OPEN_MAX + QUEUE_FINISHED_MAX + 1];
        Manager *m = userdata;
        size_t n;

        inhibit_set(m->inhibit, is_at_phone(m));
        if (m->stopping) {
                if (dispatch_stop(m))
                        (void)sd_event_exit(m->event, 0);
                return 0;
        }
        if (m->asleep) {
                (void)break_off(m, m->asleep, false);
                status_update(m);
                return 0;
        }
        store_clean(m->store);
        for (size_t i = 0; i < m->devices.n; i++)
                if (m->devices.list[i]->session)
                        dispatch_session(m, m->devices.list[i]->session);
        n = queue_count(m->queue);
        for (size_t i = 0; i < n; i++)
                ids[i] = queue_at(m->queue, i)->id;
        for (size_t i = 0; i < n; i++) {
                Job *j = queue_find(m->queue, ids[i]);

                if (j)
                        dispatch_job(m, j);
        }
        for (size_t i = 0; i < m->devices.n; i++)
                if (match_free(m, m->devices.list[i], NULL) &&
                        dispatch_auto_wants(m, m->devices.list[i]))
                        dispatch_session_start(m, m->devices.list[i], NULL);
        status_update(m);
        return 0;
}

void dispatch_schedule(Manager *m)
{
        if (!m->dispatch && sd_event_add_defer(m->event, &m->dispatch, on_dispatch, m) < 0) {
                log_error("Cannot schedule work");
                return;
        }
        (void)sd_event_source_set_enabled(m->dispatch, SD_EVENT_ONESHOT);
}

/* ---- devices ---- */

static int on_alone_over(sd_event_source *s, uint64_t usec, void *userdata)
{
        Manager *m = userdata;

        for (size_t i = 0; i < m->devices.n; i++) {
                Device *d = m->devices.list[i];

                if (d->alone != s)
                        continue;
                d->state = DEVICE_ATTACHED;
                d->message[0] = 0;
                devices_changed(&m->devices, d);
        }
        dispatch_schedule(m);
        return 0;
}

/* An agent that somebody else has started or nobody talks to any more: what it is about to do one
 * cannot know, so that not one byte is sent to it. */
static void describe_strange_agent(Device *d)
{
        d->state = DEVICE_FAILED;
        snprintf(d->message, sizeof d->message,
                "A download agent that this service does not know runs on the phone at USB port "
                "%s. Unless another program works with it, hold the phone's power key for 10 to 15 "
                "seconds until it restarts, switch it off and plug it in again.",
                d->port);
        log_notice("%s", d->message);
}

/* A phone is at the port and nobody has spoken to it in this appearance. */
static void appear(Manager *m, Device *d)
{
        char why[FAILURE_TEXT_MAX];
        uint64_t now = 0, until;

        snprintf(why, sizeof why, "%s", devices_why(&m->devices, d->port));
        (void)sd_event_now(m->event, CLOCK_MONOTONIC, &now);
        until = devices_alone_until(&m->devices, d->port, now, &d->next_job);
        d->passed = until > 0;
        d->state = until > 0 ? DEVICE_LEFT_ALONE : DEVICE_ATTACHED;
        d->message[0] = 0;
        d->unreachable = false;
        d->phone = (Phone){ 0 };
        d->alone = sd_event_source_disable_unref(d->alone);
        if (strcmp(d->mode, "agent") == 0)
                describe_strange_agent(d);
        else if (until > 0 && match_free(m, d, NULL)) {
                log_info("Port %s: wanted once more by a job that was queued since", d->port);
                d->state = DEVICE_ATTACHED;
        } else if (until > 0) {
                snprintf(d->message, sizeof d->message,
                        "A phone was let go at this port a moment ago; it is left alone to start."
                        "%s%.400s",
                        why[0] ? " " : "", why);
                log_info("Port %s: left alone so that the phone starts", d->port);
                if (sd_event_add_time(
                            m->event, &d->alone, CLOCK_MONOTONIC, until, 0, on_alone_over, m) < 0)
                        log_error("Port %s: no timer", d->port);
        }
}

void dispatch_plugged(Manager *m, const HotplugDevice *plug)
{
        Device *d = devices_find(&m->devices, plug->port);

        if (m->stopping)
                return;
        if (d && d->attached && d->number == plug->number && !d->unreachable)
                return;
        if (!d)
                d = devices_add(&m->devices, plug);
        if (!d) {
                log_warning("Port %s: too many devices", plug->port);
                return;
        }
        log_info("Port %s: %04x:%04x (%s)", plug->port, plug->vendor, plug->product, plug->mode);
        (void)awake_gone(&m->awake, plug->port);
        d->attached = true;
        d->guarded = plug->guarded;
        d->number = plug->number;
        d->vendor = plug->vendor;
        d->product = plug->product;
        snprintf(d->node, sizeof d->node, "%s", plug->node);
        snprintf(d->mode, sizeof d->mode, "%s", plug->mode);
        if (d->session && d->session->replugging)
                dispatch_session_replug(m, d);
        /* while the last session still ends, what follows waits for it */
        if (!d->session)
                appear(m, d);
        /* every millisecond of a phone's window counts: the work first, the news afterwards */
        if (match_free(m, d, NULL) && !m->asleep) {
                Job *j = match_next(m, d->port, NULL);

                if (j || dispatch_auto_wants(m, d))
                        dispatch_session_start(m, d, j);
        }
        devices_changed(&m->devices, d);
        dispatch_schedule(m);
}

void dispatch_unplugged(Manager *m, const char *port)
{
        Device *d = devices_find(&m->devices, port);

        if (awake_gone(&m->awake, port))
                dispatch_schedule(m);
        if (!d || !d->attached)
                return;
        log_info("Port %s: gone", port);
        d->attached = false;
        d->unreachable = false;
        d->alone = sd_event_source_disable_unref(d->alone);
        if (d->session) {
                /* its worker sees the same by itself, and says what that meant */
                session_unplugged(d->session);
                return;
        }
        devices_remove(&m->devices, d);
        dispatch_schedule(m);
}

void dispatch_other(Manager *m, const HotplugDevice *other)
{
        Device *d = devices_find(&m->devices, other->port);

        if (awake_seen(&m->awake, other))
                dispatch_schedule(m);
        /* a session goes on: it knows better */
        if (!d || d->session)
                return;
        dispatch_unplugged(m, other->port);
}

void dispatch_session_gone(Manager *m, Device *d)
{
        if (!d->attached)
                devices_remove(&m->devices, d);
        else
                devices_changed(&m->devices, d);
        dispatch_schedule(m);
}

void dispatch_reappear(Manager *m, Device *d)
{
        appear(m, d);
}

/* ---- cancel, stop ---- */

int dispatch_cancel(Manager *m, Job *j, Failure *f)
{
        if (job_is_final(j))
                return failure_set(f, -EBUSY, ERROR_NOT_CANCELABLE,
                        "Job %u has ended already (%s).", j->id, j->result);
        if (!job_is_cancelable(j))
                return failure_set(f, -EBUSY, ERROR_NOT_CANCELABLE,
                        "The backup of job %u is in place already.", j->id);
        if (j->run) {
                run_cancel(j->run);
                return 0;
        }
        dispatch_session_unclaim(j);
        failure_set(&j->failure, 0, ERROR_CANCELED, "The job was cancelled.");
        dispatch_move(m, j, JOB_CANCELED, NULL);
        dispatch_schedule(m);
        return 0;
}

bool dispatch_stop(Manager *m)
{
        m->stopping = true;
        return !break_off(m, "The service was stopped while it worked on this job.", true) &&
                store_busy(m->store) == 0;
}
