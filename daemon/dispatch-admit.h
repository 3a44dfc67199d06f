/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What is asked for before it becomes a job. */

#include "daemon/manager.h"

/* Whether the daemon could do this at all: profile, download agent, store. 0 or a negative errno
 * with f. A profile-less request of detect is always fine. */
int dispatch_admit(Manager *m, const JobRequest *request, Failure *f);
