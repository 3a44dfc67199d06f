/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/dispatch.h"

#include <errno.h>
#include <string.h>

#include "basic/log.h"
#include "daemon/dispatch-auto.h"
#include "daemon/dispatch-claim.h"
#include "daemon/dispatch-device.h"
#include "daemon/dispatch-session.h"
#include "daemon/guidance.h"
#include "daemon/match.h"
#include "daemon/run.h"
#include "daemon/status.h"
#include "daemon/work.h"

/* Verifications read the disk only; one at a time leaves it to the phones. */
enum { VERIFY_JOBS_MAX = 1 };

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
                        work_move(m, j, JOB_QUEUED, NULL);
                work_set_action(m, j, "");
                return;
        }
        guidance_for(m, j, text, sizeof text);
        /* the text goes out with the state, or by itself when the state is the same */
        if (j->state == JOB_QUEUED) {
                snprintf(j->action, sizeof j->action, "%s", text);
                work_move(m, j, JOB_WAITING_FOR_DEVICE, NULL);
        }
        work_set_action(m, j, text);
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
                work_fail(m, j, &f);
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
                work_fail(m, j, &f);
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
        if (j->session)
                dispatch_unclaim(j->session);
        /* what is not begun stays in the queue */
        if (job_is_pending(j))
                return;
        job_interrupted(j, why);
        work_move(m, j, JOB_INTERRUPTED, NULL);
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
                        dispatch_go_on(m, m->devices.list[i]->session);
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

int dispatch_new(Manager *m)
{
        return sd_event_add_defer(m->event, &m->dispatch, on_dispatch, m);
}

/* ---- devices ---- */

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
                dispatch_device_appear(m, d);
        /* every millisecond of a phone's window counts: the work first, the news afterwards */
        if (match_free(m, d, NULL) && !m->asleep) {
                Job *j = match_next(m, d->port, NULL);

                if (j || dispatch_auto_wants(m, d))
                        dispatch_session_start(m, d, j);
        }
        devices_changed(&m->devices, d);
        work_schedule(m);
}

void dispatch_unplugged(Manager *m, const char *port)
{
        Device *d = devices_find(&m->devices, port);

        if (awake_gone(&m->awake, port))
                work_schedule(m);
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
        work_schedule(m);
}

void dispatch_other(Manager *m, const HotplugDevice *other)
{
        Device *d = devices_find(&m->devices, other->port);

        if (awake_seen(&m->awake, other))
                work_schedule(m);
        /* a session goes on: it knows better */
        if (!d || d->session)
                return;
        dispatch_unplugged(m, other->port);
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
        if (j->session)
                dispatch_unclaim(j->session);
        failure_set(&j->failure, 0, ERROR_CANCELED, "The job was cancelled.");
        work_move(m, j, JOB_CANCELED, NULL);
        work_schedule(m);
        return 0;
}

bool dispatch_stop(Manager *m)
{
        m->stopping = true;
        return !break_off(m, "The service was stopped while it worked on this job.", true) &&
                store_busy(m->store) == 0;
}
