/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The daemon's side of the store: the directory, the right to write to it, and what is in it.
 *
 * Only keepers read or write there. The daemon makes and opens the directory, holds writer.lock for
 * as long as it lives (so that no second daemon writes) and hands the directory to each keeper it
 * starts. Whatever a keeper says about a backup that came, changed or went goes into the catalogue
 * and to the listener, whichever task the keeper was at. */

#include "daemon/catalogue.h"
#include "daemon/operation.h"

typedef enum StoreState {
        STORE_OPENING,
        STORE_OK,
        STORE_FAILED, /* with the failure; nothing can be stored */
} StoreState;

typedef struct StoreEvents {
        void (*state)(void *userdata);
        void (*idle)(void *userdata); /* the last keeper has ended */
} StoreEvents;

typedef struct BackupEvents {
        void (*added)(void *userdata, Backup *b);
        void (*changed)(void *userdata, Backup *b);
        void (*removed)(void *userdata, Backup *b); /* still in the catalogue */
        void (*committed)(void *userdata, Backup *b);
        void (*damaged)(void *userdata, const char *text);
} BackupEvents;

typedef struct Store Store;

/* path: absolute. events must outlive the store. Does not touch the disk. */
int store_new(sd_event *event, const HelperSetup *setup, const char *path,
        const StoreEvents *events, void *userdata, Store **ret);
/* Before it is opened. */
void store_listen(Store *s, const BackupEvents *events, void *userdata);
Store *store_free(Store *s);
DEFINE_CLEANUP(Store, store_free)

/* Makes and locks the directory, then starts the keeper that checks it; the outcome is told through
 * `state`. That keeper also removes what interrupted backups left, so no other one may run. */
void store_open(Store *s);
/* The same once more when it is needed, because a keeper crashed, and none is at work. */
void store_clean(Store *s);
StoreState store_state(const Store *s);
const char *store_path(const Store *s);
Catalogue *store_catalogue(Store *s);
/* 0 when backups can be stored; -EAGAIN while it is being opened, else -EIO, with f. */
int store_check(const Store *s, Failure *f);
/* Whether a job may be queued: the store is all right, or is only being looked at once more. */
int store_admit(const Store *s, Failure *f);
/* As above for a backup: some room must be left. */
int store_admit_backup(const Store *s, Failure *f);

/* A keeper at work on the store. Everything it says goes to ops->message as well. The task belongs
 * to the caller, who frees it when `ended` has come (or to drop it). */
typedef struct StoreTask StoreTask;
int store_start(Store *s, const Message *run, const OperationOps *ops, void *userdata,
        StoreTask **ret, Failure *f);
void store_task_cancel(StoreTask *t);
StoreTask *store_task_free(StoreTask *t);
DEFINE_CLEANUP(StoreTask, store_task_free)
/* Keepers that run now. */
size_t store_busy(const Store *s);
