/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The part of the dispatcher that follows one session: what its events mean for jobs and devices.
 * dispatch.c decides when; nothing else uses this. */

#include "daemon/manager.h"
#include "profile/chip.h"

/* Starts a session on a free device, with a claim of this job or, NULL, of none. When that cannot be
 * done the job has failed or the device says why. */
void dispatch_session_start(Manager *m, Device *d, Job *j);
/* The phone whose agent changed its speed is back at its port. */
void dispatch_session_replug(Manager *m, Device *d);
/* Looks whether a waiting session can go on: with a job, or away. */
void dispatch_session(Manager *m, Session *s);
/* The job gives its claim up. What becomes of the session the next look decides, by when the job
 * must no longer be one that waits. */
void dispatch_session_unclaim(Job *j);

/* ---- offered by dispatch.c ---- */

void dispatch_move(Manager *m, Job *j, JobState to, const char *result);
void dispatch_fail(Manager *m, Job *j, const Failure *f);
void dispatch_set_action(Manager *m, Job *j, const char *text);
/* There is a download agent for this phone, by the wish of the profile (which may be NULL). */
bool dispatch_agent_fits(const Manager *m, const Profile *p, const Phone *phone, const Chip *chip);
/* Says that there is none and what can be done; j NULL: automatic backup looks for it. */
void dispatch_missing_agent(Manager *m, const Session *s, const Job *j, Failure *f);
/* The device's session is over; it is dropped when nothing hangs on its port any more. */
void dispatch_session_gone(Manager *m, Device *d);
/* Another phone has come to the port while the session ended. */
void dispatch_reappear(Manager *m, Device *d);
