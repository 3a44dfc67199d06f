/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "client/notify/bubble.h"

void bubble_want(Bubble *b, const Content *c)
{
        if (b->wanted && content_equal(&b->want, c))
                return;
        b->want = *c;
        b->wanted = true;
        b->fresh = true;
}

void bubble_unwant(Bubble *b)
{
        b->wanted = false;
        b->fresh = false;
        b->urgent = false;
}

void bubble_hurry(Bubble *b)
{
        b->urgent = true;
}

bool bubble_shows(const Bubble *b)
{
        return b->wanted && !b->close_late;
}

/* Closed, and nothing else to say than what was closed. */
static bool stays_closed(const Bubble *b)
{
        return b->closed && (!*b->want.reason || strcmp(b->want.reason, b->closed_reason) == 0);
}

uint64_t bubble_due(const Bubble *b)
{
        if (b->sending)
                return BUBBLE_NEVER;
        if (!b->wanted || b->close_late)
                return b->id ? 0 : BUBBLE_NEVER;
        if (b->urgent)
                return 0;
        if (!b->fresh || stays_closed(b))
                return BUBBLE_NEVER;
        if (!b->sent_once || (b->want.final && !b->sent_final))
                return 0;
        return b->sent_at + BUBBLE_INTERVAL_USEC;
}

void bubble_start(Bubble *b, uint64_t now)
{
        b->sending = true;
        if (!bubble_shows(b)) {
                b->id = 0;
                b->close_late = false;
                return;
        }
        snprintf(b->shown_reason, sizeof(b->shown_reason), "%s", b->want.reason);
        b->sending_final = b->want.final;
        b->sent_at = now;
        b->sent_once = true;
        b->fresh = false;
        b->urgent = false;
        b->closed = false;
}

void bubble_sent(Bubble *b, uint32_t id)
{
        b->sending = false;
        if (!id)
                return;
        b->id = id;
        b->sent_final = b->sending_final;
        if (!b->close_late)
                return;
        snprintf(b->closed_reason, sizeof(b->closed_reason), "%s", b->shown_reason);
        b->closed = true;
}

void bubble_failed(Bubble *b)
{
        b->sending = false;
        b->close_late = false;
        b->fresh = b->wanted;
}

void bubble_closed(Bubble *b)
{
        if (b->sending) {
                /* It was closed before the server saw the call that is under way. News is worth
                 * that it comes back, progress has to go again. */
                b->close_late = !*b->shown_reason;
                return;
        }
        snprintf(b->closed_reason, sizeof(b->closed_reason), "%s", b->shown_reason);
        b->closed = true;
        b->id = 0;
}

void bubble_forget(Bubble *b)
{
        bool told = b->sent_final && !b->fresh && !b->sending;

        b->id = 0;
        b->sending = false;
        b->close_late = false;
        b->fresh = b->wanted && !told;
}

bool bubble_is_over(const Bubble *b)
{
        return b->wanted && b->sent_final && !b->id && !b->sending && !b->urgent &&
                (!b->fresh || stays_closed(b));
}
