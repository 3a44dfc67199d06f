/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/bus.h"

#include <errno.h>
#include <string.h>

#include "basic/log.h"
#include "daemon/bus-backup.h"
#include "daemon/bus-device.h"
#include "daemon/bus-job.h"
#include "daemon/bus-manager.h"
#include "daemon/status.h"

/* From one attempt to connect to the next, in ms; the last is for ever. */
static const unsigned retry_ms[] = { 100, 250, 500, 1000, 2000, 5000, 10000 };

Bus *bus_free(Bus *b);

int bus_new(Manager *m, Bus **ret)
{
        Bus *b = calloc(1, sizeof *b);

        if (!b)
                return -ENOMEM;
        b->manager = m;
        *ret = b;
        return 0;
}

static void disconnect(Bus *b)
{
        for (size_t i = 0; i < b->n_cancels; i++)
                sd_bus_message_unref(b->cancels[i].message);
        b->n_cancels = 0;
        calls_done(&b->calls);
        b->authorize = authorize_free(b->authorize);
        inhibit_disconnect(b->manager->inhibit);
        if (b->bus) {
                sd_bus_close(b->bus);
                b->bus = sd_bus_unref(b->bus);
        }
}

Bus *bus_free(Bus *b)
{
        if (!b)
                return NULL;
        disconnect(b);
        sd_event_source_disable_unref(b->retry);
        free(b);
        return NULL;
}

void bus_stop(Bus *b)
{
        calls_cancel(&b->calls);
}

void bus_flush(Bus *b)
{
        if (b->bus)
                (void)sd_bus_flush(b->bus);
}

/* ---- connection ---- */

static int on_retry(sd_event_source *s, uint64_t usec, void *userdata)
{
        bus_start(userdata);
        return 0;
}

static void retry(Bus *b)
{
        unsigned ms = retry_ms[MIN(b->attempts, (unsigned)ELEMENTS(retry_ms) - 1)];
        int r;

        b->attempts++;
        sd_event_source_disable_unref(b->retry);
        b->retry = NULL;
        r = sd_event_add_time_relative(
                b->manager->event, &b->retry, CLOCK_MONOTONIC, (uint64_t)ms * 1000, 0, on_retry, b);
        if (r < 0)
                log_error("No timer for the next attempt to reach the bus: %s", strerror(-r));
}

static int on_disconnected(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
        Bus *b = userdata;

        log_warning("The connection to the bus is lost; jobs go on");
        /* what is being dispatched is freed outside of its own callback */
        retry(b);
        return 0;
}

static int on_name(sd_bus_message *reply, void *userdata, sd_bus_error *e)
{
        Bus *b = userdata;
        const sd_bus_error *error = sd_bus_message_get_error(reply);
        uint32_t result = 0;

        if (error) {
                log_error("The name " BUS_NAME " is refused: %s", error->message ?: error->name);
                (void)sd_event_exit(b->manager->event, -EPERM);
                return 0;
        }
        if (sd_bus_message_read(reply, "u", &result) >= 0 && result == 3) {
                log_error("Another program has the name " BUS_NAME);
                (void)sd_event_exit(b->manager->event, -EEXIST);
                return 0;
        }
        log_debug("On the bus as " BUS_NAME);
        b->attempts = 0;
        status_ready(b->manager);
        return 0;
}

static int add_objects(Bus *b)
{
        int r = sd_bus_add_object_manager(b->bus, NULL, PATH_MANAGER);

        if (r >= 0)
                r = bus_add_manager(b);
        if (r >= 0)
                r = bus_add_jobs(b);
        if (r >= 0)
                r = bus_add_devices(b);
        if (r >= 0)
                r = bus_add_backups(b);
        return r;
}

static int connect_bus(Bus *b)
{
        int r = sd_bus_open_system_with_description(&b->bus, "mtkbackupd");

        if (r < 0)
                return r;
        /* first, since it looks at all signals before anybody takes them */
        r = inhibit_connect(b->manager->inhibit, b->bus);
        if (r >= 0)
                r = authorize_new(b->bus, &b->authorize);
        if (r >= 0)
                r = sd_bus_match_signal_async(b->bus, NULL, NULL, "/org/freedesktop/DBus/Local",
                        "org.freedesktop.DBus.Local", "Disconnected", on_disconnected, NULL, b);
        if (r >= 0)
                r = add_objects(b);
        /* DBUS_NAME_FLAG_DO_NOT_QUEUE = 4 is what sd-bus sends unless told otherwise */
        if (r >= 0)
                r = sd_bus_request_name_async(b->bus, NULL, BUS_NAME, 0, on_name, b);
        if (r >= 0)
                r = sd_bus_attach_event(b->bus, b->manager->event, SD_EVENT_PRIORITY_NORMAL);
        return r;
}

void bus_start(Bus *b)
{
        int r;

        disconnect(b);
        r = connect_bus(b);
        if (r >= 0)
                return;
        if (b->attempts == 0)
                log_warning("The bus cannot be reached, will try again: %s", strerror(-r));
        disconnect(b);
        /* phones can be backed up without a bus: the queue may hold jobs */
        status_ready(b->manager);
        retry(b);
}
