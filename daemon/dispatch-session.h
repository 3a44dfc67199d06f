/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Follows a session from its start to its end: what it tells, and what that means for its job and its
 * device. */

#include "daemon/manager.h"

/* Starts a session on a free device, with a claim of this job or, NULL, of none. When that cannot be
 * done the job has failed or the device says why. */
void dispatch_session_start(Manager *m, Device *d, Job *j);
/* The phone whose agent changed its speed is back at its port. */
void dispatch_session_replug(Manager *m, Device *d);
