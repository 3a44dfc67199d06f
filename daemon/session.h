/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A device session: one worker process that talks to the phone on one USB port.
 *
 * It begins when the daemon has a use for a phone and ends with the worker. Several jobs may follow
 * one another in it. The session knows the order in which a worker can be told things (wire/verbs.h)
 * and keeps what it heard; what is to be done is decided by its owner, who hears of every step.
 *
 *   connecting -> identified -> preparing -> ready <-> busy
 *        \____________\____________\___________\________\____> leaving -> over
 */

#include "daemon/helper.h"
#include "daemon/phone.h"

typedef enum SessionState {
        SESSION_CONNECTING, /* handshake and identification go on */
        SESSION_IDENTIFIED, /* the worker waits for CONNECT or RELEASE */
        SESSION_PREPARING,  /* the download agent is being started */
        SESSION_READY,      /* the worker waits for JOB or FINISH */
        SESSION_BUSY,       /* a job's data channel is open */
        SESSION_LEAVING,    /* it was told to let the phone go, or has failed and does so */
        SESSION_OVER,       /* the process has gone */
        _SESSION_STATE_MAX
} SessionState;

typedef struct Session Session;
struct Job;

typedef struct SessionEvents {
        void (*changed)(void *userdata, Session *s); /* phase, action or state */
        void (*identified)(void *userdata, Session *s);
        void (*need_agent)(
                void *userdata, Session *s, const Message *m); /* answer: session_agent */
        void (*replugging)(void *userdata, Session *s);        /* answer: session_replug */
        void (*ready)(void *userdata, Session *s);
        void (*log)(void *userdata, Session *s, unsigned level, const char *text);
        void (*failed)(void *userdata, Session *s); /* s->failure is set; `over` follows */
        void (*over)(void *userdata, Session *s);   /* the owner frees it */
} SessionEvents;

struct Session {
        SessionState state;
        char port[64];
        Phone phone;
        char phase[FAILURE_PHASE_MAX];
        char action[FAILURE_TEXT_MAX];
        Failure failure; /* the cause when it did not end as it was told to */
        /* how the phone was left: rebooted, off, released, gone, stuck, "" unknown */
        char left[16];

        struct Job *job;   /* who has a claim on this phone, borrowed; the owner's to use */
        uint32_t number;   /* of the sessions of this daemon, from 1; the owner's */
        uint32_t next_job; /* of the job that is queued next when the phone was let go; likewise */
        bool replugging; /* the phone changes its speed: the next plug on this port belongs here */
        bool served;     /* a job was begun in it; likewise */
        sd_event_source *hold; /* ends the time in which it is held for an answer; likewise */
        bool hold_over;
        bool power_off; /* what is to be done with the phone in the end; likewise */

        Helper *helper;
        const SessionEvents *events;
        void *userdata;
};

/* Starts a worker on the open usbfs node, which stays the caller's. */
int session_start(sd_event *event, const HelperSetup *setup, const char *port, int node,
        const SessionEvents *events, void *userdata, Session **ret);
Session *session_free(Session *s);
DEFINE_CLEANUP(Session, session_free)

/* identified -> preparing; chip: what a phone of no known chip is tried as, "" nothing. */
void session_connect(Session *s, const char *chip);
/* Answers need_agent; fd -1: there is none. The descriptor stays the caller's. */
void session_agent(Session *s, int fd, const char *name, const char *sha256);
/* The same for a preloader. */
void session_preloader(Session *s, int fd);
/* ready -> busy; the descriptors stay the caller's. 0 or a negative errno. */
int session_job(Session *s, uint32_t id, int data, int ring);
/* The phone that was replugging is back: its node, which stays the caller's. */
void session_replug(Session *s, int node);
/* Lets the phone go in the way its state allows; while an agent is being started or a job's data
 * channel is open, that has to wait for the next `ready`. True when it was told to. */
bool session_leave(Session *s);
/* The other end of a busy session's data channel has closed: `ready` has to come soon now. */
void session_expect_ready(Session *s);
/* The phone's port is empty: the worker has to notice soon by itself. */
void session_unplugged(Session *s);
/* Ends the worker: SIGTERM, later SIGKILL. It lets the phone go if it can. */
void session_abort(Session *s);
/* No words left to be said to it: leaving or over. */
bool session_is_leaving(const Session *s);
