/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <systemd/sd-event.h>
#include <time.h>

#include "client/bus.h"
#include "client/error.h"
#include "client/owner.h"
#include "client/verb.h"

typedef struct Monitor {
        sd_event *event;
        Owner owner;
} Monitor;

static void now_text(char out[static FORMAT_MAX])
{
        struct timespec t;
        struct tm tm;

        clock_gettime(CLOCK_REALTIME, &t);
        gmtime_r(&t.tv_sec, &tm);
        size_t n = strftime(out, FORMAT_MAX, "%Y-%m-%dT%H:%M:%S", &tm);
        snprintf(out + n, FORMAT_MAX - n, ".%03ldZ", t.tv_nsec / 1000000);
}

/* The arguments of a signal as an array, or the object of PropertiesChanged. */
static int arguments(sd_bus_message *m, bool properties, const char **interface, json_t **ret)
{
        _cleanup_json_ json_t *values = properties ? json_object() : json_array();

        if (properties) {
                int r = sd_bus_message_read_basic(m, 's', interface);
                r = r < 0 ? r : bus_read_properties(m, values);
                if (r < 0)
                        return r;
                *ret = TAKE_PTR(values);
                return 0;
        }
        while (sd_bus_message_at_end(m, true) == 0) {
                json_t *value;
                int r = bus_read_value(m, &value);
                if (r < 0)
                        return r;
                json_array_append_new(values, value);
        }
        *ret = TAKE_PTR(values);
        return 0;
}

static void monitor_print(
        const char *path, const char *interface, const char *member, json_t *values)
{
        char now[FORMAT_MAX];

        now_text(now);
        redact_json(values);
        if (arg_json) {
                out_event(json_is_object(values) ? "properties" : "signal",
                        json_pack("{s:s, s:s, s:s, s:s*, s:O}", "time", now, "path", path,
                                "interface", interface, "member",
                                json_is_object(values) ? NULL : member,
                                json_is_object(values) ? "values" : "arguments", values));
                return;
        }
        _cleanup_free_ char *text = json_dumps(values, JSON_COMPACT | JSON_ENCODE_ANY);
        const char *last = strrchr(interface, '.');
        out_line("%s %s %s %s%s%s", now, path, last ? last + 1 : interface,
                json_is_object(values) ? "" : member, json_is_object(values) ? "" : " ",
                text ?: "");
        fflush(stdout);
}

static int on_signal(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        const Monitor *o = userdata;
        _cleanup_json_ json_t *values = NULL;
        const char *interface = sd_bus_message_get_interface(m) ?: "";
        bool properties = sd_bus_message_is_signal(
                                  m, "org.freedesktop.DBus.Properties", "PropertiesChanged") > 0;

        if (!owner_sent(&o->owner, m) || arguments(m, properties, &interface, &values) < 0)
                return 0;
        monitor_print(sd_bus_message_get_path(m) ?: "", interface,
                sd_bus_message_get_member(m) ?: "", values);
        return 0;
}

static void on_owner(void *userdata)
{
        const Monitor *o = userdata;

        if (!o->owner.known)
                return;
        _cleanup_json_ json_t *values = json_pack("[s]", o->owner.unique ? "started" : "stopped");
        monitor_print(PATH_MANAGER, BUS_NAME, "Service", values);
}

static int on_disconnected(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        Monitor *o = userdata;
        return sd_event_exit(o->event, error_bus(NULL, -ENOTCONN));
}

/* ^C is the way to end it. */
static int on_interrupt(sd_event_source *s, const struct signalfd_siginfo *si, void *userdata)
{
        Monitor *o = userdata;
        return sd_event_exit(o->event, EXIT_OK);
}

static int subscribe(sd_bus *bus, Monitor *o)
{
        sigset_t set;

        sigemptyset(&set);
        sigaddset(&set, SIGINT);
        sigaddset(&set, SIGTERM);
        sigprocmask(SIG_BLOCK, &set, NULL);
        int r = sd_event_add_signal(o->event, NULL, SIGINT, on_interrupt, o);
        r = r < 0 ? r : sd_event_add_signal(o->event, NULL, SIGTERM, on_interrupt, o);
        r = r < 0 ? r : sd_bus_attach_event(bus, o->event, 0);
        /* first, so that the owner is known before its first signal comes */
        r = r < 0 ? r : owner_watch(&o->owner, bus, BUS_NAME, on_owner, o);
        r = r < 0 ? r
                  : sd_bus_add_match(bus, NULL,
                            "type='signal',sender='" BUS_NAME "',path_namespace='" PATH_MANAGER "'",
                            on_signal, o);
        return r < 0 ? r
                     : sd_bus_match_signal(bus, NULL, NULL, "/org/freedesktop/DBus/Local",
                               "org.freedesktop.DBus.Local", "Disconnected", on_disconnected, o);
}

static int run(int argc, char **argv)
{
        _cleanup_bus_ sd_bus *bus = NULL;
        _cleanup_(sd_event_unrefp) sd_event *event = NULL;
        Monitor o = {};

        int r = bus_open(&bus);
        if (r)
                return r;
        r = sd_event_new(&event);
        o.event = event;
        r = r < 0 ? r : subscribe(bus, &o);
        r = r < 0 ? r : sd_event_loop(event);
        owner_done(&o.owner);
        sd_bus_detach_event(bus);
        return r < 0 ? error_bus(NULL, r) : r;
}

const Verb verb_monitor = {
        .name = "monitor",
        .group = GROUP_SETUP,
        .summary = "print every signal of the service, with the time",
        .help = "One line, or with --json one object, a signal; ^C ends it. It does not start the\n"
                "service.",
        .needs_bus = true,
        .run = run,
};
