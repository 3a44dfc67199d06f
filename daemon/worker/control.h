/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A worker's ear for everybody but the phone.
 *
 * The worker has one thread, and most of the time it waits for the phone inside some protocol call.
 * The transport calls control_tick from there (about every 100 ms and when somebody said something);
 * it takes in all messages and sends the heartbeat. Nothing is acted upon there: orders are kept
 * until the worker has time, a job's messages go to the job's own listener. Only when the daemon is
 * gone or wants an end, and the phone keeps the worker waiting all the same, a tick breaks the
 * wait off. */

#include "transport/transport.h"
#include "wire/message.h"
#include "wire/verbs.h"

enum {
        CONTROL_ALIVE_MS = VERB_ALIVE_SECONDS * 1000 / 2,
        CONTROL_PATIENCE_MS =
                1500, /* with the phone, once an end is wanted; SIGKILL comes at 3 s */
        CONTROL_SEND_MS = 30 * 1000,   /* a daemon that does not read for so long is gone */
        CONTROL_STRAY_MAX = 64 * 1024, /* bytes from a phone that was not asked anything */
};

typedef struct Control {
        int socket;                    /* borrowed */
        int epoll;                     /* readable when the daemon or the keeper said something */
        uint64_t last_sent, end_since; /* microseconds */
        Message order;                 /* CONNECT, AGENT or JOB, not yet taken */
        bool has_order;
        bool finish;    /* FINISH or RELEASE came, or the daemon is gone: let the phone go */
        bool power_off; /* FINISH ACTION=off */
        bool waiting, letting_go;
        int listener;                   /* descriptor of the job's channel, -1 none */
        void (*listen)(void *userdata); /* takes everything from it */
        bool (*ready)(void *userdata);  /* the job has something to do */
        void *userdata;
} Control;

/* Catches SIGTERM, which means the same as the end of the socket. 0 or a negative errno. */
int control_open(Control *c, int socket);
void control_close(Control *c);

/* Transport.tick */
int control_tick(void *control);
/* Connects the ear with a transport. */
void control_attach(Control *c, Transport *t);

/* Sends, waiting for room with an open ear. The error is kept: a daemon that cannot be told anything
 * is gone. */
void control_send(Control *c, const Message *m);
void control_phase(Control *c, const char *phase);
void control_log(Control *c, int level, const char *format, ...) _printf_(3, 4);

/* Waits until there is something to do: an order, an end, or the job's. Hears the phone, too:
 * -ENODEV when it goes, -EPROTO when it talks without having been asked. */
int control_wait(Control *c, Transport *t);
/* Sleeps until somebody but the phone says something, at most a tick long. 0, or the value of
 * control_tick. */
int control_sleep(Control *c);

int control_listen(
        Control *c, int fd, void (*listen)(void *), bool (*ready)(void *), void *userdata);
void control_unlisten(Control *c);
