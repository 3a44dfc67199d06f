/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What a caller may put into a job: lengths, characters, which option needs which. */

#include "daemon/job.h"

/* Fills *ret (job_request_done) from texts that may be NULL; takes *partitions over when it is used.
 * An empty name, port or level is one that was not given. -EINVAL with f: InvalidOption, or
 * NoSuchProfile for a name that no profile can have. */
int request_fill(JobRequest *ret, JobKind kind, const char *profile, const char *port,
        const char *name, const char *backup, const char *level, char ***partitions, Failure *f);
