/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What every object of the daemon on the bus needs. */

#include <systemd/sd-bus.h>

#include "daemon/authorize.h"
#include "daemon/bus-call.h"
#include "daemon/bus-error.h"
#include "daemon/manager.h"
#include "dbus/names.h"

enum { CANCEL_WAITERS_MAX = 64 };

typedef struct Bus {
        Manager *manager;
        sd_bus *bus; /* NULL while there is no connection */
        sd_event_source *retry;
        unsigned attempts; /* without success since the last connection */
        Authorize *authorize;
        Calls calls;
        struct {
                sd_bus_message *message;
                uint32_t job;
        } cancels[CANCEL_WAITERS_MAX]; /* callers of Cancel, until the job has ended */
        size_t n_cancels;
} Bus;

/* Whose object it is, of the method call that is being handled. */
Bus *bus_of(sd_bus_message *m);
/* For node enumerators: the paths of n objects, as path(b, i) makes them. 0 or -ENOMEM. */
int bus_nodes(const Bus *b, size_t n, char *(*path)(const Bus *b, size_t i), char ***ret);

/* An object's path; the caller frees. NULL without memory. */
char *bus_job_path(const Job *j);
char *bus_device_path(const Device *d);
char *bus_backup_path(const Backup *b);

/* Reads an a{sv} in which no key is allowed yet: 0, or the error naming the first key. */
int bus_read_no_options(sd_bus_message *m, sd_bus_error *e);

/* A property that is a text: the one of its name. What the getter has to return. */
typedef struct BusText {
        const char *property, *text;
} BusText;
int bus_append_text(sd_bus_message *reply, const char *property, const BusText *texts, size_t n);

/* Whether the caller, ret_uid, may do what action says; when not to go on, what is returned is what
 * the handler has to return: 1 while an answer is waited for. */
int bus_authorize(Bus *b, sd_bus_message *m, const char *action, uid_t *ret_uid, bool *ret_go_on,
        sd_bus_error *e);

/* There are more or fewer jobs, devices or backups than before. */
void bus_counts_changed(Bus *b);
