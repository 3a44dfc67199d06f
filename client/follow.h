/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Following jobs until they have a result.
 *
 * A Follow listens to the service's signals and shows what happens: on a terminal a progress line
 * that is drawn over and over, elsewhere one line an item, with --json one object a line. It only
 * looks on: ^C ends the looking, not the job, and so does a service that goes away. */

#include "client/bus.h"
#include "client/job-state.h"

typedef struct Follow Follow;

/* Subscribes; from here on no signal is missed. 0 or an exit code. */
int follow_new(sd_bus *bus, Follow **ret);
Follow *follow_free(Follow *f);
DEFINE_CLEANUP(Follow, follow_free)

/* Adds one job. 0 or an exit code (there is no such job). */
int follow_add(Follow *f, uint32_t id);
/* Adds what is queued or running, now and later. Number of jobs, or a negative exit code. */
int follow_add_all(Follow *f);
/* Cancels a followed job for which no phone has appeared after this time. */
void follow_set_timeout(Follow *f, uint64_t seconds);

/* Returns when every followed job has its result, with the exit code of the worst; or
 * EXIT_INTERRUPTED, EXIT_UNREACHABLE, EXIT_NO_DEVICE. */
int follow_run(Follow *f);
