/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/work.h"

#include <stdarg.h>
#include <string.h>

#include "basic/log.h"

void work_schedule(Manager *m)
{
        if (sd_event_source_set_enabled(m->dispatch, SD_EVENT_ONESHOT) < 0)
                log_error("Cannot schedule work");
}

void work_log(Manager *m, Job *j, unsigned level, const char *format, ...)
{
        char text[FAILURE_TEXT_MAX];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(text, sizeof text, format, arguments);
        va_end(arguments);
        log_write((int)MIN(level, (unsigned)LOG_DEBUG), "Job %u: %s", j->id, text);
        if (level < LOG_DEBUG)
                queue_log(m->queue, j, level, text);
}

void work_move(Manager *m, Job *j, JobState to, const char *result)
{
        int r = queue_move(m->queue, j, to, result, manager_now(m));

        if (r < 0)
                log_error("Job %u: %s is not saved: %s", j->id, job_state_to_string(to),
                        strerror(-r));
}

void work_fail(Manager *m, Job *j, const Failure *f)
{
        j->failure = *f;
        work_move(m, j, JOB_FAILED, NULL);
        work_schedule(m);
}

void work_set_action(Manager *m, Job *j, const char *text)
{
        if (strcmp(j->action, text) == 0)
                return;
        snprintf(j->action, sizeof j->action, "%s", text);
        queue_changed(m->queue, j, JOB_CHANGED_ACTION);
}
