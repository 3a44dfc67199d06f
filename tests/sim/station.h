/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Bus, daemon and phones around one command.
 *
 *   station.c          options, the command, its environment
 *   station-process.c  bus, daemon and the like as child processes
 *   station-control.c  requests of the command: plug, unplug, restart …
 *
 * Names with 1 in front are the first of several: phones count from 1. */

#include <glib.h>

#include "phone-spec.h"
#include "usb-bus.h"

enum { STATION_PHONES_MAX = 24, STATION_ARGS_MAX = 32 };

typedef struct StationPhone {
        bool external;
        char backend[108];
        uint16_t vendor, product;
        PhoneSpec spec;
        UsbPort *port;
} StationPhone;

typedef struct Station {
        /* options */
        const char *state;
        char state_path[4096]; /* the same, absolute */
        StationPhone phones[STATION_PHONES_MAX];
        size_t n_phones;
        const char *config, *daemon, *helpers;
        const char *profile_dirs[8], *daemon_args[STATION_ARGS_MAX];
        size_t n_profile_dirs, n_daemon_args;
        bool import_agent, plugged, no_daemon, no_cage, polkit, strict, valgrind, quiet;
        char **command;

        /* what runs */
        GMainLoop *loop;
        UsbBus *usb;
        FILE *events;
        pid_t command_pid, bus_pid, daemon_pid, polkit_pid;
        int command_status, daemon_status;
        bool daemon_running, daemon_ready;
        guint daemon_watch;
        int notify_fd, control_fd;
        char address[200];
        int code;
} Station;

/* A path of `kind` below the run directory or the state directory; static buffers, a few. */
const char *in_run(const char *name);
const char *in_state(const Station *s, const char *name);

/* station-process.c: 0 or negative errno after a line on standard error */
int station_start_bus(Station *s);
void station_stop_bus(Station *s);
int station_start_daemon(Station *s);
/* With SIGTERM, or at once with SIGKILL; waits until it is gone. */
void station_stop_daemon(Station *s, int signal_number);
int station_start_polkit(Station *s);
void station_stop_polkit(Station *s);
/* Makes the directory in which the daemon finds its helpers. */
int station_make_helpers(Station *s);
/* 0 when valgrind found nothing; prints what it found. */
int station_check_valgrind(Station *s);

/* station-control.c */
int station_start_control(Station *s);
