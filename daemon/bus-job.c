/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/bus-job.h"

#include <errno.h>
#include <string.h>

#include "basic/log.h"
#include "daemon/bus-auto.h"
#include "daemon/bus-handover.h"
#include "daemon/bus-queue.h"
#include "daemon/dispatch-auto.h"
#include "daemon/dispatch.h"
#include "daemon/event.h"

/* Not before the last word is said: reading may be through while the disk is still verified. */
#define FRACTION_UNFINISHED_MAX 0.999

static Job *job_of_path(const Bus *b, const char *path)
{
        const char *id = path + strlen(PATH_JOBS "/_");
        unsigned long value;
        char *end;

        if (strncmp(path, PATH_JOBS "/_", strlen(PATH_JOBS "/_")) != 0)
                return NULL;
        /* one spelling an object */
        if (strspn(id, "0123456789") != strlen(id) || id[0] == '0' || strlen(id) > 10)
                return NULL;
        value = strtoul(id, &end, 10);
        return value > UINT32_MAX ? NULL : queue_find(b->manager->queue, (uint32_t)value);
}

static int find(sd_bus *bus, const char *path, const char *interface, void *userdata,
        void **ret_found, sd_bus_error *e)
{
        Job *j = job_of_path(userdata, path);

        if (j) {
                *ret_found = j;
                return 1;
        }
        if (strcmp(path, PATH_JOBS) == 0)
                return 0;
        path += strlen(PATH_JOBS "/");
        return bus_error_setf(e, ERROR_NO_SUCH_JOB,
                "There is no job %.64s. mtkbackupctl jobs lists those there are.",
                path + (*path == '_'));
}

static char *nth_path(const Bus *b, size_t i)
{
        return bus_job_path(queue_at(b->manager->queue, i));
}

static int enumerate(
        sd_bus *bus, const char *prefix, void *userdata, char ***ret_nodes, sd_bus_error *e)
{
        const Bus *b = userdata;

        return bus_nodes(b, queue_count(b->manager->queue), nth_path, ret_nodes);
}

/* ---- methods ---- */

/* What nobody has asked for anybody at the machine may refuse. */
static bool may_be_own(const Job *j, uid_t uid)
{
        return uid == j->request.uid || j->request.needs_approval;
}

static int method_cancel(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
        Bus *b = bus_of(m);
        Job *j = userdata;
        Failure f = { 0 };
        uid_t uid;
        int r = bus_read_no_options(m, e);

        if (r < 0)
                return r;
        r = authorize_caller(b->authorize, m, &uid, e);
        if (r > 0)
                r = authorize_action(b->authorize, m, uid,
                        may_be_own(j, uid) ? ACTION_CANCEL : ACTION_CANCEL_OTHER, e);
        if (r <= 0)
                return r == 0 ? 1 : r;
        if (b->n_cancels == CANCEL_WAITERS_MAX)
                return sd_bus_error_set(
                        e, SD_BUS_ERROR_LIMITS_EXCEEDED, "Too many calls wait for an answer.");
        if (j->request.needs_approval && !job_is_final(j) &&
                dispatch_auto_refuse(b->manager, j, uid, &f) < 0)
                return bus_error_set(e, &f);
        if (dispatch_cancel(b->manager, j, &f) < 0)
                return bus_error_set(e, &f);
        if (job_is_final(j))
                return sd_bus_reply_method_return(m, NULL);
        b->cancels[b->n_cancels].job = j->id;
        b->cancels[b->n_cancels++].message = sd_bus_message_ref(m);
        return 1;
}

/* Answers those who wait for the job's end. */
static void answer_cancels(Bus *b, const Job *j)
{
        for (size_t i = b->n_cancels; i-- > 0;) {
                sd_bus_message *m = b->cancels[i].message;
                Failure f = { 0 };

                if (b->cancels[i].job != j->id)
                        continue;
                b->cancels[i] = b->cancels[--b->n_cancels];
                if (j->state == JOB_CANCELED)
                        (void)sd_bus_reply_method_return(m, NULL);
                else {
                        failure_set(&f, 0, ERROR_NOT_CANCELABLE,
                                "Job %u has ended before it could be cancelled (%s).", j->id,
                                j->result);
                        bus_error_reply(m, &f);
                }
                sd_bus_message_unref(m);
        }
}

static int method_get_report(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
        Bus *b = bus_of(m);
        Job *j = userdata;
        uid_t uid;
        int r = authorize_caller(b->authorize, m, &uid, e);

        /* it holds ids of the phone */
        if (r > 0 && uid != j->request.uid)
                r = authorize_action(b->authorize, m, uid, ACTION_READ_OTHER, e);
        if (r <= 0)
                return r == 0 ? 1 : r;
        if (!j->report)
                return bus_error_setf(e, ERROR_FAILED, "Job %u has no report.", j->id);
        return sd_bus_reply_method_return(m, "s", j->report);
}

/* ---- properties ---- */

static int get_text(sd_bus *bus, const char *path, const char *interface, const char *property,
        sd_bus_message *reply, void *userdata, sd_bus_error *e)
{
        const Job *j = userdata;
        char name[BUS_ERROR_NAME_SIZE];
        const BusText texts[] = {
                { "Kind", job_kind_to_string(j->request.kind) },
                { "Name", j->request.name },
                { "State", job_state_to_string(j->state) },
                { "Phase", j->phase },
                { "Profile", j->request.profile },
                { "Device", j->port[0] ? j->port : j->request.port },
                { "Result", j->result },
                { "ErrorName", name },
                { "ErrorMessage", j->failure.text },
                { "ErrorHint", j->failure.hint },
                { "Backup", j->backup },
                { "UserAction", j->action },
        };

        bus_error_name(&j->failure, name);
        return bus_append_text(reply, property, texts, ELEMENTS(texts));
}

static int get_uid(sd_bus *bus, const char *path, const char *interface, const char *property,
        sd_bus_message *reply, void *userdata, sd_bus_error *e)
{
        return sd_bus_message_append(reply, "u", (uint32_t)((const Job *)userdata)->request.uid);
}

static int get_automatic(sd_bus *bus, const char *path, const char *interface, const char *property,
        sd_bus_message *reply, void *userdata, sd_bus_error *e)
{
        return sd_bus_message_append(reply, "b", ((const Job *)userdata)->request.automatic);
}

static int get_needs_approval(sd_bus *bus, const char *path, const char *interface,
        const char *property, sd_bus_message *reply, void *userdata, sd_bus_error *e)
{
        const Job *j = userdata;

        return sd_bus_message_append(reply, "b", j->request.needs_approval && !job_is_final(j));
}

static int get_cancelable(sd_bus *bus, const char *path, const char *interface,
        const char *property, sd_bus_message *reply, void *userdata, sd_bus_error *e)
{
        return sd_bus_message_append(reply, "b", job_is_cancelable(userdata));
}

#define CHANGES SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE
#define CONSTANT SD_BUS_VTABLE_PROPERTY_CONST

static const sd_bus_vtable vtable_job[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD_WITH_ARGS("Cancel", SD_BUS_ARGS("a{sv}", options), SD_BUS_NO_RESULT,
                method_cancel, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Approve", SD_BUS_ARGS("a{sv}", options), SD_BUS_NO_RESULT,
                bus_method_approve, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Retry", SD_BUS_ARGS("a{sv}", options),
                SD_BUS_RESULT("u", id, "o", job), bus_method_retry, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("GetReport", SD_BUS_NO_ARGS, SD_BUS_RESULT("s", json),
                method_get_report, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_PROPERTY("Id", "u", NULL, offsetof(Job, id), CONSTANT),
        SD_BUS_PROPERTY("Kind", "s", get_text, 0, CONSTANT),
        SD_BUS_PROPERTY("Name", "s", get_text, 0, CONSTANT),
        SD_BUS_PROPERTY("State", "s", get_text, 0, CHANGES),
        SD_BUS_PROPERTY("Phase", "s", get_text, 0, CHANGES),
        SD_BUS_PROPERTY("Profile", "s", get_text, 0, CONSTANT),
        SD_BUS_PROPERTY("Device", "s", get_text, 0, CHANGES),
        SD_BUS_PROPERTY("StartedByUID", "u", get_uid, 0, CHANGES),
        SD_BUS_PROPERTY("QueuedAt", "t", NULL, offsetof(Job, queued_at), CONSTANT),
        SD_BUS_PROPERTY("StartedAt", "t", NULL, offsetof(Job, started_at), CHANGES),
        SD_BUS_PROPERTY("FinishedAt", "t", NULL, offsetof(Job, finished_at), CHANGES),
        SD_BUS_PROPERTY("Result", "s", get_text, 0, CHANGES),
        SD_BUS_PROPERTY("ErrorName", "s", get_text, 0, CHANGES),
        SD_BUS_PROPERTY("ErrorMessage", "s", get_text, 0, CHANGES),
        SD_BUS_PROPERTY("ErrorHint", "s", get_text, 0, CHANGES),
        SD_BUS_PROPERTY("ErrorStatus", "u", NULL, offsetof(Job, failure.status), CHANGES),
        SD_BUS_PROPERTY("Backup", "s", get_text, 0, CHANGES),
        SD_BUS_PROPERTY("Cancelable", "b", get_cancelable, 0, CHANGES),
        SD_BUS_PROPERTY("UserAction", "s", get_text, 0, CHANGES),
        SD_BUS_PROPERTY("Automatic", "b", get_automatic, 0, CONSTANT),
        SD_BUS_PROPERTY("NeedsApproval", "b", get_needs_approval, 0, CHANGES),
        SD_BUS_SIGNAL_WITH_ARGS("Log", SD_BUS_ARGS("u", level, "s", text), 0),
        SD_BUS_SIGNAL_WITH_ARGS(
                "Finished", SD_BUS_ARGS("s", result, "s", error_name, "s", error_message), 0),
        SD_BUS_VTABLE_END,
};

/* which properties a change means */
static const struct {
        unsigned change;
        const char *properties[13];
} changes[] = {
        { JOB_CHANGED_STATE,
                { "State", "StartedAt", "FinishedAt", "Result", "ErrorName", "ErrorMessage",
                        "ErrorHint", "ErrorStatus", "Cancelable", "UserAction", "Phase",
                        "NeedsApproval" } },
        { JOB_CHANGED_PHASE, { "Phase" } },
        { JOB_CHANGED_ACTION, { "UserAction" } },
        { JOB_CHANGED_BACKUP, { "Backup", "Cancelable" } },
        { JOB_CHANGED_DEVICE, { "Device" } },
        { JOB_CHANGED_APPROVAL, { "NeedsApproval", "StartedByUID" } },
};

/* ---- progress ---- */

static int get_fraction(sd_bus *bus, const char *path, const char *interface, const char *property,
        sd_bus_message *reply, void *userdata, sd_bus_error *e)
{
        const Job *j = userdata;
        double v = progress_fraction(&j->progress);

        if (j->state != JOB_DONE)
                v = MIN(v, FRACTION_UNFINISHED_MAX);
        return sd_bus_message_append(reply, "d", v);
}

static int get_rate(sd_bus *bus, const char *path, const char *interface, const char *property,
        sd_bus_message *reply, void *userdata, sd_bus_error *e)
{
        const Job *j = userdata;

        return sd_bus_message_append(
                reply, "t", job_is_final(j) ? UINT64_C(0) : progress_rate(&j->progress));
}

static int get_end(sd_bus *bus, const char *path, const char *interface, const char *property,
        sd_bus_message *reply, void *userdata, sd_bus_error *e)
{
        uint64_t now = 0, end = 0;
        const Job *j = userdata;

        (void)sd_event_now(sd_bus_get_event(bus), CLOCK_REALTIME, &now);
        if (!job_is_final(j))
                end = progress_expected_end(&j->progress, now);
        return sd_bus_message_append(reply, "t", end);
}

static int get_item(sd_bus *bus, const char *path, const char *interface, const char *property,
        sd_bus_message *reply, void *userdata, sd_bus_error *e)
{
        return sd_bus_message_append(reply, "s", ((const Job *)userdata)->progress.item);
}

static const sd_bus_vtable vtable_progress[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("BytesDone", "t", NULL, offsetof(Job, progress.done), CHANGES),
        SD_BUS_PROPERTY("BytesTotal", "t", NULL, offsetof(Job, progress.total), CHANGES),
        SD_BUS_PROPERTY("Progress", "d", get_fraction, 0, CHANGES),
        SD_BUS_PROPERTY("Rate", "t", get_rate, 0, CHANGES),
        SD_BUS_PROPERTY("ExpectedEndTime", "t", get_end, 0, CHANGES),
        SD_BUS_PROPERTY("Item", "s", get_item, 0, CHANGES),
        SD_BUS_PROPERTY("ItemIndex", "u", NULL, offsetof(Job, progress.index), CHANGES),
        SD_BUS_PROPERTY("ItemCount", "u", NULL, offsetof(Job, progress.count), CHANGES),
        SD_BUS_VTABLE_END,
};

int bus_add_jobs(Bus *b)
{
        int r = sd_bus_add_fallback_vtable(b->bus, NULL, PATH_JOBS, IFACE_JOB, vtable_job, find, b);

        if (r >= 0)
                r = sd_bus_add_fallback_vtable(
                        b->bus, NULL, PATH_JOBS, IFACE_JOB_PROGRESS, vtable_progress, find, b);
        if (r >= 0)
                r = sd_bus_add_node_enumerator(b->bus, NULL, PATH_JOBS, enumerate, b);
        return r;
}

/* ---- what the queue tells ---- */

static void emit_properties(Bus *b, const char *path, unsigned change)
{
        for (size_t i = 0; i < ELEMENTS(changes); i++)
                if (change & changes[i].change)
                        (void)sd_bus_emit_properties_changed_strv(
                                b->bus, path, IFACE_JOB, (char **)(uintptr_t)changes[i].properties);
        if (change & JOB_CHANGED_PROGRESS)
                (void)sd_bus_emit_properties_changed(b->bus, path, IFACE_JOB_PROGRESS, "BytesDone",
                        "BytesTotal", "Progress", "Rate", "ExpectedEndTime", "Item", "ItemIndex",
                        "ItemCount", NULL);
}

static void emit_end(Bus *b, const Job *j, const char *path)
{
        char name[BUS_ERROR_NAME_SIZE];

        bus_error_name(&j->failure, name);
        (void)sd_bus_emit_signal(
                b->bus, path, IFACE_JOB, "Finished", "sss", j->result, name, j->failure.text);
        (void)sd_bus_emit_signal(
                b->bus, PATH_MANAGER, IFACE_MANAGER, "JobRemoved", "uos", j->id, path, j->result);
        answer_cancels(b, j);
        bus_counts_changed(b);
}

static void emit_change(Bus *b, const Job *j, unsigned change, bool ended)
{
        _cleanup_free_ char *path = bus_job_path(j);

        if (!b->bus || !path)
                return;
        emit_properties(b, path, change);
        if (ended)
                emit_end(b, j, path);
}

static void on_changed(void *userdata, Job *j, unsigned change)
{
        bool ended = (change & JOB_CHANGED_STATE) && job_is_final(j);

        if (ended)
                event_job_ended(j);
        else if (change & JOB_CHANGED_STATE)
                log_info("Job %u (%s %s): %s", j->id, job_kind_to_string(j->request.kind),
                        j->request.profile, job_state_to_string(j->state));
        emit_change(userdata, j, change, ended);
        if (ended && j->state == JOB_DONE && j->request.kind == JOB_BACKUP && j->backup[0])
                bus_hand_over(userdata, j->backup);
}

static void on_added(void *userdata, Job *j)
{
        _cleanup_free_ char *path = NULL;
        Bus *b = userdata;

        log_info("Job %u (%s %s) queued by uid %u", j->id, job_kind_to_string(j->request.kind),
                j->request.profile, (unsigned)j->request.uid);
        if (!b->bus || !(path = bus_job_path(j)))
                return;
        (void)sd_bus_emit_object_added(b->bus, path);
        (void)sd_bus_emit_signal(b->bus, PATH_MANAGER, IFACE_MANAGER, "JobNew", "uo", j->id, path);
        bus_counts_changed(b);
}

static void on_dropped(void *userdata, Job *j)
{
        _cleanup_free_ char *path = NULL;
        Bus *b = userdata;

        if (b->bus && (path = bus_job_path(j)))
                (void)sd_bus_emit_object_removed(b->bus, path);
}

static void on_log(void *userdata, const Job *j, unsigned level, const char *text)
{
        _cleanup_free_ char *path = bus_job_path(j);
        Bus *b = userdata;

        if (b->bus && path)
                (void)sd_bus_emit_signal(b->bus, path, IFACE_JOB, "Log", "us", level, text);
}

const QueueEvents bus_queue_events = {
        .added = on_added,
        .changed = on_changed,
        .dropped = on_dropped,
        .log = on_log,
};
