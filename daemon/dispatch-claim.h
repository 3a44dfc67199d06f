/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Which job has which phone.
 *
 * A job has a claim on a session before one knows whether that is the phone it is for. Each time the
 * session waits to be told something it is looked at again: the job goes on with it, or another that
 * fits, or the phone is let go and the jobs stay where they are. */

#include "daemon/manager.h"
#include "profile/chip.h"

/* A session that had the job by a guess loses it. */
void dispatch_claim(Manager *m, Session *s, Job *j);
/* The job, if there is one, gives its claim up. What becomes of the session the next look decides, by
 * when the job must no longer be one that waits. */
void dispatch_unclaim(Session *s);
/* The same, and it goes back to waiting, as if no phone had been there. */
void dispatch_give_back(Manager *m, Session *s);

/* Looks whether a waiting session can go on: with a job, or away. */
void dispatch_go_on(Manager *m, Session *s);
/* Jobs that are queued from now on mean a phone that comes after this one. */
void dispatch_left_now(Manager *m, Session *s);

/* Of the job, or of automatic backup, which looks at the phone without one; may be NULL. */
const Profile *dispatch_profile_of(Manager *m, const Session *s);
/* The phone's own chip, or what the job says to take it for; may be NULL. */
const Chip *dispatch_chip_of(const Session *s);
