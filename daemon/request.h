/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What a caller may put into a job: lengths, characters, which option needs which. */

#include "daemon/job.h"

/* The options that are one text each; NULL or empty: not given. */
typedef struct RequestTexts {
        const char *port, *name, *backup, *level, *chip;
} RequestTexts;

/* Fills *ret (job_request_done) from texts; takes *partitions over when it is used. -EINVAL with f:
 * InvalidOption, or NoSuchProfile for a name that no profile can have. */
int request_fill(JobRequest *ret, JobKind kind, const char *profile, const RequestTexts *texts,
        char ***partitions, Failure *f);
