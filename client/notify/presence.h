/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Is the person in front of the machine? That is, is their graphical session the active one.
 *
 * Asked of logind's files, which also say when it changes. Where no logind runs there is only one
 * who could be in front. */

#include <systemd/sd-event.h>
#include <systemd/sd-login.h>

#include "basic/cleanup.h"

typedef struct Presence {
        bool active;
        void (*changed)(void *userdata);
        void *userdata;
        sd_login_monitor *monitor;
        sd_event_source *source;
} Presence;

int presence_open(Presence *p, sd_event *event, void (*changed)(void *userdata), void *userdata);
void presence_done(Presence *p);
