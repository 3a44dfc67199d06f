/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/progress.h"

#include <string.h>

void progress_reset(Progress *p)
{
        *p = (Progress){ 0 };
}

static void forget_samples(Progress *p)
{
        p->n_samples = p->first = 0;
}

static unsigned newest(const Progress *p)
{
        return (p->first + p->n_samples - 1) % PROGRESS_SAMPLES;
}

void progress_set(Progress *p, uint64_t done, uint64_t total, uint64_t now)
{
        if (total > 0 && done > total)
                done = total;
        if (done < p->done)
                forget_samples(p);
        p->done = done;
        p->total = total;

        if (p->n_samples > 0 && now - p->samples[newest(p)].at < PROGRESS_SAMPLE_USEC)
                return;
        if (p->n_samples == PROGRESS_SAMPLES) {
                p->first = (p->first + 1) % PROGRESS_SAMPLES;
                p->n_samples--;
        }
        p->n_samples++;
        p->samples[newest(p)].at = now;
        p->samples[newest(p)].done = done;
}

double progress_fraction(const Progress *p)
{
        return p->total == 0 ? 0.0 : (double)p->done / (double)p->total;
}

uint64_t progress_rate(const Progress *p)
{
        if (p->n_samples < 2)
                return 0;
        uint64_t usec = p->samples[newest(p)].at - p->samples[p->first].at;
        uint64_t bytes = p->samples[newest(p)].done - p->samples[p->first].done;
        if (usec == 0)
                return 0;
        return (uint64_t)((double)bytes * 1e6 / (double)usec);
}

uint64_t progress_expected_end(const Progress *p, uint64_t now_realtime)
{
        uint64_t rate = progress_rate(p);
        if (rate == 0 || p->total == 0)
                return 0;
        double left = (double)(p->total - p->done) * 1e6 / (double)rate;
        /* beyond a year it is no information, and the sum must not wrap */
        if (left > 366.0 * 86400 * 1e6)
                return 0;
        return now_realtime + (uint64_t)left;
}
