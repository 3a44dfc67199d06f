/* SPDX-License-Identifier: GPL-3.0-or-later */

/* mtkbackup-notify: shows in a desktop session what mtkbackupd does. */

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "basic/log.h"
#include "client/notify/notifier.h"
#include "dbus/names.h"

static const char usage[] = "mtkbackup-notify [--help] [--version]\n"
                            "Shows jobs of mtkbackupd as notifications of the desktop, see "
                            "mtkbackup-notify(1).\n";

/* 1 run, 0 all is said, negative: wrong */
static int parse_arguments(int argc, char **argv)
{
        static const struct option options[] = {
                { "help", no_argument, NULL, 'h' },
                { "version", no_argument, NULL, 'v' },
                { NULL, 0, NULL, 0 },
        };
        int c;

        while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
                switch (c) {
                case 'h': fputs(usage, stdout); return 0;
                case 'v': puts("mtkbackup-notify " VERSION); return 0;
                default: return -EINVAL;
                }
        }
        if (optind == argc)
                return 1;
        fprintf(stderr, "mtkbackup-notify: unexpected argument \"%s\"\n", argv[optind]);
        return -EINVAL;
}

static int on_disconnected(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        /* the session has ended, or its bus is started again, and then systemd starts us again */
        log_info("The session bus is gone");
        return sd_event_exit(userdata, EXIT_FAILURE);
}

static int add_signals(sd_event *event)
{
        sigset_t set;

        sigemptyset(&set);
        sigaddset(&set, SIGTERM);
        sigaddset(&set, SIGINT);
        if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
                return -errno;
        int r = sd_event_add_signal(event, NULL, SIGTERM, NULL, NULL);
        return r < 0 ? r : sd_event_add_signal(event, NULL, SIGINT, NULL, NULL);
}

static int open_session(sd_event *event, sd_bus **ret)
{
        sd_bus *bus = NULL;

        int r = sd_bus_open_user_with_description(&bus, "mtkbackup-notify");
        if (r < 0)
                return r;
        *ret = bus;
        r = sd_bus_attach_event(bus, event, SD_EVENT_PRIORITY_NORMAL);
        return r < 0
                ? r
                : sd_bus_match_signal(bus, NULL, NULL, "/org/freedesktop/DBus/Local",
                          "org.freedesktop.DBus.Local", "Disconnected", on_disconnected, event);
}

static int run(void)
{
        _cleanup_(sd_event_unrefp) sd_event *event = NULL;
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *session = NULL;
        _cleanup_(notifier_freep) Notifier *n = NULL;

        int r = sd_event_new(&event);
        r = r < 0 ? r : add_signals(event);
        r = r < 0 ? r : open_session(event, &session);
        if (r < 0) {
                log_error("No session bus: %s", strerror(-r));
                return EXIT_FAILURE;
        }
        /* a desktop may start us as a service and by its autostart */
        r = sd_bus_request_name(session, BUS_NAME_NOTIFY, 0);
        if (r == -EEXIST) {
                log_info("The session has one of us already");
                return EXIT_SUCCESS;
        }
        r = r < 0 ? r : notifier_new(event, session, &n);
        if (r >= 0) {
                sd_notify(false, "READY=1");
                r = sd_event_loop(event);
        }
        if (r < 0)
                log_error("Ended: %s", strerror(-r));
        return r < 0 ? EXIT_FAILURE : r;
}

int main(int argc, char **argv)
{
        int r = parse_arguments(argc, argv);

        if (r < 0)
                fputs(usage, stderr);
        if (r <= 0)
                return r == 0 ? EXIT_SUCCESS : 2;
        log_open("mtkbackup-notify");
        return run();
}
