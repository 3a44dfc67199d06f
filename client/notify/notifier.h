/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The agent: brings together what the service says, who sits in front of the machine, and the
 * notification server. One bubble a job, own jobs always, automatic ones and the state of the store
 * for whoever is in front. */

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "basic/cleanup.h"

typedef struct Notifier Notifier;

enum { NOTICES_MAX = 128 };

/* session: the session's bus, attached to the event loop. 0 or a negative errno. */
int notifier_new(sd_event *event, sd_bus *session, Notifier **ret);
Notifier *notifier_free(Notifier *n);
DEFINE_CLEANUP(Notifier, notifier_free)
