/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* mtkbackupd, seen from a session: what it says about jobs, phones and the store.
 *
 * The system bus may restart, the service may come and go; both are waited for, and the service is
 * never started by listening to it. After each absence the whole state is listed anew, then
 * signals of its owner, and of nobody else, keep it up to date. */

#include <jansson.h>
#include <systemd/sd-event.h>

#include "client/notify/backoff.h"
#include "client/owner.h"

typedef struct ServiceEvents {
        /* all there is: arrays of jobs and devices (bus-read.h) */
        void (*listed)(void *userdata, json_t *jobs, json_t *devices);
        void (*gone)(void *userdata);
        void (*job_added)(void *userdata, json_t *job);
        /* members that are new; of its progress, when that is true */
        void (*job_changed)(void *userdata, uint32_t id, json_t *members, bool progress);
        void (*job_removed)(void *userdata, uint32_t id);
        void (*device_changed)(
                void *userdata, json_t *device); /* new members, and "id", its port */
        void (*device_removed)(void *userdata, const char *port);
        void (*damaged)(void *userdata, const char *text);
} ServiceEvents;

typedef struct Service {
        sd_event *event; /* borrowed */
        const ServiceEvents *events;
        void *userdata;
        sd_bus *bus; /* NULL while there is none */
        Owner owner;
        sd_bus_slot *signals, *disconnected, *list;
        sd_event_source *again;
        Backoff backoff;
        bool listed;
} Service;

/* A bus that cannot be reached is tried again for ever. 0 or a negative errno. */
int service_open(Service *s, sd_event *event, const ServiceEvents *events, void *userdata);
void service_done(Service *s);

/* Calls a method of an object. May ask the person for authorisation; start: the service is started
 * for it. 0, -ENOTCONN or another negative errno; m of the handler may be an error. */
int service_call(Service *s, const char *path, const char *interface, const char *member,
        bool start, sd_bus_message_handler_t handler, void *userdata, sd_bus_slot **ret_slot,
        const char *types, ...);
