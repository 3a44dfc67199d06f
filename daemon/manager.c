/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/manager.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <systemd/sd-daemon.h>

#include "basic/fd.h"
#include "basic/log.h"
#include "daemon/bus.h"
#include "daemon/dispatch.h"
#include "daemon/event.h"
#include "daemon/run.h"

/* So long the name is not taken, so that who is the first to call finds the store open. */
enum { SETTLE_USEC = 5 * 1000 * 1000 };
/* For letting phones go and breaking off keepers; the unit allows more. */
enum { STOP_USEC = 30 * 1000 * 1000 };

uint64_t manager_now(const Manager *m)
{
        uint64_t now = 0;

        (void)sd_event_now(m->event, CLOCK_REALTIME, &now);
        return now;
}

/* ---- the service manager ---- */

void manager_set_ready(Manager *m)
{
        if (m->ready)
                return;
        m->ready = true;
        (void)sd_notify(false, "READY=1");
        manager_update_status(m);
}

void manager_update_status(Manager *m)
{
        size_t waiting = 0, open = queue_open_count(m->queue);
        char text[sizeof m->status];

        for (size_t i = 0; i < queue_count(m->queue); i++)
                if (job_is_pending(queue_at(m->queue, i)))
                        waiting++;
        snprintf(text, sizeof text, "STATUS=%zu phones attached, %zu jobs running, %zu waiting%s",
                m->devices.n, open - waiting, waiting,
                store_state(m->store) == STORE_FAILED ? "; the store cannot be used" : "");
        if (strcmp(text, m->status) == 0)
                return;
        memcpy(m->status, text, sizeof text);
        (void)sd_notify(false, text);
}

/* ---- settling ---- */

static int on_patience_over(sd_event_source *s, uint64_t usec, void *userdata)
{
        Manager *m = userdata;

        m->patience = sd_event_source_disable_unref(m->patience);
        bus_start(m->bus);
        return 0;
}

static void settle(Manager *m)
{
        if (m->patience && agents_ready(m->agents) && store_state(m->store) != STORE_OPENING)
                on_patience_over(NULL, 0, m);
        dispatch_schedule(m);
}

static void on_agents_changed(void *userdata)
{
        settle(userdata);
}

static void on_store_state(void *userdata)
{
        Manager *m = userdata;

        bus_store_changed(m->bus);
        settle(m);
}

/* What the last keeper removed is counted out by now. */
static void on_store_idle(void *userdata)
{
        Manager *m = userdata;

        bus_counts_changed(m->bus);
        dispatch_schedule(m);
}

static const StoreEvents store_events = { .state = on_store_state, .idle = on_store_idle };

/* ---- signals ---- */

static int on_stop_over(sd_event_source *s, uint64_t usec, void *userdata)
{
        Manager *m = userdata;

        log_warning("Not everything has ended in time");
        return sd_event_exit(m->event, 0);
}

static int on_terminate(sd_event_source *s, const struct signalfd_siginfo *info, void *userdata)
{
        Manager *m = userdata;
        int r;

        if (m->stopping)
                return 0;
        log_info("Stopping");
        (void)sd_notify(false, "STOPPING=1");
        bus_stop(m->bus);
        if (dispatch_stop(m))
                return sd_event_exit(m->event, 0);
        r = sd_event_add_time_relative(
                m->event, &m->stop, CLOCK_MONOTONIC, STOP_USEC, 0, on_stop_over, m);
        return r < 0 ? sd_event_exit(m->event, r) : 0;
}

static int on_hangup(sd_event_source *s, const struct signalfd_siginfo *info, void *userdata)
{
        Failure f = { 0 };

        if (manager_reload(userdata, &f) < 0)
                log_error("Not reloaded: %s", f.text);
        return 0;
}

static int watch_signals(Manager *m)
{
        sigset_t signals;
        int r;

        sigemptyset(&signals);
        sigaddset(&signals, SIGCHLD);
        sigaddset(&signals, SIGTERM);
        sigaddset(&signals, SIGINT);
        sigaddset(&signals, SIGHUP);
        if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0)
                return -errno;
        r = sd_event_add_signal(m->event, &m->signals[0], SIGTERM, on_terminate, m);
        if (r >= 0)
                r = sd_event_add_signal(m->event, &m->signals[1], SIGINT, on_terminate, m);
        if (r >= 0)
                r = sd_event_add_signal(m->event, &m->signals[2], SIGHUP, on_hangup, m);
        return r;
}

/* ---- making and taking down ---- */

static int load_profiles(Manager *m, Failure *f)
{
        int r = profile_set_load(&m->profiles, m->setup->profiles);

        if (r < 0)
                return failure_set(
                        f, r, ERROR_FAILED, "The profiles cannot be read: %s.", strerror(-r));
        for (size_t i = 0; i < m->profiles.n; i++)
                if (!m->profiles.entries[i].profile)
                        log_warning("Profile %s: %s", m->profiles.entries[i].name,
                                m->profiles.entries[i].failure.text);
        return 0;
}

static void apply_config(Manager *m)
{
        m->helpers.cage_optional = m->config.cage_optional;
        m->helpers.config = &m->config;
        chip_extra_clear();
        for (size_t i = 0; i < CHIP_EXTRA_MAX && m->config.chips[i][0]; i++)
                (void)chip_extra_add(m->config.chips[i]); /* checked when it was read */
        usb_id_extra_clear();
        for (size_t i = 0; i < USB_ID_EXTRA_MAX && m->config.usb_ids[i][0]; i++)
                (void)usb_id_extra_add(m->config.usb_ids[i]); /* likewise */
}

static void list_devices(Manager *m)
{
        int r = hotplug_enumerate(m->hotplug);

        if (r < 0)
                log_warning("The devices that are there cannot be listed: %s", strerror(-r));
}

int manager_reload(Manager *m, Failure *f)
{
        _cleanup_(config_done) Config c = { 0 };
        int r = config_load(m->setup->config, &c, f);

        if (r < 0)
                return failure_set(f, r, ERROR_FAILED, "Not enough memory.");
        r = load_profiles(m, f);
        if (r < 0)
                return r;
        if (strcmp(c.store ?: "", m->config.store ?: "") != 0)
                log_notice("The place of the store changes with the next start of the service");
        m->config.cage_optional = c.cage_optional;
        memcpy(m->config.chips, c.chips, sizeof c.chips);
        memcpy(m->config.usb_ids, c.usb_ids, sizeof c.usb_ids);
        m->config.automatic = c.automatic;
        apply_config(m);
        bus_auto_changed(m->bus);
        log_info("Reloaded, %zu profiles", m->profiles.n);
        list_devices(m); /* what is plugged in may be a phone from now on, or none any more */
        dispatch_schedule(m);
        return 0;
}

static int open_queue(Manager *m, Failure *f)
{
        uint64_t now = manager_now(m);
        int r = queue_open(m->state_dir, now, &m->queue);

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

static int open_auto_state(Manager *m, Failure *f)
{
        int r = auto_state_open(m->state_dir, &m->automatic);

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

static int make_store(Manager *m)
{
        _cleanup_free_ char *path = NULL, *state = realpath(m->setup->state, NULL);

        if (!state || asprintf(&path, "%s/store", state) < 0)
                return -ENOMEM;
        return store_new(
                m->event, &m->helpers, m->config.store ?: path, &store_events, m, &m->store);
}

static const HotplugEvents hotplug_events;
static const InhibitEvents inhibit_events;

static int make_parts(Manager *m)
{
        int r = watch_signals(m);

        if (r >= 0)
                r = agents_new(
                        m->event, &m->helpers, m->state_dir, on_agents_changed, m, &m->agents);
        if (r >= 0)
                r = make_store(m);
        if (r >= 0)
                r = inhibit_new(m->event, &inhibit_events, m, &m->inhibit);
        if (r >= 0)
                r = bus_new(m, &m->bus);
        if (r >= 0)
                r = hotplug_new(m->event, &hotplug_events, m, &m->hotplug);
        if (r < 0)
                return r;
        queue_listen(m->queue, &bus_queue_events, m->bus);
        devices_listen(&m->devices, &bus_device_events, m->bus);
        store_listen(m->store, &bus_backup_events, m->bus);
        return 0;
}

int manager_new(const ManagerSetup *setup, Manager **ret, Failure *f)
{
        _cleanup_(manager_freep) Manager *m = calloc(1, sizeof *m);
        int r;

        if (!m)
                return failure_set(f, -ENOMEM, ERROR_FAILED, "Not enough memory.");
        m->setup = setup;
        m->helpers.directory = setup->helpers;
        m->state_dir = open(setup->state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (m->state_dir < 0)
                return failure_set(f, -errno, ERROR_FAILED, "%s cannot be opened: %s.",
                        setup->state, strerror(errno));
        /* before anything in it is changed; on a file system without locks it has to do without */
        if (flock(m->state_dir, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
                return failure_set(f, -EBUSY, ERROR_FAILED,
                        "Another mtkbackupd keeps its state in %s.", setup->state);
        r = config_load(setup->config, &m->config, f);
        if (r < 0)
                return failure_set(f, r, ERROR_FAILED, "Not enough memory.");
        apply_config(m);
        r = sd_event_default(&m->event);
        if (r < 0)
                return failure_set(f, r, ERROR_FAILED, "No event loop: %s.", strerror(-r));
        r = load_profiles(m, f);
        if (r == 0)
                r = open_queue(m, f);
        if (r == 0)
                r = open_auto_state(m, f);
        if (r < 0)
                return r;
        r = make_parts(m);
        if (r < 0)
                return failure_set(
                        f, r, ERROR_FAILED, "The service cannot start: %s.", strerror(-r));
        *ret = TAKE_PTR(m);
        return 0;
}

Manager *manager_free(Manager *m)
{
        if (!m)
                return NULL;
        for (size_t i = 0; m->queue && i < queue_count(m->queue); i++)
                run_free(queue_at(m->queue, i)->run);
        /* nobody is to be told any more that the computer is awake */
        m->inhibit = inhibit_free(m->inhibit);
        hotplug_free(m->hotplug);
        devices_done(&m->devices);
        bus_free(m->bus);
        store_free(m->store);
        agents_free(m->agents);
        queue_free(m->queue);
        auto_state_free(m->automatic);
        profile_set_done(&m->profiles);
        config_done(&m->config);
        sd_event_source_disable_unref(m->dispatch);
        sd_event_source_disable_unref(m->patience);
        sd_event_source_disable_unref(m->stop);
        for (size_t i = 0; i < ELEMENTS(m->signals); i++)
                sd_event_source_disable_unref(m->signals[i]);
        fd_close(m->state_dir);
        sd_event_unref(m->event);
        free(m);
        return NULL;
}

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
        dispatch_schedule(m);
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
        if (hotplug_enumerate(m->hotplug) < 0)
                log_warning("The devices that are there cannot be listed");
        dispatch_schedule(m);
}

static const InhibitEvents inhibit_events = { .going_down = on_going_down, .back = on_awake };

int manager_run(Manager *m)
{
        int r = sd_event_add_time_relative(
                m->event, &m->patience, CLOCK_MONOTONIC, SETTLE_USEC, 0, on_patience_over, m);

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
        list_devices(m);
        dispatch_schedule(m);
        r = sd_event_loop(m->event);
        bus_flush(m->bus);
        return r;
}
