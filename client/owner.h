/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Who owns a name on a bus, and so who may speak for it.
 *
 * A match rule with a sender is no protection: a bus delivers a signal that is addressed to us
 * whatever our rules say, and sd-bus takes any sender for a well-known name. Handlers therefore ask
 * owner_sent() first. */

#include <systemd/sd-bus.h>

#include "basic/cleanup.h"

typedef struct Owner {
        sd_bus *bus; /* borrowed */
        const char *name;
        char *unique; /* ":1.42", NULL nobody owns the name */
        bool known;   /* false while changed tells who was there from the beginning */
        void (*changed)(void *userdata);
        void *userdata;
        sd_bus_slot *match, *query;
} Owner;

/* Begins to watch; changed is called whenever the owner is another one, at first nobody. name lives
 * as long as o. 0 or a negative errno. */
int owner_watch(
        Owner *o, sd_bus *bus, const char *name, void (*changed)(void *userdata), void *userdata);
void owner_done(Owner *o);

/* true when the message comes from whoever owns the name now */
bool owner_sent(const Owner *o, sd_bus_message *m);
