/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A job at work with the store: one keeper and, for a backup, one busy device session beside it.
 *
 * The job's state follows what the keeper says. Its end has one cause even when several things break
 * at once: a keeper whose worker died only sees the data end, so the worker's own word is waited
 * for and put first; a keeper that finished all the same has finished. When the phone is no longer
 * needed (the keeper verifies what it wrote) the session goes on without the run. */

#include "daemon/job.h"
#include "daemon/manager.h"

typedef struct Run Run;

/* Begins a backup on a ready session, or a verification. On an error the job is untouched. */
int run_start_backup(Manager *m, Job *j, Session *s, Failure *f);
int run_start_verify(Manager *m, Job *j, Failure *f);

/* Somebody wants the job to be cancelled. */
void run_cancel(Run *r);
/* The job will be interrupted; why: static text. */
void run_stop(Run *r, const char *why);
/* The session has gone back to ready: it may be used otherwise now. */
void run_session_ready(Run *r);
/* The session has failed or is over; what s->failure says comes first. It is not touched again. */
void run_session_failed(Run *r, const Session *s);
/* Without any word to the outside, when the daemon ends at once. */
void run_free(Run *r);
