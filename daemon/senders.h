/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Whose signals are believed.
 *
 * Anybody on the system bus may send a signal straight to a connection, and a subscription does not
 * keep it out: who it is from is asked of the bus at the subscription only. So the daemon looks at
 * every signal before anything else does, and drops what comes neither from the bus itself nor from
 * the one service that it listens to. Who that is at the moment the bus tells. */

#include <systemd/sd-bus.h>

#include "basic/cleanup.h"

typedef struct Senders Senders;

/* name: the service, static text. changed: it has come or gone, or was replaced; first called when
 * it is known whether it is there. */
int senders_new(sd_bus *bus, const char *name, void (*changed)(void *userdata, bool there),
        void *userdata, Senders **ret);
/* Before the bus goes. */
Senders *senders_free(Senders *s);
DEFINE_CLEANUP(Senders, senders_free)
