/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/dispatch-auto.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "basic/log.h"
#include "daemon/dispatch-agent.h"
#include "daemon/event.h"
#include "daemon/match.h"
#include "daemon/request.h"
#include "daemon/text.h"
#include "daemon/work.h"

bool dispatch_auto_enabled(const Manager *m, PolicySource *ret_by)
{
        return policy_enabled(&m->config.automatic, auto_state_switch(m->automatic), ret_by);
}

static int not_saved(Failure *f, int error)
{
        return failure_set(f, error, ERROR_STORE_FAILED,
                "What was decided about automatic backup cannot be saved: %s.", strerror(-error));
}

int dispatch_auto_switch(Manager *m, PolicyChoice choice, Failure *f)
{
        int r = auto_state_set_switch(m->automatic, choice);

        if (r < 0)
                return not_saved(f, r);
        event_log(EVENT_AUTO_SWITCHED, LOG_NOTICE, NULL, "Automatic backup is %s",
                dispatch_auto_enabled(m, NULL) ? "on" : "off");
        work_schedule(m);
        return 0;
}

/* ---- a phone that has said what it is ---- */

bool dispatch_auto_wants(const Manager *m, const Device *d)
{
        return dispatch_auto_enabled(m, NULL) && !d->passed;
}

const Profile *dispatch_auto_profile(const Manager *m, const Phone *phone)
{
        return policy_profile(&m->config.automatic, &m->profiles, phone->hw_code, phone->chip);
}

/* What the jobs say about the phone. */
static void gather_jobs(const Manager *m, const char *mark, PolicyFacts *f)
{
        for (size_t i = 0; i < queue_count(m->queue); i++) {
                const Job *j = queue_at(m->queue, i);
                bool same = j->request.automatic && strcmp(j->request.mark, mark) == 0;

                if (job_is_final(j)) {
                        f->failures += same && j->state == JOB_FAILED && j->finished_at <= f->now &&
                                f->now - j->finished_at < POLICY_FAILURES_TIME * UINT64_C(1000000);
                        continue;
                }
                f->writer_waits = f->writer_waits || !job_only_reads(j);
                f->queued = f->queued || same;
                f->asking += j->request.needs_approval;
        }
}

/* What was said about the phone and when it was backed up. */
static void gather_past(const Manager *m, const char *mark, const Profile *p, PolicyFacts *f)
{
        const AutoPhone *phone = auto_state_find(m->automatic, mark);
        uint64_t now = 0;

        if (!phone)
                return;
        f->consent = phone->refused ? CONSENT_REFUSED : CONSENT_AGREED;
        if (phone->key[0])
                f->last = policy_last(store_catalogue(m->store), phone->key, p, f->now);
        (void)sd_event_now(m->event, CLOCK_BOOTTIME, &now);
        f->recent = phone->saved_at > 0 &&
                now - phone->saved_at < policy_interval(&m->config.automatic) * UINT64_C(1000000);
}

static void gather(const Manager *m, const Session *s, const Profile *p,
        char mark[static PHONE_MARK_SIZE], PolicyFacts *f, Failure *failure)
{
        int r = phone_mark(&s->phone, mark);

        *f = (PolicyFacts){
                .enabled = dispatch_auto_enabled(m, NULL),
                .store_usable = store_admit_backup(m->store, failure) == 0,
                .has_profile = p,
                .has_agent =
                        p && dispatch_agent_fits(m, p, &s->phone, chip_by_code(s->phone.hw_code)),
                .identity = r > 0 ? IDENTITY_KNOWN
                        : r < 0   ? IDENTITY_LATER
                                  : IDENTITY_NONE,
                .now = manager_now(m),
        };
        gather_jobs(m, mark, f);
        if (p && r > 0)
                gather_past(m, mark, p, f);
}

/* A job for this phone: of whoever agreed to it, or of nobody yet. */
static int queue_job(Manager *m, const Session *s, const Profile *p, const char *mark,
        const AutoPhone *agreed, Job **ret, Failure *f)
{
        _cleanup_(job_request_done) JobRequest request = { 0 };
        char **partitions = NULL;
        int r = request_fill(&request, JOB_BACKUP, p->name, &(RequestTexts){ 0 }, &partitions, f);

        if (r < 0)
                return r;
        request.automatic = true;
        request.needs_approval = !agreed;
        request.uid = agreed ? agreed->uid : geteuid();
        snprintf(request.mark, sizeof request.mark, "%s", mark);
        r = queue_add(m->queue, &request, manager_now(m), ret, f);
        if (r < 0)
                return failure_set(f, r, ERROR_FAILED, "Not enough memory.");
        snprintf((*ret)->port, sizeof(*ret)->port, "%s", s->port);
        queue_changed(m->queue, *ret, JOB_CHANGED_DEVICE);
        return 0;
}

/* An approved job waits for a phone whose mark only its storage can tell. */
static bool may_be_meant(Manager *m, const Session *s)
{
        for (size_t i = 0; i < queue_count(m->queue); i++) {
                const Job *j = queue_at(m->queue, i);

                if (j->request.mark[0] && match_may_take(m, j, s))
                        return true;
        }
        return false;
}

static int on_hold_over(sd_event_source *source, uint64_t usec, void *userdata)
{
        Session *s = userdata;

        s->hold_over = true;
        work_schedule(s->userdata);
        return 0;
}

/* A phone that somebody is being asked about need not be plugged in again when the answer comes
 * soon: a job that was approved meanwhile is simply one that fits. */
static bool hold(Manager *m, Session *s)
{
        uint64_t usec = policy_hold(&m->config.automatic) * UINT64_C(1000000);

        if (usec == 0 || s->hold_over)
                return false;
        return s->hold ||
                sd_event_add_time_relative(
                        m->event, &s->hold, CLOCK_MONOTONIC, usec, 0, on_hold_over, s) >= 0;
}

/* A new job for this phone, of whoever agreed to it or of nobody yet. */
static AutoStep step_to_job(
        Manager *m, Session *s, const Profile *p, const char *mark, char *why, size_t size)
{
        const AutoPhone *agreed = auto_state_find(m->automatic, mark);
        Failure f = { 0 };
        Job *j;

        if (queue_job(m, s, p, mark, agreed, &j, &f) < 0) {
                snprintf(why, size, "%s", f.text);
                log_warning("Port %s: %s", s->port, why);
                return AUTO_LEAVE;
        }
        if (agreed)
                return AUTO_BACK_UP;
        /* what to do about it stands there from the first moment on */
        (void)dispatch_auto_ask(m, j);
        return AUTO_WAIT;
}

/* Where more can be said than the reason alone. */
static void explain(Manager *m, const Session *s, PolicyDecision d, Failure *f)
{
        const char *profile = m->config.automatic.profile;

        if (d == POLICY_NO_PROFILE && profile[0])
                (void)profile_set_get(&m->profiles, profile, f);
        else if (d == POLICY_NO_AGENT)
                dispatch_agent_missing(m, &s->phone, chip_by_code(s->phone.hw_code), f);
}

AutoStep dispatch_auto_step(Manager *m, Session *s, char *why, size_t size)
{
        const Profile *p = dispatch_auto_profile(m, &s->phone);
        char mark[PHONE_MARK_SIZE];
        PolicyDecision d;
        Failure f = { 0 };
        PolicyFacts facts;

        why[0] = 0;
        if (store_state(m->store) == STORE_OPENING)
                return AUTO_WAIT;
        gather(m, s, p, mark, &facts, &f);
        if (facts.identity == IDENTITY_LATER && facts.has_agent && may_be_meant(m, s))
                return AUTO_IDENTIFY;
        d = policy_decide(&m->config.automatic, &facts);
        if (d == POLICY_IDENTIFY)
                return AUTO_IDENTIFY;
        if (d == POLICY_BACK_UP)
                return step_to_job(m, s, p, mark, why, size);
        if (d == POLICY_ASK) {
                AutoStep step = step_to_job(m, s, p, mark, why, size);

                if (step != AUTO_WAIT)
                        return step;
                d = POLICY_ASKED;
        }
        explain(m, s, d, &f);
        if (failure_is_set(&f))
                snprintf(why, size, "%s%s%s", f.text, f.hint[0] ? " " : "", f.hint);
        else
                snprintf(why, size, "%s", policy_reason(d));
        if (d == POLICY_ASKED && hold(m, s))
                return AUTO_WAIT;
        log_info("Port %s: %s", s->port, why);
        return AUTO_LEAVE;
}

/* ---- consent ---- */

static int remember(Manager *m, const Job *j, bool refused, uid_t uid, Failure *f)
{
        const AutoPhone *known = auto_state_find(m->automatic, j->request.mark);
        const Profile *p = profile_set_get(&m->profiles, j->request.profile, NULL);
        AutoPhone phone = known ? *known : (AutoPhone){ 0 };
        int r;

        snprintf(phone.mark, sizeof phone.mark, "%s", j->request.mark);
        if (!known && p)
                snprintf(phone.chip, sizeof phone.chip, "%s", p->chip);
        phone.refused = refused;
        phone.uid = uid;
        phone.since = manager_now(m);
        r = auto_state_put(m->automatic, &phone);
        return r < 0 ? not_saved(f, r) : 0;
}

static void approved(Manager *m, Job *j, uid_t uid)
{
        int r;

        j->request.needs_approval = false;
        j->request.uid = uid;
        r = queue_save(m->queue);
        if (r < 0)
                log_error("Job %u: its approval is not saved: %s", j->id, strerror(-r));
        log_info("Job %u: uid %u agrees to it", j->id, (unsigned)uid);
        queue_changed(m->queue, j, JOB_CHANGED_APPROVAL);
        work_schedule(m);
}

int dispatch_auto_approve(Manager *m, Job *j, uid_t uid, Failure *f)
{
        int r;

        if (!j->request.automatic || job_is_final(j))
                return failure_set(f, -EINVAL, ERROR_FAILED,
                        "Job %u is none that waits for somebody to agree to it.", j->id);
        if (!j->request.needs_approval)
                return 0;
        r = remember(m, j, false, uid, f);
        if (r == 0)
                approved(m, j, uid);
        return r;
}

int dispatch_auto_refuse(Manager *m, const Job *j, uid_t uid, Failure *f)
{
        return remember(m, j, true, uid, f);
}

int dispatch_auto_forget(Manager *m, const char *mark, Failure *f)
{
        int r = auto_state_forget(m->automatic, mark);

        if (r == -ENOENT)
                return failure_set(f, r, ERROR_NO_SUCH_DEVICE,
                        "No phone \"%.32s\" is known to automatic backup.", mark);
        return r < 0 ? not_saved(f, r) : 0;
}

static void withdraw(Manager *m, Job *j, const char *why)
{
        failure_set(&j->failure, 0, ERROR_CANCELED, "%s", why);
        work_move(m, j, JOB_CANCELED, NULL);
        work_schedule(m);
}

/* What was said is saved before the job is, so it may have to be caught up with after a crash. */
bool dispatch_auto_ask(Manager *m, Job *j)
{
        const AutoPhone *phone = auto_state_find(m->automatic, j->request.mark);
        char text[FAILURE_TEXT_MAX];

        if (phone && phone->refused) {
                withdraw(m, j, "Somebody refused the automatic backup of this phone.");
                return false;
        }
        if (phone) {
                approved(m, j, phone->uid);
                return true;
        }
        snprintf(text, sizeof text,
                "Nobody has agreed to the automatic backup of this phone yet. To agree: "
                "mtkbackupctl auto approve %u. To refuse: mtkbackupctl cancel %u.",
                j->id, j->id);
        work_set_action(m, j, text);
        return false;
}

/* ---- backups ---- */

/* Whoever has backed a phone up by hand need not be asked about it any more. */
static void answered(Manager *m, const char *mark)
{
        for (size_t i = 0; i < queue_count(m->queue); i++) {
                Job *j = queue_at(m->queue, i);

                if (j->request.needs_approval && !job_is_final(j) &&
                        strcmp(j->request.mark, mark) == 0) {
                        withdraw(m, j, "The phone was backed up by hand meanwhile.");
                        return; /* there is but one, and places may have shifted */
                }
        }
}

void dispatch_auto_saved(
        Manager *m, const Job *j, const char *mark, const char *chip, const char *device_key)
{
        const AutoPhone *known = auto_state_find(m->automatic, mark);
        AutoPhone phone =
                known ? *known : (AutoPhone){ .uid = j->request.uid, .since = manager_now(m) };
        int r;

        if (!mark[0])
                return;
        snprintf(phone.mark, sizeof phone.mark, "%s", mark);
        text_copy(phone.chip, sizeof phone.chip, chip);
        text_copy(phone.key, sizeof phone.key, device_key);
        r = auto_state_put(m->automatic, &phone);
        if (r < 0)
                log_error("Job %u: what automatic backup knows of the phone is not saved: %s",
                        j->id, strerror(-r));
        answered(m, mark);
}

void dispatch_auto_recent(Manager *m, const char *mark)
{
        const AutoPhone *known = auto_state_find(m->automatic, mark);
        AutoPhone phone;

        if (!known)
                return;
        phone = *known;
        (void)sd_event_now(m->event, CLOCK_BOOTTIME, &phone.saved_at);
        /* nothing that is in the file changes */
        (void)auto_state_put(m->automatic, &phone);
}
