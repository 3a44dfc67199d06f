/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What everybody who works on jobs does to them: each step is told to the journal, to the queue's file
 * and to who listens to the queue, and afterwards there may be something else to do. */

#include "daemon/manager.h"

/* Has the dispatcher look for work at the end of this turn of the loop. */
void work_schedule(Manager *m);
/* A line of a job's log. */
void work_log(Manager *m, Job *j, unsigned level, const char *format, ...) _printf_(4, 5);
/* As queue_move, now; a queue that cannot be saved is logged. */
void work_move(Manager *m, Job *j, JobState to, const char *result);
void work_fail(Manager *m, Job *j, const Failure *f);
/* What the person must do now, "" nothing. */
void work_set_action(Manager *m, Job *j, const char *text);
