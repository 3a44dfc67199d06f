/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/dispatch-session.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "basic/fd.h"
#include "basic/log.h"
#include "daemon/dispatch-auto.h"
#include "daemon/dispatch.h"
#include "daemon/event.h"
#include "daemon/holder.h"
#include "daemon/match.h"
#include "daemon/run.h"
#include "daemon/usb-id.h"
#include "profile/chip.h"

static Device *device_of(Manager *m, const Session *s)
{
        return devices_find(&m->devices, s->port);
}

static void set_device(Manager *m, Session *s, DeviceState state, const char *message)
{
        Device *d = device_of(m, s);

        d->phone = s->phone;
        if (s->phone.mode[0])
                snprintf(d->mode, sizeof d->mode, "%s", s->phone.mode);
        d->state = state;
        snprintf(d->message, sizeof d->message, "%s", message);
        devices_changed(&m->devices, d);
}

/* ---- claims ---- */

static void claim(Manager *m, Session *s, Job *j)
{
        s->job = j;
        j->session = s;
        snprintf(j->port, sizeof j->port, "%s", s->port);
        snprintf(j->phase, sizeof j->phase, "%s", s->phase);
        queue_changed(m->queue, j, JOB_CHANGED_DEVICE | JOB_CHANGED_PHASE);
        dispatch_set_action(m, j, s->action);
}

static void unclaim(Session *s)
{
        if (s->job)
                s->job->session = NULL;
        s->job = NULL;
}

/* It goes back to waiting, as if no phone had been there. */
static void give_back(Manager *m, Session *s)
{
        Job *j = s->job;

        unclaim(s);
        j->port[0] = j->phase[0] = 0;
        queue_changed(m->queue, j, JOB_CHANGED_DEVICE | JOB_CHANGED_PHASE);
        dispatch_schedule(m);
}

void dispatch_session_unclaim(Job *j)
{
        if (j->session)
                unclaim(j->session);
}

/* ---- letting go ---- */

/* Jobs that are queued from now on mean a phone that comes after this one. */
static void left_now(Manager *m, Session *s)
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
        left_now(m, s);
        set_device(m, s, DEVICE_LETTING_GO, message);
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
                        dispatch_log(m, j, LOG_NOTICE,
                                "Job %u has done the same for the phone at USB port %s. It was let "
                                "go and starts normally; this job waits for another phone.",
                                had->id, s->port);
                else
                        dispatch_log(m, j, LOG_NOTICE,
                                "The phone at USB port %s is %s, which the profile \"%s\" is not "
                                "for. It was let go and starts normally; the job waits on.",
                                s->port, what, j->request.profile);
        }
}

/* ---- a phone that is known ---- */

static AgentWanted wanted_agent(const Profile *p, const Phone *phone, const Chip *chip)
{
        return (AgentWanted){
                .pattern = p ? p->agent : "auto",
                .hw_code = phone->hw_code,
                .da_code = chip ? chip->da_code : phone->hw_code,
                .hw_ver = phone->hw_ver,
                .sw_ver = phone->sw_ver,
        };
}

bool dispatch_agent_fits(const Manager *m, const Profile *p, const Phone *phone, const Chip *chip)
{
        AgentWanted wanted = wanted_agent(p, phone, chip);

        return agents_have(m->agents, &wanted);
}

/* Of the job, or of automatic backup, which looks at the phone without one. */
static const Profile *profile_of(Manager *m, const Session *s)
{
        return s->job ? profile_set_get(&m->profiles, s->job->request.profile, NULL)
                      : dispatch_auto_profile(m, &s->phone);
}

/* Its own, or what the job says to take it for. */
static const Chip *chip_of(const Session *s)
{
        return s->job ? match_chip(s->job, &s->phone) : chip_by_code(s->phone.hw_code);
}

static void finish_detect(Manager *m, Session *s, const char *note)
{
        Job *j = s->job;

        j->report = phone_report(&s->phone, s->port, note);
        unclaim(s);
        dispatch_move(m, j, JOB_DONE, "done");
}

static void fail_job(Manager *m, Session *s, const Failure *f)
{
        Job *j = s->job;

        unclaim(s);
        dispatch_fail(m, j, f);
}

void dispatch_missing_agent(Manager *m, const Session *s, const Job *j, Failure *f)
{
        const Chip *chip = j ? match_chip(j, &s->phone) : chip_by_code(s->phone.hw_code);
        char what[96];

        phone_describe(&s->phone, what, sizeof what);
        if (chip && !s->phone.chip[0]) {
                failure_set(f, 0, ERROR_NO_DOWNLOAD_AGENT,
                        "No imported download agent is for %s, as which this phone was to be "
                        "tried.",
                        chip->name);
                failure_hint(f, "Import one that is: mtkbackupctl agents import FILE.");
        } else if (chip) {
                failure_set(f, 0, ERROR_NO_DOWNLOAD_AGENT,
                        "No imported download agent fits this phone, %s.", what);
                failure_hint(f, "Import one that does: mtkbackupctl agents import FILE.");
        } else {
                chip_unknown(f, s->phone.hw_code, s->phone.hw_sub, s->phone.hw_ver, s->phone.sw_ver,
                        agents_count(m->agents));
        }
        failure_phase(f, "agent");
}

/* The job is really begun on this phone. False when it has ended at once. */
static bool begin(Manager *m, Session *s, Job *j)
{
        Failure f = { 0 };

        if (s->job != j)
                claim(m, s, j);
        s->served = true;
        j->begun_in = s->number;
        j->begun_before = UINT32_MAX;
        (void)phone_mark(&s->phone, j->begun_with);
        if (job_is_pending(j)) {
                const Profile *p = profile_set_get(&m->profiles, j->request.profile, NULL);

                s->power_off = p && p->power_off;
                dispatch_set_action(m, j, "");
                dispatch_move(m, j, JOB_RUNNING, NULL);
        }
        if (s->state != SESSION_IDENTIFIED ||
                dispatch_agent_fits(m, profile_of(m, s), &s->phone, chip_of(s)))
                return true;
        dispatch_missing_agent(m, s, j, &f);
        if (j->request.kind != JOB_DETECT) {
                fail_job(m, s, &f);
                return false;
        }
        dispatch_log(m, j, LOG_NOTICE, "%s %s The report has no part about the storage.", f.text,
                f.hint);
        finish_detect(m, s, f.text);
        return false;
}

/* A job for the phone as it is: the claim if that has begun or fits, else the oldest that does. */
static Job *pick(Manager *m, Session *s)
{
        if (s->job && (!job_is_pending(s->job) || match_session(m, s->job, s)))
                return s->job;
        if (s->job)
                give_back(m, s);
        return match_next(m, s->port, s);
}

static void tell_waiting(Manager *m, Session *s, const char *why)
{
        const Device *d = device_of(m, s);

        if (strcmp(d->message, why) != 0)
                set_device(m, s, d->state, why);
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
                set_device(m, s, DEVICE_PREPARING, "");
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
        set_device(m, s, DEVICE_BUSY, "");
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

void dispatch_session(Manager *m, Session *s)
{
        /* while the handshake goes on the phone may still turn out to be one that is wanted */
        bool open = s->state == SESSION_CONNECTING && !s->job;
        Job *j = open ? match_next(m, s->port, NULL) : NULL;

        if (m->stopping || m->asleep || (open && !j && !dispatch_auto_enabled(m, NULL)))
                leave(m, s, "");
        else if (j)
                claim(m, s, j);
        else if (s->state == SESSION_IDENTIFIED)
                go_on_identified(m, s);
        else if (s->state == SESSION_READY)
                go_on_ready(m, s);
}

/* ---- what a session tells ---- */

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
        dispatch_set_action(m, j, s->action);
}

static void on_identified(void *userdata, Session *s)
{
        char what[96];

        phone_describe(&s->phone, what, sizeof what);
        log_info("Port %s: %s", s->port, what);
        set_device(userdata, s, DEVICE_CONNECTING, "");
        dispatch_session(userdata, s);
}

static void give_preloader(Manager *m, Session *s, const Profile *p)
{
        _cleanup_close_ int fd = -1;
        size_t n;
        const Agent *preloader = agents_pick_preloader(m->agents, p ? p->preloader : "auto", &n);

        if (preloader)
                fd = agents_open(m->agents, preloader);
        else if (n > 1 && s->job)
                dispatch_log(m, s->job, LOG_WARNING,
                        "%zu imported preloaders could be this phone's; say which in the profile: "
                        "\"preloader: NAME\".",
                        n);
        session_preloader(s, fd);
}

static void on_need_agent(void *userdata, Session *s, const Message *msg)
{
        Manager *m = userdata;
        AgentWanted wanted = wanted_agent(profile_of(m, s), &s->phone, chip_of(s));
        uint64_t da_code = wanted.da_code;
        _cleanup_close_ int fd = -1;
        const Agent *agent;

        if (strcmp(message_text(msg, "KIND"), "preloader") == 0) {
                give_preloader(m, s, profile_of(m, s));
                return;
        }
        (void)message_get_u64(msg, "DA_CODE", UINT16_MAX, &da_code);
        wanted.da_code = (uint16_t)da_code;
        agent = agents_pick(m->agents, &wanted);
        if (agent)
                fd = agents_open(m->agents, agent);
        if (agent && fd < 0)
                log_error("The download agent %s cannot be opened: %s", agent->file, strerror(-fd));
        session_agent(s, fd, fd < 0 ? NULL : agent->name, fd < 0 ? NULL : agent->sha256);
}

/* It may be back before its worker could say that it was leaving. */
static void on_replugging(void *userdata, Session *s)
{
        Device *d = device_of(userdata, s);

        if (d->attached && d->number != d->session_number)
                dispatch_session_replug(userdata, d);
}

static void on_ready(void *userdata, Session *s)
{
        Manager *m = userdata;
        Job *j = s->job;

        set_device(m, s, DEVICE_READY, "");
        if (j && j->run) {
                /* all is read: the keeper goes on alone, the phone is free */
                unclaim(s);
                run_session_ready(j->run);
        }
        dispatch_session(m, s);
}

static void on_log(void *userdata, Session *s, unsigned level, const char *text)
{
        if (s->job)
                dispatch_log(userdata, s->job, level, "%s", text);
        else
                log_write((int)MIN(level, (unsigned)LOG_DEBUG), "Port %s: %s", s->port, text);
}

static void on_failed(void *userdata, Session *s)
{
        log_notice("Port %s: %s", s->port, s->failure.text);
        set_device(userdata, s, DEVICE_LETTING_GO, s->failure.text);
}

/* Another program has claimed the interfaces; the service seldom sees which. */
static void describe_taken(Device *d)
{
        char holder[HOLDER_NAME_SIZE];

        if (holder_find(d->node, holder) > 0)
                snprintf(d->message, sizeof d->message,
                        "The phone at USB port %s is taken by another program, %s. End it, then "
                        "plug the phone in again.",
                        d->port, holder);
        else
                snprintf(d->message, sizeof d->message,
                        "The phone at USB port %s is taken by another program, which the service "
                        "cannot see; \"sudo fuser -v %s\" names it. End it, then plug the phone in "
                        "again.",
                        d->port, d->node);
}

/* Before the handshake another program may have spoken to the phone, and it does not mind its
 * manners: the phone starts. */
static void suspect_modem_manager(const Device *d, Failure *f)
{
        char rule[USB_ID_RULE_SIZE], hint[FAILURE_TEXT_MAX];

        if (d->guarded || (strcmp(f->phase, "handshake") != 0 && strcmp(f->phase, "connect") != 0))
                return;
        usb_id_rule(d->vendor, d->product, rule);
        snprintf(hint, sizeof hint,
                "No udev rule keeps ModemManager away from this phone, and what that sends makes a "
                "phone start. Put this line into /etc/udev/rules.d/61-mtkbackup.rules, run "
                "\"udevadm "
                "control --reload\", switch the phone off and plug it in again: %s",
                rule);
        snprintf(f->hint, sizeof f->hint, "%s", hint);
}

/* The words a person needs when the phone could not be left well. */
static void describe_leaving(const Session *s, Device *d)
{
        if (s->failure.id == ERROR_DEVICE_BUSY)
                describe_taken(d);
        else if (failure_is_set(&s->failure))
                snprintf(d->message, sizeof d->message, "%.*s %.*s", FAILURE_TEXT_MAX / 2,
                        s->failure.text, FAILURE_TEXT_MAX / 2 - 2, s->failure.hint);
        else if (strcmp(s->left, "stuck") == 0)
                snprintf(d->message, sizeof d->message,
                        "The phone could not be restarted: hold its power button for ten seconds.");
        d->state = failure_is_set(&s->failure) || strcmp(s->left, "stuck") == 0 ? DEVICE_FAILED
                                                                                : DEVICE_RELEASED;
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
                give_back(m, s);
                return;
        }
        unclaim(s);
        suspect_modem_manager(device_of(m, s), &f);
        if (strcmp(s->left, "stuck") == 0)
                failure_hint(&f, "Hold the phone's power button for ten seconds to restart it.");
        s->failure = f;
        if (j->run) {
                run_session_failed(j->run, s);
                return;
        }
        failure_set(&f, 0, ERROR_DEVICE_GONE, "The phone at USB port %s went away.", s->port);
        dispatch_fail(m, j, &f);
}

static void on_over(void *userdata, Session *s)
{
        Manager *m = userdata;
        Device *d = device_of(m, s);
        static const char *const restarted[] = { "rebooted", "off", "released" };
        uint64_t now = 0;

        describe_leaving(s, d);
        left_now(m, s);
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
                dispatch_reappear(m, d);
        dispatch_session_gone(m, d);
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

/* One sentence with what happened, one with the cure. */
static void describe_rights(Device *d)
{
        char rule[USB_ID_RULE_SIZE];

        usb_id_rule(d->vendor, d->product, rule);
        if (usb_id_has_rule(d->vendor, d->product))
                snprintf(d->message, sizeof d->message,
                        "The service may not open the phone at USB port %s. Check that the udev "
                        "rule 60-mtkbackup.rules is installed, run \"udevadm control --reload\", "
                        "then plug the phone in again.",
                        d->port);
        else
                snprintf(d->message, sizeof d->message,
                        "The service may not open the phone at USB port %s. Put this line into "
                        "/etc/udev/rules.d/61-mtkbackup.rules, run \"udevadm control --reload\", "
                        "then plug the phone in again: %s",
                        d->port, rule);
}

static void unreachable(Manager *m, Device *d, int error)
{
        d->unreachable = true;
        d->state = DEVICE_FAILED;
        if (error == -EACCES || error == -EPERM)
                describe_rights(d);
        else
                snprintf(d->message, sizeof d->message,
                        "The phone at USB port %s cannot be opened: %s.", d->port,
                        strerror(-error));
        event_log(
                EVENT_NO_ACCESS, LOG_WARNING, &(EventFields){ .port = d->port }, "%s", d->message);
        devices_changed(&m->devices, d);
}

void dispatch_session_start(Manager *m, Device *d, Job *j)
{
        _cleanup_close_ int node = open(d->node, O_RDWR | O_CLOEXEC | O_NOCTTY);
        Failure f = { 0 };
        int r;

        if (node < 0) {
                unreachable(m, d, -errno);
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
                        dispatch_fail(m, j, &f);
                return;
        }
        d->session->number = ++m->sessions;
        d->session_number = d->number;
        d->alone = sd_event_source_disable_unref(d->alone);
        d->state = DEVICE_CONNECTING;
        d->message[0] = 0;
        if (j)
                claim(m, d->session, j);
}

void dispatch_session_replug(Manager *m, Device *d)
{
        _cleanup_close_ int node = open(d->node, O_RDWR | O_CLOEXEC | O_NOCTTY);

        if (node < 0) {
                unreachable(m, d, -errno);
                session_unplugged(d->session);
                return;
        }
        d->session_number = d->number;
        session_replug(d->session, node);
}
