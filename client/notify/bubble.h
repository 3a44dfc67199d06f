/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* One bubble: what it should say, what the server was told, and when it may be told again.
 *
 * A bubble has no clock and sends nothing. Its owner says what is wanted; bubble_due() answers when
 * something has to be sent. Only the newest content is kept, so that a slow server costs neither
 * calls nor memory:
 *
 *   - updates are at least BUBBLE_INTERVAL_USEC apart; the last word about a job and the answer to
 *     a button do not wait;
 *   - at most one call is under way;
 *   - a bubble that the person closed comes back for another reason only (content.h), not for
 *     progress;
 *   - ids belong to one server: another one gets the bubble as a new one, and only when it had not
 *     its last word yet. */

#include "client/notify/content.h"

#define BUBBLE_INTERVAL_USEC (UINT64_C(2) * 1000 * 1000)
#define BUBBLE_NEVER UINT64_MAX

typedef struct Bubble {
        Content want;
        bool wanted;
        bool fresh;   /* want is not what the server was told */
        bool urgent;  /* show at once, even when closed: a button was pressed */
        bool sending; /* a call is under way */
        bool sending_final;
        bool sent_final; /* the server has the last word */
        bool closed;     /* by the person, or run out */
        bool close_late; /* closed while a call was under way that brings it back */
        char shown_reason[CONTENT_REASON_MAX], closed_reason[CONTENT_REASON_MAX];
        uint32_t id; /* of the server, 0 none */
        uint64_t sent_at;
        bool sent_once;
} Bubble;

void bubble_want(Bubble *b, const Content *c);
/* It is no longer to be seen. */
void bubble_unwant(Bubble *b);
/* The person asked for something: shows it at once. */
void bubble_hurry(Bubble *b);

/* When to send, on the clock of bubble_start: 0 at once, BUBBLE_NEVER nothing to send. */
uint64_t bubble_due(const Bubble *b);
/* What is to be sent when it is due: true Notify with want and id, false CloseNotification of id. */
bool bubble_shows(const Bubble *b);

/* A call was made at this time; its answer: the server's id (0 for a close), or a failure, after
 * which it is due again. */
void bubble_start(Bubble *b, uint64_t now);
void bubble_sent(Bubble *b, uint32_t id);
void bubble_failed(Bubble *b);
/* The server says that it is closed. */
void bubble_closed(Bubble *b);
/* The server is gone, and all ids with it. */
void bubble_forget(Bubble *b);

/* It had its last word, and nobody sees it any more. */
bool bubble_is_over(const Bubble *b);
