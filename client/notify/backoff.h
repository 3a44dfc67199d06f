/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* How long to leave something alone that did not work: longer each time, at most a minute. */

#include <stdint.h>

typedef struct Backoff {
        unsigned failures;
} Backoff;

static inline void backoff_reset(Backoff *b)
{
        b->failures = 0;
}
/* It failed once more: µs to wait. */
static inline uint64_t backoff_next(Backoff *b)
{
        static const uint64_t seconds[] = { 1, 2, 5, 10, 30, 60 };
        const unsigned last = sizeof(seconds) / sizeof(seconds[0]) - 1;
        unsigned n = b->failures < last ? b->failures : last;

        b->failures = n + 1;
        return seconds[n] * 1000 * 1000;
}
