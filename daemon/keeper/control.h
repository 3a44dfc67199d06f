/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The keeper's line to the daemon, shared by its two halves: the main thread, which listens and
 * sends a sign of life whatever the disk does, and the thread of the operation, which reports. */

#include <stdatomic.h>

#include "wire/message.h"

typedef enum Stop {
        STOP_NONE,
        STOP_CANCEL,    /* the daemon asked for it */
        STOP_TERMINATE, /* SIGTERM: end as soon as nothing is lost by it */
        STOP_GONE,      /* the daemon is gone */
} Stop;

typedef struct Control {
        int socket;
        int wake; /* an eventfd that is readable once there is a reason to stop */
        atomic_int stop;
        uint64_t told_at; /* when BYTES was last sent, milliseconds */
} Control;

int control_open(Control *c, int socket);
void control_close(Control *c);

/* The first reason counts, except that a harder one replaces it. */
void control_stop(Control *c, Stop why);
static inline Stop control_stopped(const Control *c)
{
        return (Stop)atomic_load(&c->stop);
}

/* Waits until the message is taken; a daemon that is gone is noticed elsewhere. */
void control_send(Control *c, const Message *m);
void control_phase(Control *c, const char *phase);
void control_log(Control *c, int level, const char *format, ...) _printf_(3, 4);
/* At most ten a second, unless `now`. */
void control_bytes(Control *c, uint64_t done, uint64_t total, uint64_t durable, bool now);
