/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The first words with a phone: A0 0A 50 05, each answered by its complement (doc/boot.md 1).
 *
 * The listening preloader says READY every 20 ms and swallows the first A0; it falls back to READY
 * when the four do not come within 300 ms, and starts over after any wrong byte, which it answers
 * with that byte plus one. So A0 is repeated until its answer comes, READY letters are skipped in
 * front of it, nothing else is ever repeated, and every surprise leads back to A0. A phone whose
 * command loop is entered already just echoes A0. */

#include "basic/failure.h"
#include "transport/transport.h"

enum {
        HANDSHAKE_REPEAT_MS = 20,
        HANDSHAKE_ANSWER_MS = 300,
        HANDSHAKE_WINDOW_MS = 8000,  /* the longest the preloader listens, and some */
        HANDSHAKE_STRAYS_MAX = 4096, /* bytes that are neither an answer nor READY */
};

/* 0 handshake done, 1 the command loop had been entered before; -ETIMEDOUT (HandshakeTimeout);
 * -EPROTO when the other side talks nonsense; or the link's error. */
int handshake(Transport *t, unsigned window_ms, Failure *f);
