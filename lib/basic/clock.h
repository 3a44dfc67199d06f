/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The monotonic clock in microseconds, and deadlines on it. */

#include <stdint.h>
#include <time.h>

static inline uint64_t clock_usec(void)
{
        struct timespec ts;

        clock_gettime(CLOCK_MONOTONIC, &ts);
        return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}
static inline uint64_t deadline_after_ms(unsigned ms)
{
        return clock_usec() + (uint64_t)ms * 1000;
}
/* Milliseconds until a deadline, rounded up so that a wait never ends early; 0 when it has passed. */
static inline unsigned deadline_left_ms(uint64_t deadline)
{
        uint64_t now = clock_usec();

        return now >= deadline ? 0 : (unsigned)((deadline - now + 999) / 1000);
}
