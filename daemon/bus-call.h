/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Method calls that a keeper answers: export, parts, delete. The call stays open while the keeper
 * works; a caller that goes away takes the work with it. */

#include <systemd/sd-bus.h>

#include "daemon/store.h"

enum { CALLS_MAX = 8 };

typedef struct Call Call;

typedef struct Calls {
        Call *list[CALLS_MAX];
        size_t n;
} Calls;

/* The reply is empty, or built by `part` from the keeper's messages when that is given: begun by
 * `begin`, ended by `end`. */
typedef struct CallOps {
        int (*begin)(sd_bus_message *reply);
        int (*add)(sd_bus_message *reply, const Message *m);
        int (*end)(sd_bus_message *reply);
} CallOps;

/* Starts the keeper for a method call; the answer follows. What a handler has to return. */
int calls_start(Calls *c, Store *store, sd_bus_message *m, const Message *run, const CallOps *ops,
        sd_bus_error *e);
/* Asks all keepers to stop; the callers get the error. */
void calls_cancel(Calls *c);
/* The connection is gone: nobody waits for an answer any more. */
void calls_done(Calls *c);
