/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The part of the dispatcher that backs phones up by itself: asks policy.h, does what it decides. */

#include "daemon/manager.h"

/* ret_by may be NULL. */
bool dispatch_auto_enabled(const Manager *m, PolicySource *ret_by);
/* CHOICE_NONE: the configuration decides again. An error of saving, with f (StoreFailed). */
int dispatch_auto_switch(Manager *m, PolicyChoice choice, Failure *f);

/* Somebody agrees that the job's phone is backed up, now and later; the job becomes his. Nothing
 * happens when it was approved already. -EINVAL for a job that was not made automatically or has
 * ended, or the error of saving; with f. */
int dispatch_auto_approve(Manager *m, Job *j, uid_t uid, Failure *f);
