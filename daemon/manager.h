/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The parts of mtkbackupd in one place: for those who decide with all of them in view, and those who
 * show them. What the parts do is in their own files, who makes them in service.h. */

#include "daemon/agents.h"
#include "daemon/awake.h"
#include "daemon/auto-state.h"
#include "daemon/config.h"
#include "daemon/device.h"
#include "daemon/inhibit.h"
#include "daemon/profile-set.h"
#include "daemon/queue.h"
#include "daemon/store.h"

typedef struct ManagerSetup {
        const char *config;          /* file */
        const char *state;           /* directory, exists */
        const char *helpers;         /* directory */
        const char *const *profiles; /* directories, NULL-terminated; the later overrides */
} ManagerSetup;

typedef struct Manager {
        const ManagerSetup *setup; /* borrowed */
        sd_event *event;
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
        sd_event_source *dispatch;
        uint32_t sessions; /* that were started */
        char status[128];  /* as the service manager has it */
        bool ready;        /* the service manager was told so */
        bool stopping;
        /* The computer sleeps or is about to: nothing new is begun. What a job that was broken off for
         * it is told; NULL: it is awake. */
        const char *asleep;
} Manager;

/* Time of day of this turn of the loop, µs since 1970. */
static inline uint64_t manager_now(const Manager *m)
{
        uint64_t now = 0;

        (void)sd_event_now(m->event, CLOCK_REALTIME, &now);
        return now;
}
