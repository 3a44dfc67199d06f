/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/service.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <systemd/sd-daemon.h>

#include "basic/fd.h"
#include "basic/log.h"
#include "daemon/bus.h"
#include "daemon/bus-auto.h"
#include "daemon/bus-backup.h"
#include "daemon/bus-device.h"
#include "daemon/bus-job.h"
#include "daemon/bus-manager.h"
#include "daemon/dispatch.h"
#include "daemon/event.h"
#include "daemon/run.h"
#include "daemon/settings.h"
#include "daemon/work.h"

/* So long the name is not taken, so that who is the first to call finds the store open. */
enum { SETTLE_USEC = 5 * 1000 * 1000 };
/* For letting phones go and breaking off keepers; the unit allows more. */
enum { STOP_USEC = 30 * 1000 * 1000 };

struct Service {
        Manager manager;
        Bus *bus;
        int state_dir;
        sd_event_source *patience, *stop, *signals[3];
};

/* ---- settling ---- */

static int on_patience_over(sd_event_source *source, uint64_t usec, void *userdata)
{
        Service *s = userdata;

        s->patience = sd_event_source_disable_unref(s->patience);
        bus_start(s->bus);
        return 0;
}

static void settle(Service *s)
{
        Manager *m = &s->manager;

        if (s->patience && agents_ready(m->agents) && store_state(m->store) != STORE_OPENING)
                on_patience_over(NULL, 0, s);
        work_schedule(m);
}

static void on_agents_changed(void *userdata)
{
        settle(userdata);
}

static void on_store_state(void *userdata)
{
        Service *s = userdata;

        bus_store_changed(s->bus);
        settle(s);
}

/* What the last keeper removed is counted out by now. */
static void on_store_idle(void *userdata)
{
        Service *s = userdata;

        bus_counts_changed(s->bus);
        work_schedule(&s->manager);
}

static const StoreEvents store_events = { .state = on_store_state, .idle = on_store_idle };

/* ---- signals ---- */

static int on_stop_over(sd_event_source *source, uint64_t usec, void *userdata)
{
        Service *s = userdata;

        log_warning("Not everything has ended in time");
        return sd_event_exit(s->manager.event, 0);
}

static int on_terminate(
        sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
        Service *s = userdata;
        sd_event *event = s->manager.event;
        int r;

        if (s->manager.stopping)
                return 0;
        log_info("Stopping");
        (void)sd_notify(false, "STOPPING=1");
        bus_stop(s->bus);
        if (dispatch_stop(&s->manager))
                return sd_event_exit(event, 0);
        r = sd_event_add_time_relative(
                event, &s->stop, CLOCK_MONOTONIC, STOP_USEC, 0, on_stop_over, s);
        return r < 0 ? sd_event_exit(event, r) : 0;
}

static int on_hangup(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
        Service *s = userdata;
        Failure f = { 0 };

        if (settings_reload(&s->manager, &f) < 0)
                log_error("Not reloaded: %s", f.text);
        else
                bus_auto_changed(s->bus);
        return 0;
}

static int watch_signals(Service *s)
{
        sd_event *event = s->manager.event;
        sigset_t signals;
        int r;

        sigemptyset(&signals);
        sigaddset(&signals, SIGCHLD);
        sigaddset(&signals, SIGTERM);
        sigaddset(&signals, SIGINT);
        sigaddset(&signals, SIGHUP);
        if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0)
                return -errno;
        r = sd_event_add_signal(event, &s->signals[0], SIGTERM, on_terminate, s);
        /* systemd tells the helpers, too, but later: why they end has to be known by then */
        if (r >= 0)
                r = sd_event_source_set_priority(s->signals[0], SD_EVENT_PRIORITY_IMPORTANT);
        if (r >= 0)
                r = sd_event_add_signal(event, &s->signals[1], SIGINT, on_terminate, s);
        if (r >= 0)
                r = sd_event_add_signal(event, &s->signals[2], SIGHUP, on_hangup, s);
        return r;
}

/* ---- phones, and the computer ---- */

static void on_plugged(void *userdata, const HotplugDevice *d)
{
        dispatch_plugged(userdata, d);
}

static void on_other(void *userdata, const HotplugDevice *d)
{
        dispatch_other(userdata, d);
}

static void on_unplugged(void *userdata, const char *port)
{
        dispatch_unplugged(userdata, port);
}

static const HotplugEvents hotplug_events = {
        .added = on_plugged,
        .other = on_other,
        .removed = on_unplugged,
};

static void on_going_down(void *userdata, bool shutdown)
{
        Manager *m = userdata;

        m->asleep = shutdown
                ? "The computer was shut down while the service worked on this job."
                : "The computer was put to sleep while the service worked on this job.";
        work_schedule(m);
}

static void on_awake(void *userdata)
{
        Manager *m = userdata;

        m->asleep = NULL;
        log_info("The computer is awake");
        /* what came and went meanwhile may have been told, or not */
        for (size_t i = m->devices.n; i-- > 0;)
                if (!hotplug_present(m->hotplug, m->devices.list[i]->port))
                        dispatch_unplugged(m, m->devices.list[i]->port);
        hotplug_enumerate(m->hotplug);
        work_schedule(m);
}

static const InhibitEvents inhibit_events = { .going_down = on_going_down, .back = on_awake };

/* ---- making and taking down ---- */

static int open_queue(Service *s, Failure *f)
{
        Manager *m = &s->manager;
        uint64_t now = manager_now(m);
        int r = queue_open(s->state_dir, now, &m->queue);

        if (r < 0)
                return failure_set(f, r, ERROR_FAILED, "The queue in %s cannot be used: %s.",
                        m->setup->state, strerror(-r));
        if (r > 0)
                log_error(
                        "The queue in %s was damaged; it is kept as queue.json.bad, and a new one "
                        "was begun.",
                        m->setup->state);
        /* what the last run left unfinished */
        for (size_t i = 0; i < queue_count(m->queue); i++)
                if (queue_at(m->queue, i)->state == JOB_INTERRUPTED &&
                        queue_at(m->queue, i)->finished_at >= now)
                        event_job_ended(queue_at(m->queue, i));
        return 0;
}

static int open_auto_state(Service *s, Failure *f)
{
        Manager *m = &s->manager;
        int r = auto_state_open(s->state_dir, &m->automatic);

        if (r < 0)
                return failure_set(f, r, ERROR_FAILED,
                        "The state of automatic backup in %s cannot be used: %s.", m->setup->state,
                        strerror(-r));
        if (r > 0)
                log_error("The state of automatic backup in %s was damaged; it is kept as "
                          "auto-backup.json.bad. The switch and who agreed to what are forgotten.",
                        m->setup->state);
        return 0;
}

static int make_store(Service *s)
{
        Manager *m = &s->manager;
        _cleanup_free_ char *path = NULL, *state = realpath(m->setup->state, NULL);

        if (!state || asprintf(&path, "%s/store", state) < 0)
                return -ENOMEM;
        return store_new(
                m->event, &m->helpers, m->config.store ?: path, &store_events, s, &m->store);
}

static int make_parts(Service *s)
{
        Manager *m = &s->manager;
        int r = watch_signals(s);

        if (r >= 0)
                r = agents_new(
                        m->event, &m->helpers, s->state_dir, on_agents_changed, s, &m->agents);
        if (r >= 0)
                r = make_store(s);
        if (r >= 0)
                r = inhibit_new(m->event, &inhibit_events, m, &m->inhibit);
        if (r >= 0)
                r = bus_new(m, &s->bus);
        if (r >= 0)
                r = dispatch_new(m);
        if (r >= 0)
                r = hotplug_new(m->event, &hotplug_events, m, &m->hotplug);
        if (r < 0)
                return r;
        queue_listen(m->queue, &bus_queue_events, s->bus);
        devices_listen(&m->devices, &bus_device_events, s->bus);
        store_listen(m->store, &bus_backup_events, s->bus);
        return 0;
}

int service_new(const ManagerSetup *setup, Service **ret, Failure *f)
{
        _cleanup_(service_freep) Service *s = calloc(1, sizeof *s);
        Manager *m;
        int r;

        if (!s)
                return failure_set(f, -ENOMEM, ERROR_FAILED, "Not enough memory.");
        m = &s->manager;
        m->setup = setup;
        m->helpers.directory = setup->helpers;
        s->state_dir = open(setup->state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (s->state_dir < 0)
                return failure_set(f, -errno, ERROR_FAILED, "%s cannot be opened: %s.",
                        setup->state, strerror(errno));
        /* before anything in it is changed; on a file system without locks it has to do without */
        if (flock(s->state_dir, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
                return failure_set(f, -EBUSY, ERROR_FAILED,
                        "Another mtkbackupd keeps its state in %s.", setup->state);
        r = sd_event_default(&m->event);
        if (r < 0)
                return failure_set(f, r, ERROR_FAILED, "No event loop: %s.", strerror(-r));
        r = settings_load(m, f);
        if (r == 0)
                r = open_queue(s, f);
        if (r == 0)
                r = open_auto_state(s, f);
        if (r < 0)
                return r;
        r = make_parts(s);
        if (r < 0)
                return failure_set(
                        f, r, ERROR_FAILED, "The service cannot start: %s.", strerror(-r));
        *ret = TAKE_PTR(s);
        return 0;
}

Service *service_free(Service *s)
{
        Manager *m;

        if (!s)
                return NULL;
        m = &s->manager;
        for (size_t i = 0; m->queue && i < queue_count(m->queue); i++)
                run_free(queue_at(m->queue, i)->run);
        /* nobody is to be told any more that the computer is awake */
        m->inhibit = inhibit_free(m->inhibit);
        hotplug_free(m->hotplug);
        devices_done(&m->devices);
        bus_free(s->bus);
        store_free(m->store);
        agents_free(m->agents);
        queue_free(m->queue);
        auto_state_free(m->automatic);
        profile_set_done(&m->profiles);
        config_done(&m->config);
        sd_event_source_disable_unref(m->dispatch);
        sd_event_source_disable_unref(s->patience);
        sd_event_source_disable_unref(s->stop);
        for (size_t i = 0; i < ELEMENTS(s->signals); i++)
                sd_event_source_disable_unref(s->signals[i]);
        fd_close(s->state_dir);
        sd_event_unref(m->event);
        free(s);
        return NULL;
}

int service_run(Service *s)
{
        Manager *m = &s->manager;
        int r = sd_event_add_time_relative(
                m->event, &s->patience, CLOCK_MONOTONIC, SETTLE_USEC, 0, on_patience_over, s);

        if (r < 0)
                return r;
        r = sd_event_set_watchdog(m->event, true);
        if (r < 0)
                return r;
        r = agents_load(m->agents);
        if (r < 0) {
                log_error("The download agents cannot be listed: %s", strerror(-r));
                return r;
        }
        store_open(m->store);
        hotplug_enumerate(m->hotplug);
        work_schedule(m);
        r = sd_event_loop(m->event);
        bus_flush(s->bus);
        return r;
}
