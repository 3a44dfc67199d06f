/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "protocol/handshake.h"

#include <errno.h>
#include <string.h>

#include "basic/clock.h"
#include "protocol/fault.h"

static const uint8_t tokens[] = { 0xA0, 0x0A, 0x50, 0x05 };
static const char doing[] = "the connection was being made";

static const char left_running[] = "; maybe an earlier session's download agent still runs on it";
static const char restart_it[] =
        "Hold its power key for 10 to 15 seconds until it restarts, switch it off and plug it in "
        "again.";

typedef struct Handshake {
        Transport *transport;
        uint64_t deadline;
        size_t step;   /* token that waits for its answer */
        size_t sent;   /* how often the first one was sent since the last restart */
        size_t strays; /* bytes that were no answer */
        bool heard;    /* anything at all */
} Handshake;

static bool is_ready_letter(uint8_t c)
{
        return memchr("READY", c, 5) != NULL;
}

/* Sends the token of the current step. A stalled endpoint has been cleared and is simply used
 * again; a token that could not leave in time is repeated by the caller. */
static int say(Handshake *h)
{
        int r = transport_write(
                h->transport, &tokens[h->step], 1, MAX(deadline_left_ms(h->deadline), 1U));

        if (h->step == 0)
                h->sent++;
        return r == -EPIPE || r == -ETIMEDOUT ? 0 : r;
}

static void restart(Handshake *h)
{
        h->step = 0;
        h->sent = 0;
}

/* The command loop echoes what it does not know: one A0 for each that was sent. */
static int drain_echoes(Handshake *h)
{
        uint8_t c;
        int r;

        for (size_t i = 1; i < h->sent; i++) {
                r = transport_read(h->transport, &c, 1, HANDSHAKE_ANSWER_MS);
                if (r == -ETIMEDOUT)
                        break;
                if (r < 0)
                        return r;
        }
        return 1;
}

/* What an answer means for the step; true when the current token is to be said now. */
static bool take(Handshake *h, uint8_t c)
{
        if ((c ^ tokens[h->step]) == 0xFF) {
                h->step++;
                return true;
        }
        if (h->step == 0 && is_ready_letter(c))
                return false;
        h->strays++;
        /* in front of the first answer: late answers to tokens from before a restart */
        if (h->step == 0)
                return false;
        restart(h);
        return true;
}

/* A loader that listens says so, or leaves the bus when nobody comes. What stays and is silent is
 * mostly an agent that was left running. */
static int too_late(const Handshake *h, Failure *f)
{
        failure_set(f, -ETIMEDOUT, ERROR_HANDSHAKE_TIMEOUT,
                "The phone did not answer in download mode%s.",
                h->heard && h->strays == 0 ? "" : left_running);
        failure_hint(f, "%s", restart_it);
        return -ETIMEDOUT;
}

/* Or it was about to send something, and goes on with that. */
static int no_loader(Failure *f)
{
        failure_set(f, -EPROTO, ERROR_PROTOCOL_VIOLATION,
                "The device answers, but not as a MediaTek phone in download mode does%s.",
                left_running);
        failure_hint(f, "%s", restart_it);
        return -EPROTO;
}

/* Nobody can tell a pulled cable from a phone that stopped listening and started. */
static int broken(Failure *f, int r)
{
        if (r == -ENODEV) {
                failure_set(f, r, ERROR_DEVICE_GONE, "The phone disconnected while %s.", doing);
                failure_hint(f,
                        "If it starts instead, switch it off and connect it again; otherwise check "
                        "the cable and the socket.");
        }
        return fault_link(f, r, doing);
}

int handshake(Transport *t, unsigned window_ms, Failure *f)
{
        Handshake h = { .transport = t, .deadline = deadline_after_ms(window_ms) };
        bool waiting = false;
        uint64_t repeat = 0;
        uint8_t c;
        int r;

        while (h.step < ELEMENTS(tokens)) {
                uint64_t now = clock_usec();

                if (now >= h.deadline)
                        return too_late(&h, f);
                if (h.strays > HANDSHAKE_STRAYS_MAX)
                        return no_loader(f);
                if (!waiting || now >= repeat) {
                        if (waiting && h.step > 0)
                                restart(&h);
                        r = say(&h);
                        if (r < 0)
                                return broken(f, r);
                        waiting = true;
                        repeat = deadline_after_ms(
                                h.step == 0 ? HANDSHAKE_REPEAT_MS : HANDSHAKE_ANSWER_MS);
                }
                r = transport_read(t, &c, 1, deadline_left_ms(repeat));
                if (r == -ETIMEDOUT)
                        continue;
                if (r < 0)
                        return broken(f, r);
                h.heard = true;
                if (h.step == 0 && c == tokens[0]) {
                        r = drain_echoes(&h);
                        return r < 0 ? broken(f, r) : 1;
                }
                waiting = !take(&h, c);
        }
        return 0;
}
