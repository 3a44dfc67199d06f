/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The notification server of the session, org.freedesktop.Notifications.
 *
 * It may be absent, come later, be replaced, forget to answer. So there is at most one call under
 * way, whatever it is; after a failure the server is left alone for a while, and after "there is
 * none" until one appears. Who wants to send asks server_free_at() first and is told by ready()
 * when it is worth asking again. */

#include "client/notify/backoff.h"
#include "client/notify/bubble.h"
#include "client/owner.h"

typedef struct ServerEvents {
        void (*ready)(void *userdata);
        void (*lost)(void *userdata); /* all ids are void */
        /* the answer to server_notify: 0 or a negative errno, and the id */
        void (*answered)(void *userdata, int r, uint32_t id);
        void (*closed)(void *userdata, uint32_t id);
        void (*pressed)(void *userdata, uint32_t id, const char *key);
} ServerEvents;

typedef struct Server {
        sd_bus *bus; /* borrowed */
        Owner owner;
        const ServerEvents *events;
        void *userdata;
        sd_bus_slot *signals, *call;
        enum { SERVER_UNKNOWN, SERVER_NAMED, SERVER_KNOWN } known; /* of what follows */
        bool can_body, can_markup, can_buttons;
        bool can_value; /* shows a bar beside the text, not instead of it */
        bool absent;    /* nobody owns the name, and nobody can be started */
        bool starting;  /* the call under way may start one */
        uint64_t free_at;
        Backoff backoff;
} Server;

int server_open(Server *s, sd_bus *bus, const ServerEvents *events, void *userdata);
void server_done(Server *s);

/* When it takes a call, CLOCK_MONOTONIC: 0 now, BUBBLE_NEVER when ready() will tell. */
uint64_t server_free_at(const Server *s);
/* What it is and can do is asked first, in two questions: 1 one was put now (ready() follows), 0 all
 * is known, or a negative errno. */
int server_prepare(Server *s);
/* Shows or replaces a bubble. 0 or a negative errno. */
int server_notify(Server *s, const Content *c, uint32_t job, uint32_t replaces);
int server_close(Server *s, uint32_t id);
