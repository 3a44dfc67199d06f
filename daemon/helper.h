/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A helper process: mtkbackup-worker or mtkbackup-keeper.
 *
 * Started with a minimal environment and nothing open but standard error, its end of the control
 * channel (descriptor 3) and one more descriptor (4) if it gets one. Its messages are handed on one
 * by one; everything it sent before its end is handed on before `exited`, which is always the last
 * call and after which the owner frees the Helper. A helper that breaks the message format, does
 * not take what it is sent or stays silent for too long is ended: SIGTERM, then SIGKILL. */

#include <systemd/sd-event.h>

#include "daemon/config.h"
#include "wire/message.h"

typedef enum HelperKind { HELPER_WORKER, HELPER_KEEPER, _HELPER_KIND_MAX } HelperKind;

typedef struct HelperOps {
        void (*message)(void *userdata, Message *m);
        /* how: "exited with status 1", "was ended by signal 9 (Killed)"; "" when all was well */
        void (*exited)(void *userdata, const char *how);
} HelperOps;

typedef struct HelperSetup {
        const char *directory; /* of the binaries */
        bool cage_optional;
        const Config *config; /* for its chips, or NULL */
} HelperSetup;

typedef struct Helper Helper;

/* fd: what becomes descriptor 4, or -1; stays the caller's. Errors are negative errno. */
int helper_spawn(sd_event *event, const HelperSetup *setup, HelperKind kind, int fd,
        const HelperOps *ops, void *userdata, Helper **ret);
/* Kills it if it still runs; no calls any more. */
Helper *helper_free(Helper *h);
DEFINE_CLEANUP(Helper, helper_free)

/* 0, or a negative errno; then the helper is being ended. */
int helper_send(Helper *h, const Message *m);
/* SIGTERM now, SIGKILL after a while. `exited` follows. */
void helper_stop(Helper *h);
/* As above, but leaves it usec to end by itself first; a later call replaces the time. */
void helper_stop_after(Helper *h, uint64_t usec);
/* It may live on. Nothing once SIGTERM was sent. */
void helper_stop_never(Helper *h);
