/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* mtkbackupd as a whole: the objects it is made of and the wires between them. What they do is in
 * their own files; here they are made, told of each other's events and taken down. */

#include "daemon/agents.h"
#include "daemon/awake.h"
#include "daemon/auto-state.h"
#include "daemon/config.h"
#include "daemon/device.h"
#include "daemon/inhibit.h"
#include "daemon/profile-set.h"
#include "daemon/queue.h"
#include "daemon/store.h"

struct Bus;

typedef struct ManagerSetup {
        const char *config;          /* file */
        const char *state;           /* directory, exists */
        const char *helpers;         /* directory */
        const char *const *profiles; /* directories, NULL-terminated; the later overrides */
} ManagerSetup;

typedef struct Manager {
        const ManagerSetup *setup; /* borrowed */
        sd_event *event;
        int state_dir;
        Config config;
        HelperSetup helpers;
        ProfileSet profiles;
        Queue *queue;
        AutoState *automatic;
        Agents *agents;
        Store *store;
        Devices devices;
        Awake awake;
        Hotplug *hotplug;
        Inhibit *inhibit;
        struct Bus *bus;
        sd_event_source *dispatch, *patience, *stop, *signals[3];
        uint32_t sessions; /* that were started */
        char status[128];  /* as the service manager has it */
        bool ready;        /* the service manager was told so */
        bool stopping;
        /* The computer sleeps or is about to: nothing new is begun. What a job that was broken off for
         * it is told; NULL: it is awake. */
        const char *asleep;
} Manager;

/* 0; or a negative errno with f, then the program cannot do its work. */
int manager_new(const ManagerSetup *setup, Manager **ret, Failure *f);
Manager *manager_free(Manager *m);
DEFINE_CLEANUP(Manager, manager_free)
/* Until SIGTERM; 0 or a negative errno. */
int manager_run(Manager *m);

/* Reads configuration and profiles anew; with a mistake in the configuration the old one stays. */
int manager_reload(Manager *m, Failure *f);
/* Time of day of this turn of the loop, µs since 1970. */
uint64_t manager_now(const Manager *m);
/* The bus name is there, or there is no bus for now: the service is up. */
void manager_set_ready(Manager *m);
/* The line that systemctl status shows. */
void manager_update_status(Manager *m);
