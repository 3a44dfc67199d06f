/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "client/bus-read.h"
#include "client/job-state.h"
#include "client/notify/notice.h"
#include "dbus/names.h"

int notice_new(Service *service, uint32_t id, json_t *job, void (*changed)(void *userdata),
        void *userdata, Notice **ret)
{
        Notice *n = calloc(1, sizeof(*n));

        if (!n)
                return -ENOMEM;
        n->id = id;
        n->job = json_incref(job);
        n->service = service;
        n->changed = changed;
        n->userdata = userdata;
        if (!json_object_get(job, "progress"))
                json_object_set_new(job, "progress", json_object());
        *ret = n;
        return 0;
}

Notice *notice_free(Notice *n)
{
        if (!n)
                return NULL;
        sd_bus_slot_unref(n->call);
        json_decref(n->job);
        json_decref(n->backup);
        free(n);
        return NULL;
}

void notice_update(Notice *n, json_t *members, bool progress)
{
        json_object_update(progress ? json_object_get(n->job, "progress") : n->job, members);
}

bool notice_is_final(const Notice *n)
{
        return n->id == 0 || job_finished(n->job);
}

bool notice_is_public(const Notice *n)
{
        return n->id == 0 || object_number(n->job, "started_by_uid") != getuid();
}

void notice_set_chip(Notice *n, const char *chip)
{
        const char *port = object_text(n->job, "device"), *state = object_text(n->job, "state");
        bool worked_on =
                strcmp(state, STATE_QUEUED) != 0 && strcmp(state, STATE_WAITING_FOR_DEVICE) != 0;

        /* a phone that is or was worked on is not forgotten when it leaves its port for a moment or
         * for good; before that the next one may be another */
        if (!chip && worked_on && strcmp(n->port, port) == 0)
                return;
        content_clean(chip ?: "", n->chip, sizeof(n->chip));
        snprintf(n->port, sizeof(n->port), "%s", port);
}

void notice_refresh(Notice *n, bool visible, bool lost)
{
        struct timespec now;
        Content c;

        if (!visible || n->gone) {
                bubble_unwant(&n->bubble);
                return;
        }
        if (n->id == 0) {
                content_of_damage(object_text(n->job, "text"), &c);
                bubble_want(&n->bubble, &c);
                return;
        }
        clock_gettime(CLOCK_REALTIME, &now);
        ContentSource s = {
                .job = n->job,
                .backup = n->backup,
                .chip = n->chip,
                .note = n->note,
                .busy = n->call != NULL,
                .details = n->details,
                .lost = lost,
                .now = (uint64_t)now.tv_sec * 1000000,
        };
        Stage stage = content_stage(&s);
        /* a job in the queue is no news; one that waits for the person cannot go on without the
         * service */
        if ((stage == STAGE_QUEUED && !n->bubble.wanted && !*n->note) ||
                (lost && !notice_is_final(n) && stage != STAGE_LOST)) {
                bubble_unwant(&n->bubble);
                return;
        }
        content_of_job(&s, &c);
        bubble_want(&n->bubble, &c);
}

/* ---- buttons ---- */

static void note(Notice *n, const char *what, const char *text)
{
        char clean[CONTENT_NOTE_MAX - 64];

        content_clean(text, clean, sizeof(clean));
        snprintf(n->note, sizeof(n->note), "%s%s", what, clean);
        /* most servers close a bubble when one of its buttons is pressed */
        bubble_hurry(&n->bubble);
}

/* Ends the call of a button; true when it was answered well. */
static bool answered(Notice *n, sd_bus_message *m)
{
        const sd_bus_error *e = sd_bus_message_get_error(m);

        n->call = sd_bus_slot_unref(n->call);
        if (e)
                note(n, "That did not work: ", e->message ?: e->name);
        else
                n->note[0] = 0;
        return !e;
}

static int on_done(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        Notice *n = userdata;

        answered(n, m);
        n->changed(n->userdata);
        return 0;
}

static int on_retried(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        Notice *n = userdata;

        n->gone = answered(n, m);
        n->changed(n->userdata);
        return 0;
}

static int on_backup(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        _cleanup_json_ json_t *backup = json_object();
        Notice *n = userdata;

        if (answered(n, m) && bus_read_properties(m, backup) >= 0) {
                json_decref(n->backup);
                n->backup = TAKE_PTR(backup);
                bubble_hurry(&n->bubble);
        }
        n->changed(n->userdata);
        return 0;
}

static int press_cancel(Notice *n, const char *path)
{
        note(n, "Canceling…", "");
        return service_call(
                n->service, path, IFACE_JOB, "Cancel", false, on_done, n, &n->call, "a{sv}", 0);
}

static int press_approve(Notice *n, const char *path)
{
        return service_call(
                n->service, path, IFACE_JOB, "Approve", false, on_done, n, &n->call, "a{sv}", 0);
}

static int press_retry(Notice *n, const char *path)
{
        return service_call(
                n->service, path, IFACE_JOB, "Retry", true, on_retried, n, &n->call, "a{sv}", 0);
}

static int press_show(Notice *n, const char *path)
{
        _cleanup_free_ char *backup = bus_backup_path(object_text(n->job, "backup"));

        n->details = true;
        bubble_hurry(&n->bubble);
        if (!job_finished(n->job) || !*object_text(n->job, "backup") || !backup)
                return 0;
        return service_call(n->service, backup, "org.freedesktop.DBus.Properties", "GetAll", false,
                on_backup, n, &n->call, "s", IFACE_BACKUP);
}

void notice_press(Notice *n, Button button)
{
        static int (*const press[_BUTTON_MAX])(Notice * n, const char *path) = {
                [BUTTON_APPROVE] = press_approve,
                [BUTTON_REFUSE] = press_cancel,
                [BUTTON_RETRY] = press_retry,
                [BUTTON_CANCEL] = press_cancel,
                [BUTTON_SHOW] = press_show,
        };
        _cleanup_free_ char *path = bus_job_path(n->id);

        /* a button that is no longer there, from a bubble that was slow to change */
        if (n->call || !(n->bubble.want.buttons & 1u << button))
                return;
        int r = path ? press[button](n, path) : -ENOMEM;
        if (r < 0)
                note(n, "That did not work: ", "the backup service is not there.");
        n->changed(n->userdata);
}
