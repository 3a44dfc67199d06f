/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* How far a job is, and how fast.
 *
 * Bytes come from the keeper, at most ten times a second. The rate is that of the last few
 * seconds, so that a slow beginning does not spoil the expected end for the rest of the job; bytes
 * that were not read (zero regions, resumed parts) may jump. All times are µs of one monotonic
 * clock except expected_end(), which is given the time of day. */

#include "basic/cleanup.h"

enum {
        PROGRESS_SAMPLES = 16,
        PROGRESS_SAMPLE_USEC = 500 * 1000, /* one sample at most this often: a window of 8 s */
        PROGRESS_ITEM_MAX = 96,
        PROGRESS_EMIT_USEC = 250 * 1000, /* nobody is told more often than this */
};

typedef struct Progress {
        uint64_t done, total;
        char item[PROGRESS_ITEM_MAX];
        uint32_t index, count; /* index counts from 0 */
        struct {
                uint64_t at, done;
        } samples[PROGRESS_SAMPLES]; /* ring */
        unsigned n_samples, first;
} Progress;

void progress_reset(Progress *p);
/* A step back (a part is read again) forgets the samples. done is cut to total when that is known. */
void progress_set(Progress *p, uint64_t done, uint64_t total, uint64_t now);
/* 0 to 1; 0 while the total is unknown. */
double progress_fraction(const Progress *p);
/* Bytes a second over the window; 0 while nothing can be said. */
uint64_t progress_rate(const Progress *p);
/* Time of day in µs at which the rest is done, or 0 while nothing can be said. */
uint64_t progress_expected_end(const Progress *p, uint64_t now_realtime);
