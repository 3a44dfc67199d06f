/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Who may do what, asked without waiting.
 *
 * Who a caller is has to be asked of the bus, and what he may do of polkit, which may ask a person
 * for a password. So a check that has no answer yet puts the question and says "not now": the
 * handler returns 1, and when the answer is there the very same message is put back in front of it.
 * On the second run the check finds its answer. A handler must therefore ask before it changes
 * anything. uid 0 and the daemon's own uid are not asked about. */

#include <systemd/sd-bus.h>

#include "basic/failure.h"

enum {
        /* a user may have 256 connections to the bus, each with a first call */
        AUTHORIZE_PENDING_MAX = 1024,
        /* questions to polkit, which may wait long for a person: of one user, so that he cannot use
         * up all */
        AUTHORIZE_PENDING_PER_UID_MAX = 16,
        AUTHORIZE_CALLERS_MAX = 64, /* remembered; a bus name never comes back */
};

typedef struct Authorize Authorize;

int authorize_new(sd_bus *bus, Authorize **ret);
/* Drops all questions; who waits for an answer gets none. */
Authorize *authorize_free(Authorize *a);
DEFINE_CLEANUP(Authorize, authorize_free)

/* 1 and the uid of the sender; 0 not now; negative with e. */
int authorize_caller(Authorize *a, sd_bus_message *m, uid_t *ret, sd_bus_error *e);
/* 1 he may; 0 not now; negative with e (NotAuthorized). uid as told by authorize_caller. */
int authorize_action(
        Authorize *a, sd_bus_message *m, uid_t uid, const char *action, sd_bus_error *e);
