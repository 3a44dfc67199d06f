/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/dispatch-session.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "basic/fd.h"
#include "basic/log.h"
#include "daemon/dispatch-agent.h"
#include "daemon/dispatch-claim.h"
#include "daemon/dispatch-device.h"
#include "daemon/run.h"
#include "daemon/work.h"

static void on_changed(void *userdata, Session *s)
{
        Manager *m = userdata;
        Job *j = s->job;

        if (!j)
                return;
        /* beside a keeper the job's phase is what the keeper says */
        if (!j->run && strcmp(j->phase, s->phase) != 0) {
                snprintf(j->phase, sizeof j->phase, "%s", s->phase);
                queue_changed(m->queue, j, JOB_CHANGED_PHASE);
        }
        work_set_action(m, j, s->action);
}

static void on_identified(void *userdata, Session *s)
{
        char what[96];

        phone_describe(&s->phone, what, sizeof what);
        log_info("Port %s: %s", s->port, what);
        dispatch_device_show(userdata, s, DEVICE_CONNECTING, "");
        dispatch_go_on(userdata, s);
}

static void on_need_agent(void *userdata, Session *s, const Message *msg)
{
        dispatch_agent_give(
                userdata, s, dispatch_profile_of(userdata, s), dispatch_chip_of(s), msg);
}

/* It may be back before its worker could say that it was leaving. */
static void on_replugging(void *userdata, Session *s)
{
        Device *d = dispatch_device(userdata, s);

        if (d->attached && d->number != d->session_number)
                dispatch_session_replug(userdata, d);
}

static void on_ready(void *userdata, Session *s)
{
        Manager *m = userdata;
        Job *j = s->job;

        dispatch_device_show(m, s, DEVICE_READY, "");
        if (j && j->run) {
                /* all is read: the keeper goes on alone, the phone is free */
                dispatch_unclaim(s);
                run_session_ready(j->run);
        }
        dispatch_go_on(m, s);
}

static void on_log(void *userdata, Session *s, unsigned level, const char *text)
{
        if (s->job)
                work_log(userdata, s->job, level, "%s", text);
        else
                log_write((int)MIN(level, (unsigned)LOG_DEBUG), "Port %s: %s", s->port, text);
}

static void on_failed(void *userdata, Session *s)
{
        log_notice("Port %s: %s", s->port, s->failure.text);
        dispatch_device_show(userdata, s, DEVICE_LETTING_GO, s->failure.text);
}

static bool was_spoken_to(const Session *s)
{
        return s->phone.identified || strcmp(s->phase, "connect") != 0;
}

static void end_job(Manager *m, Session *s)
{
        Job *j = s->job;
        Failure f = s->failure;

        if (job_is_pending(j) &&
                (f.id == ERROR_DEVICE_BUSY || (f.id == ERROR_DEVICE_GONE && !was_spoken_to(s)))) {
                /* not a word was said to the phone: the job waits on, the device says why */
                dispatch_give_back(m, s);
                return;
        }
        dispatch_unclaim(s);
        dispatch_device_suspect(dispatch_device(m, s), &f);
        /* without a last word it ended while it tried to let the phone go */
        if (strcmp(s->left, "stuck") == 0 || (!s->left[0] && dispatch_device(m, s)->attached))
                failure_hint(&f, "Hold the phone's power button for ten seconds to restart it.");
        s->failure = f;
        if (j->run) {
                run_session_failed(j->run, s);
                return;
        }
        failure_set(&f, 0, ERROR_DEVICE_GONE, "The phone at USB port %s went away.", s->port);
        /* one that takes no agent has said what it is all the same */
        if (j->request.kind == JOB_DETECT && s->phone.identified)
                j->report = phone_report(&s->phone, s->port, f.text);
        work_fail(m, j, &f);
}

static void on_over(void *userdata, Session *s)
{
        Manager *m = userdata;
        Device *d = dispatch_device(m, s);
        static const char *const restarted[] = { "rebooted", "off", "released" };
        uint64_t now = 0;

        dispatch_device_left(d, s);
        dispatch_left_now(m, s);
        (void)sd_event_now(m->event, CLOCK_MONOTONIC, &now);
        for (size_t i = 0; i < ELEMENTS(restarted); i++) {
                if (!was_spoken_to(s) || strcmp(s->left, restarted[i]) != 0)
                        continue;
                devices_released(&m->devices, d->port, now,
                        (uint64_t)DEVICE_ALONE_SECONDS * 1000 * 1000, s->next_job);
                devices_explain(&m->devices, d->port, d->message);
        }
        log_info("Port %s: session over, phone %s", s->port,
                s->left[0] ? s->left : "left as it was");
        if (s->job)
                end_job(m, s);
        d->session = session_free(s);
        if (d->attached && d->number != d->session_number)
                dispatch_device_appear(m, d);
        dispatch_device_gone(m, d);
}

static const SessionEvents session_events = {
        .changed = on_changed,
        .identified = on_identified,
        .need_agent = on_need_agent,
        .replugging = on_replugging,
        .ready = on_ready,
        .log = on_log,
        .failed = on_failed,
        .over = on_over,
};

/* ---- the start ---- */

void dispatch_session_start(Manager *m, Device *d, Job *j)
{
        _cleanup_close_ int node = open(d->node, O_RDWR | O_CLOEXEC | O_NOCTTY);
        Failure f = { 0 };
        int r;

        if (node < 0) {
                dispatch_device_unreachable(m, d, -errno);
                return;
        }
        r = session_start(m->event, &m->helpers, d->port, node, &session_events, m, &d->session);
        if (r < 0) {
                d->unreachable = true;
                d->state = DEVICE_FAILED;
                failure_set(&f, 0, ERROR_FAILED,
                        "The process that talks to the phone cannot be started: %s.", strerror(-r));
                snprintf(d->message, sizeof d->message, "%s", f.text);
                if (j)
                        work_fail(m, j, &f);
                return;
        }
        d->session->number = ++m->sessions;
        d->session_number = d->number;
        d->alone = sd_event_source_disable_unref(d->alone);
        d->state = DEVICE_CONNECTING;
        d->message[0] = 0;
        if (j)
                dispatch_claim(m, d->session, j);
}

void dispatch_session_replug(Manager *m, Device *d)
{
        _cleanup_close_ int node = open(d->node, O_RDWR | O_CLOEXEC | O_NOCTTY);

        if (node < 0) {
                dispatch_device_unreachable(m, d, -errno);
                session_unplugged(d->session);
                return;
        }
        d->session_number = d->number;
        session_replug(d->session, node);
}
