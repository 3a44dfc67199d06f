/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What a keeper can be started for. One process does one operation and exits. */

#include "daemon/keeper/control.h"
#include "daemon/keeper/host.h"

typedef struct Operation {
        Control *control;
        Message *run; /* the daemon's request */
        int dir;      /* the store's folder, -1 when there is none */
        const Host *host;
        Message done; /* the answer, when it went well */
        Failure failure;
        int result; /* negative: failure, or -ECANCELED */
} Operation;

typedef struct OperationKind {
        const char *name;
        /* 0 with o->done filled in beyond its type; -ECANCELED; else negative with o->failure */
        int (*run)(Operation *o);
        bool needs_store;
        bool writes; /* takes care of an end by itself; else the process may just exit */
} OperationKind;

/* NULL when there is none of this name. */
const OperationKind *operation_find(const char *name);

int operation_open(Operation *o);
int operation_backup(Operation *o);
int operation_verify(Operation *o);
int operation_export(Operation *o);
int operation_parts(Operation *o);
int operation_delete(Operation *o);
int operation_agent(Operation *o);
