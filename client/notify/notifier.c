/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "basic/clock.h"
#include "basic/log.h"
#include "client/bus-read.h"
#include "client/job-state.h"
#include "client/notify/notice.h"
#include "client/notify/notifier.h"
#include "client/notify/presence.h"
#include "client/notify/server.h"

/* A restart of the service takes less; only a longer absence is worth a word. */
#define GONE_USEC (UINT64_C(5) * 1000 * 1000)

struct Notifier {
        sd_event *event;
        Service service;
        Server server;
        Presence presence;
        Notice *notices[NOTICES_MAX]; /* oldest first */
        size_t n_notices;
        Notice *sending;      /* whose call is under way */
        json_t *devices;      /* object: port -> chip */
        sd_event_source *due; /* the next bubble, or what has to be looked at now */
        sd_event_source *missing;
        bool lost; /* the service is away for long */
};

/* ---- sending ---- */

/* The notice that may be sent first; NULL none. */
static Notice *next_due(Notifier *n, uint64_t *ret_due)
{
        Notice *first = NULL;

        *ret_due = BUBBLE_NEVER;
        for (size_t i = 0; i < n->n_notices; i++) {
                uint64_t due = bubble_due(&n->notices[i]->bubble);
                if (due < *ret_due) {
                        *ret_due = due;
                        first = n->notices[i];
                }
        }
        return first;
}

static int send_notice(Notifier *n, Notice *notice, uint64_t now)
{
        Bubble *b = &notice->bubble;

        int r = bubble_shows(b) ? server_notify(&n->server, &b->want, notice->id, b->id)
                                : server_close(&n->server, b->id);
        if (r < 0)
                return r;
        bubble_start(b, now);
        n->sending = notice;
        return 0;
}

static void look_at(Notifier *n, uint64_t when)
{
        sd_event_source_set_time(n->due, when);
        sd_event_source_set_enabled(n->due, SD_EVENT_ONESHOT);
}

static void look_soon(Notifier *n)
{
        look_at(n, 0);
}

/* One step: asks the server, sends what is due, or sleeps until something is. */
static void pump(Notifier *n)
{
        uint64_t now = clock_usec(), due, free_at = server_free_at(&n->server);
        Notice *notice = next_due(n, &due);

        due = MAX(due, free_at);
        if (!notice || due == BUBBLE_NEVER)
                return;
        if (due > now) {
                look_at(n, due);
                return;
        }
        int r = server_prepare(&n->server);
        if (r == 0)
                r = send_notice(n, notice, now);
        if (r < 0) {
                log_warning("Cannot notify: %s", strerror(-r));
                look_at(n, now + BUBBLE_INTERVAL_USEC);
        }
}

/* ---- notices ---- */

static Notice *find(const Notifier *n, uint32_t id)
{
        for (size_t i = 0; i < n->n_notices; i++)
                if (n->notices[i]->id == id)
                        return n->notices[i];
        return NULL;
}

static void drop(Notifier *n, Notice *notice)
{
        if (n->sending == notice)
                n->sending = NULL;
        for (size_t i = 0; i < n->n_notices; i++) {
                if (n->notices[i] != notice)
                        continue;
                memmove(n->notices + i, n->notices + i + 1,
                        (n->n_notices - i - 1) * sizeof(*n->notices));
                n->n_notices--;
                break;
        }
        notice_free(notice);
}

/* Nobody waits for anything of it. */
static bool is_idle(const Notifier *n, const Notice *notice)
{
        return (notice->gone || notice_is_final(notice)) && !notice->call && n->sending != notice;
}

/* Room for one more: the oldest goes whose end was shown, or else the oldest that had its end. */
static bool make_room(Notifier *n)
{
        for (int shown = 1; shown >= 0; shown--)
                for (size_t i = 0; i < n->n_notices && n->n_notices == NOTICES_MAX; i++)
                        if (is_idle(n, n->notices[i]) &&
                                (!shown || n->notices[i]->bubble.sent_final))
                                drop(n, n->notices[i]);
        return n->n_notices < NOTICES_MAX;
}

static bool is_visible(const Notifier *n, const Notice *notice)
{
        return !notice_is_public(notice) || n->presence.active;
}

static void refresh(Notifier *n, Notice *notice)
{
        const char *port = object_text(notice->job, "device");

        notice_set_chip(notice, json_string_value(json_object_get(n->devices, port)));
        notice_refresh(notice, is_visible(n, notice), n->lost);
}

static void refresh_all(Notifier *n)
{
        for (size_t i = n->n_notices; i-- > 0;) {
                Notice *notice = n->notices[i];
                refresh(n, notice);
                bool over = notice->gone ? !notice->bubble.id : bubble_is_over(&notice->bubble);
                if (over && is_idle(n, notice))
                        drop(n, notice);
        }
}

static int on_due(sd_event_source *s, uint64_t usec, void *userdata)
{
        Notifier *n = userdata;

        refresh_all(n);
        pump(n);
        return 0;
}

static void on_notice(void *userdata)
{
        look_soon(userdata);
}

static void add(Notifier *n, uint32_t id, json_t *job)
{
        Notice *notice = NULL;

        if (!make_room(n)) {
                log_warning("Too many jobs: job %u is not shown", id);
                return;
        }
        if (notice_new(&n->service, id, job, on_notice, n, &notice) < 0)
                return;
        n->notices[n->n_notices++] = notice;
        look_soon(n);
}

/* true when this job is to be shown to this user, at some time */
static bool concerns_us(const json_t *job)
{
        return json_is_true(json_object_get(job, "automatic")) ||
                object_number(job, "started_by_uid") == getuid();
}

/* ---- the service ---- */

static void on_job_added(void *userdata, json_t *job)
{
        Notifier *n = userdata;
        uint32_t id = (uint32_t)object_number(job, "id");
        Notice *old = find(n, id);

        if (!id || !concerns_us(job))
                return;
        if (old) /* a queue that was lost counts from 1 again */
                drop(n, old);
        add(n, id, job);
}

static void on_job_changed(void *userdata, uint32_t id, json_t *members, bool progress)
{
        Notifier *n = userdata;
        Notice *notice = find(n, id);

        if (!notice || id == 0)
                return;
        notice_update(notice, members, progress);
        look_soon(n);
}

/* The service remembers so many ended jobs and no more; we keep what is to be seen. */
static void on_job_removed(void *userdata, uint32_t id)
{
        Notifier *n = userdata;
        Notice *notice = find(n, id);

        if (!notice || !id || notice_is_final(notice))
                return;
        notice->gone = true;
        look_soon(n);
}

static void on_device(void *userdata, json_t *device)
{
        Notifier *n = userdata;
        const char *port = object_text(device, "id"), *chip = object_text(device, "chip");

        if (*chip)
                json_object_set_new(n->devices, port, json_string(chip));
        else if (json_object_get(device, "chip")) /* another phone, which has not said it yet */
                json_object_del(n->devices, port);
        look_soon(n);
}

static void on_device_removed(void *userdata, const char *port)
{
        Notifier *n = userdata;

        json_object_del(n->devices, port);
        look_soon(n);
}

static void on_listed(void *userdata, json_t *jobs, json_t *devices)
{
        Notifier *n = userdata;
        json_t *j;
        size_t i;

        n->lost = false;
        n->missing = sd_event_source_unref(n->missing);
        json_object_clear(n->devices);
        json_array_foreach(devices, i, j) on_device(n, j);
        /* unless they are listed below: a queue may be lost */
        for (i = 0; i < n->n_notices; i++)
                if (!notice_is_final(n->notices[i]))
                        n->notices[i]->gone = true;
        json_array_foreach(jobs, i, j)
        {
                uint32_t id = (uint32_t)object_number(j, "id");
                Notice *notice = find(n, id);
                if (notice && id) {
                        notice->gone = notice->gone && notice_is_final(notice);
                        notice_update(notice, j, false);
                } else if (id && concerns_us(j) && !job_finished(j)) { /* what is over is no news */
                        add(n, id, j);
                }
        }
        look_soon(n);
}

static int on_missing(sd_event_source *s, uint64_t usec, void *userdata)
{
        Notifier *n = userdata;

        n->missing = sd_event_source_unref(n->missing);
        n->lost = true;
        look_soon(n);
        return 0;
}

static void on_gone(void *userdata)
{
        Notifier *n = userdata;

        n->missing = sd_event_source_unref(n->missing);
        sd_event_add_time_relative(
                n->event, &n->missing, CLOCK_MONOTONIC, GONE_USEC, 0, on_missing, n);
}

static void on_damaged(void *userdata, const char *text)
{
        Notifier *n = userdata;
        _cleanup_json_ json_t *j = json_pack("{s:s}", "text", text);
        Notice *old = find(n, 0);

        if (!j)
                return;
        if (old) {
                notice_update(old, j, false);
                look_soon(n);
        } else {
                add(n, 0, j);
        }
}

static const ServiceEvents service_events = {
        .listed = on_listed,
        .gone = on_gone,
        .job_added = on_job_added,
        .job_changed = on_job_changed,
        .job_removed = on_job_removed,
        .device_changed = on_device,
        .device_removed = on_device_removed,
        .damaged = on_damaged,
};

/* ---- the server ---- */

static void on_ready(void *userdata)
{
        look_soon(userdata);
}

static void on_lost(void *userdata)
{
        Notifier *n = userdata;

        n->sending = NULL;
        for (size_t i = 0; i < n->n_notices; i++)
                bubble_forget(&n->notices[i]->bubble);
}

static void on_answered(void *userdata, int r, uint32_t id)
{
        Notifier *n = userdata;

        if (!n->sending)
                return;
        if (r < 0)
                bubble_failed(&n->sending->bubble);
        else
                bubble_sent(&n->sending->bubble, id);
        n->sending = NULL;
}

static Notice *find_bubble(const Notifier *n, uint32_t id)
{
        for (size_t i = 0; i < n->n_notices; i++)
                if (id && n->notices[i]->bubble.id == id)
                        return n->notices[i];
        return NULL;
}

static void on_closed(void *userdata, uint32_t id)
{
        Notifier *n = userdata;
        Notice *notice = find_bubble(n, id);

        if (!notice)
                return;
        bubble_closed(&notice->bubble);
        look_soon(n);
}

static void on_pressed(void *userdata, uint32_t id, const char *key)
{
        Notifier *n = userdata;
        Notice *notice = find_bubble(n, id);
        int button = button_from_string(key);

        if (notice && button >= 0 && notice->id)
                notice_press(notice, (Button)button);
}

static const ServerEvents server_events = {
        .ready = on_ready,
        .lost = on_lost,
        .answered = on_answered,
        .closed = on_closed,
        .pressed = on_pressed,
};

/* ---- */

int notifier_new(sd_event *event, sd_bus *session, Notifier **ret)
{
        _cleanup_(notifier_freep) Notifier *n = calloc(1, sizeof(*n));

        if (!n)
                return -ENOMEM;
        n->event = sd_event_ref(event);
        n->devices = json_object();
        if (!n->devices)
                return -ENOMEM;
        int r = sd_event_add_time(event, &n->due, CLOCK_MONOTONIC, 0, 1000, on_due, n);
        /* after everything that has already come in */
        r = r < 0 ? r : sd_event_source_set_priority(n->due, SD_EVENT_PRIORITY_NORMAL + 10);
        r = r < 0 ? r : presence_open(&n->presence, event, on_ready, n);
        r = r < 0 ? r : server_open(&n->server, session, &server_events, n);
        r = r < 0 ? r : service_open(&n->service, event, &service_events, n);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(n);
        return 0;
}

Notifier *notifier_free(Notifier *n)
{
        if (!n)
                return NULL;
        while (n->n_notices > 0)
                notice_free(n->notices[--n->n_notices]);
        n->sending = NULL;
        if (n->event && n->service.event)
                service_done(&n->service);
        server_done(&n->server);
        presence_done(&n->presence);
        sd_event_source_unref(n->due);
        sd_event_source_unref(n->missing);
        json_decref(n->devices);
        sd_event_unref(n->event);
        free(n);
        return NULL;
}
