/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* One task of one keeper process: a backup, a verification, an export, a look into the store.
 *
 * It is told what to do by one RUN message and ends in exactly one way: with the keeper's DONE, or
 * with a Failure, which is the keeper's own or says how the process ended. `ended` comes when the
 * process has gone, so that what it held (locks, descriptors) is free by then. */

#include "daemon/helper.h"

typedef struct Operation Operation;

typedef struct OperationOps {
        /* what it says on the way: everything but ALIVE, FAIL and DONE. May be NULL. */
        void (*message)(void *userdata, const Message *m);
        /* f: NULL when it is done, then done is its DONE message. The owner frees the Operation, and
         * both with it. */
        void (*ended)(void *userdata, const Failure *f, const Message *done);
} OperationOps;

/* store: the store's directory or -1; stays the caller's, like the descriptors in `run`.
 * Errors are negative errno with f (StoreFailed). */
int operation_start(sd_event *event, const HelperSetup *setup, int store, const Message *run,
        const OperationOps *ops, void *userdata, Operation **ret, Failure *f);
Operation *operation_free(Operation *o);
DEFINE_CLEANUP(Operation, operation_free)

/* Begins a RUN message. */
void operation_message(Message *m, const char *op);
/* Asks it to stop; `ended` follows, at the latest when it had to be killed. */
void operation_cancel(Operation *o);
