/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The part of the dispatcher that backs phones up by itself.
 *
 * A phone for which no job waits is spoken to all the same while automatic backup is on. When it has
 * said who it is, policy.h decides, and the decision becomes a job like any other: one that the
 * session takes at once, or one that nobody works on before somebody has agreed to it. */

#include "daemon/manager.h"

/* ret_by may be NULL. */
bool dispatch_auto_enabled(const Manager *m, PolicySource *ret_by);
/* CHOICE_NONE: the configuration decides again. An error of saving, with f (StoreFailed). */
int dispatch_auto_switch(Manager *m, PolicyChoice choice, Failure *f);

/* Whether the phone that is there is to be asked who it is. */
bool dispatch_auto_wants(const Manager *m, const Device *d);

typedef enum AutoStep {
        AUTO_LEAVE,    /* let it go; why says the reason to people */
        AUTO_WAIT,     /* look again later; why may say what for */
        AUTO_IDENTIFY, /* start the download agent, then look again */
        AUTO_BACK_UP,  /* a job was queued for it */
} AutoStep;
/* What a session without any job does with a phone that has said what it is. */
AutoStep dispatch_auto_step(Manager *m, Session *s, char *why, size_t size);
/* The profile that would be used, or NULL. */
const Profile *dispatch_auto_profile(const Manager *m, const Phone *phone);

/* Somebody agrees that the job's phone is backed up, now and later; the job becomes his. Nothing
 * happens when it was approved already. -EINVAL for a job that was not made automatically or has
 * ended, or the error of saving; with f. */
int dispatch_auto_approve(Manager *m, Job *j, uid_t uid, Failure *f);
/* Somebody does not want the phone of a job that needs approval to be backed up automatically. The
 * job has still to be cancelled. 0 or the error of saving, with f. */
int dispatch_auto_refuse(Manager *m, const Job *j, uid_t uid, Failure *f);
/* The phone is unknown from now on. -ENOENT or the error of saving, with f. */
int dispatch_auto_forget(Manager *m, const char *mark, Failure *f);
/* Looks at a job that needs approval: false while it waits for somebody to agree. */
bool dispatch_auto_ask(Manager *m, Job *j);

/* A backup of this phone is in place. */
void dispatch_auto_saved(
        Manager *m, const Job *j, const char *mark, const char *chip, const char *device_key);
/* And it is all that automatic backup would have read, and was found good on the disk: none is due
 * for a while, whatever the clock says. */
void dispatch_auto_recent(Manager *m, const char *mark);
