/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "basic/log.h"
#include "client/bus-read.h"
#include "client/notify/service.h"
#include "dbus/names.h"

#define IFACE_OBJECTS "org.freedesktop.DBus.ObjectManager"
#define IFACE_PROPERTIES "org.freedesktop.DBus.Properties"

/* a password may have to be typed, a phone be let go */
#define CALL_USEC (UINT64_C(10) * 60 * 1000 * 1000)

static void service_again(Service *s);

/* ---- what it says ---- */

static bool path_job_id(const char *path, uint32_t *ret)
{
        unsigned id;
        int end = 0;

        if (!path || sscanf(path, PATH_JOBS "/_%u%n", &id, &end) != 1 || path[end])
                return false;
        *ret = id;
        return true;
}

static int on_list(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        Service *s = userdata;
        _cleanup_json_ json_t *jobs = json_array(), *devices = json_array();

        s->list = sd_bus_slot_unref(s->list);
        const sd_bus_error *e = sd_bus_message_get_error(m);
        if (e) {
                /* when it has left, its owner's change has been told; otherwise it is busy */
                if (s->owner.unique)
                        service_again(s);
                return 0;
        }
        int r = bus_read_objects(m, IFACE_JOB, jobs);
        if (r >= 0)
                r = sd_bus_message_rewind(m, true);
        if (r >= 0)
                r = bus_read_objects(m, IFACE_DEVICE, devices);
        if (r < 0) {
                log_warning("The service's list cannot be read: %s", strerror(-r));
                return 0;
        }
        backoff_reset(&s->backoff);
        s->listed = true;
        s->events->listed(s->userdata, jobs, devices);
        return 0;
}

static int service_list(Service *s)
{
        _cleanup_message_ sd_bus_message *m = NULL;

        s->list = sd_bus_slot_unref(s->list);
        int r = sd_bus_message_new_method_call(
                s->bus, &m, BUS_NAME, PATH_MANAGER, IFACE_OBJECTS, "GetManagedObjects");
        r = r < 0 ? r : sd_bus_message_set_auto_start(m, false);
        return r < 0 ? r : sd_bus_call_async(s->bus, &s->list, m, on_list, s, 0);
}

static void on_owner(void *userdata)
{
        Service *s = userdata;

        if (s->listed)
                s->events->gone(s->userdata);
        s->listed = false;
        if (s->owner.unique && service_list(s) < 0)
                service_again(s);
}

static int on_added(Service *s, sd_bus_message *m)
{
        _cleanup_json_ json_t *j = json_object();
        const char *path;
        uint32_t id;

        int r = sd_bus_message_read(m, "o", &path);
        if (r < 0 || !s->listed)
                return r;
        bool job = path_job_id(path, &id);
        r = bus_read_interfaces(m, job ? IFACE_JOB : IFACE_DEVICE, j);
        if (r <= 0)
                return r;
        object_complete(j);
        if (job)
                s->events->job_added(s->userdata, j);
        else
                s->events->device_changed(s->userdata, j);
        return 0;
}

static int on_changed(Service *s, sd_bus_message *m)
{
        _cleanup_json_ json_t *j = json_object();
        _cleanup_free_ char *port = NULL;
        const char *interface, *path = sd_bus_message_get_path(m);
        uint32_t id;

        int r = sd_bus_message_read(m, "s", &interface);
        if (r < 0 || !s->listed)
                return r;
        bool progress = strcmp(interface, IFACE_JOB_PROGRESS) == 0;
        if (progress || strcmp(interface, IFACE_JOB) == 0) {
                r = path_job_id(path, &id) ? bus_read_properties(m, j) : -EBADMSG;
                if (r >= 0)
                        s->events->job_changed(s->userdata, id, j, progress);
        } else if (strcmp(interface, IFACE_DEVICE) == 0 &&
                sd_bus_path_decode(path, PATH_DEVICES, &port) > 0) {
                r = bus_read_properties(m, j);
                if (r >= 0 && json_object_set_new(j, "id", json_string(port)) == 0)
                        s->events->device_changed(s->userdata, j);
        }
        return r;
}

static int on_removed(Service *s, sd_bus_message *m)
{
        _cleanup_free_ char *port = NULL;
        const char *path;
        uint32_t id;

        int r = sd_bus_message_read(m, "o", &path);
        if (r < 0 || !s->listed)
                return r;
        if (path_job_id(path, &id))
                s->events->job_removed(s->userdata, id);
        else if (sd_bus_path_decode(path, PATH_DEVICES, &port) > 0)
                s->events->device_removed(s->userdata, port);
        return r;
}

static int on_damaged(Service *s, sd_bus_message *m)
{
        const char *text;

        int r = sd_bus_message_read(m, "s", &text);
        if (r >= 0)
                s->events->damaged(s->userdata, text);
        return r;
}

static int on_signal(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        static const struct {
                const char *interface, *member;
                int (*handler)(Service *s, sd_bus_message *m);
        } signals[] = {
                { IFACE_PROPERTIES, "PropertiesChanged", on_changed },
                { IFACE_OBJECTS, "InterfacesAdded", on_added },
                { IFACE_OBJECTS, "InterfacesRemoved", on_removed },
                { IFACE_MANAGER, "StoreDamaged", on_damaged },
        };
        Service *s = userdata;

        if (!owner_sent(&s->owner, m))
                return 0;
        for (size_t i = 0; i < ELEMENTS(signals); i++) {
                if (sd_bus_message_is_signal(m, signals[i].interface, signals[i].member) <= 0)
                        continue;
                int r = signals[i].handler(s, m);
                if (r < 0)
                        log_debug("%s cannot be read: %s", signals[i].member, strerror(-r));
        }
        return 0;
}

/* ---- the bus ---- */

static void disconnect(Service *s)
{
        s->signals = sd_bus_slot_unref(s->signals);
        s->disconnected = sd_bus_slot_unref(s->disconnected);
        s->list = sd_bus_slot_unref(s->list);
        owner_done(&s->owner);
        if (s->bus)
                sd_bus_detach_event(s->bus);
        s->bus = sd_bus_close_unref(s->bus);
        if (s->listed)
                s->events->gone(s->userdata);
        s->listed = false;
}

static int on_disconnected(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        Service *s = userdata;

        log_info("The system bus is gone; waiting for it");
        if (!s->owner.query) /* it had worked */
                backoff_reset(&s->backoff);
        /* not from within the bus's own handler */
        service_again(s);
        return 0;
}

static int connect_bus(Service *s)
{
        int r = sd_bus_open_system_with_description(&s->bus, "mtkbackup-notify");
        r = r < 0 ? r : sd_bus_attach_event(s->bus, s->event, SD_EVENT_PRIORITY_NORMAL);
        r = r < 0 ? r : owner_watch(&s->owner, s->bus, BUS_NAME, on_owner, s);
        r = r < 0 ? r
                  : sd_bus_add_match_async(s->bus, &s->signals,
                            "type='signal',sender='" BUS_NAME "',path_namespace='" PATH_MANAGER "'",
                            on_signal, NULL, s);
        return r < 0
                ? r
                : sd_bus_match_signal(s->bus, &s->disconnected, NULL, "/org/freedesktop/DBus/Local",
                          "org.freedesktop.DBus.Local", "Disconnected", on_disconnected, s);
}

static int on_again(sd_event_source *source, uint64_t usec, void *userdata)
{
        Service *s = userdata;

        s->again = sd_event_source_unref(s->again);
        if (s->bus && sd_bus_is_open(s->bus) > 0) {
                if (s->owner.unique && !s->listed && !s->list && service_list(s) < 0)
                        service_again(s);
                return 0;
        }
        disconnect(s);
        int r = connect_bus(s);
        if (r < 0) {
                log_debug("No system bus: %s", strerror(-r));
                disconnect(s);
                service_again(s);
        }
        return 0;
}

/* Tries after a while what did not work. */
static void service_again(Service *s)
{
        if (s->again)
                return;
        int r = sd_event_add_time_relative(
                s->event, &s->again, CLOCK_MONOTONIC, backoff_next(&s->backoff), 0, on_again, s);
        if (r < 0)
                log_error("No timer: %s", strerror(-r));
}

int service_open(Service *s, sd_event *event, const ServiceEvents *events, void *userdata)
{
        *s = (Service){ .event = event, .events = events, .userdata = userdata };
        int r = connect_bus(s);
        if (r < 0) {
                log_info("No system bus yet: %s", strerror(-r));
                disconnect(s);
                service_again(s);
        }
        return s->bus || s->again ? 0 : r;
}

void service_done(Service *s)
{
        s->listed = false;
        disconnect(s);
        sd_event_source_unref(s->again);
        *s = (Service){};
}

int service_call(Service *s, const char *path, const char *interface, const char *member,
        bool start, sd_bus_message_handler_t handler, void *userdata, sd_bus_slot **ret_slot,
        const char *types, ...)
{
        _cleanup_message_ sd_bus_message *m = NULL;
        va_list ap;

        if (!s->bus)
                return -ENOTCONN;
        int r = sd_bus_message_new_method_call(s->bus, &m, BUS_NAME, path, interface, member);
        r = r < 0 ? r : sd_bus_message_set_auto_start(m, start);
        r = r < 0 ? r : sd_bus_message_set_allow_interactive_authorization(m, true);
        if (r < 0)
                return r;
        va_start(ap, types);
        r = types ? sd_bus_message_appendv(m, types, ap) : 0;
        va_end(ap);
        return r < 0 ? r : sd_bus_call_async(s->bus, ret_slot, m, handler, userdata, CALL_USEC);
}
