/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The messages that an operator should not miss.
 *
 * In the journal each has an id, by which "journalctl -x" explains it (systemd/mtkbackup.catalog) and
 * a program can wait for it, and fields: MTKBACKUP_JOB, MTKBACKUP_BACKUP, MTKBACKUP_PORT,
 * MTKBACKUP_ERROR, MTKBACKUP_HINT where they mean something. When the program does not write to the
 * journal they are lines like any other. */

#include "daemon/job.h"

typedef enum Event {
        EVENT_BACKUP_DONE,
        EVENT_JOB_FAILED, /* with a cause that has no event of its own */
        EVENT_NO_AGENT,
        EVENT_PHONE_REFUSED,
        EVENT_STORE_FULL,
        EVENT_HELPER_CRASHED,
        EVENT_INTERRUPTED,
        EVENT_STORE_DAMAGED,
        EVENT_NO_ACCESS, /* to a phone's USB node */
        EVENT_AUTO_SWITCHED,
        _EVENT_MAX
} Event;

/* 32 hexadecimal digits, for ever. */
const char *event_id(Event e);

typedef struct EventFields {
        const Job *job;
        const char *backup, *port;
} EventFields;

/* level: as for log_write. fields: NULL or partly filled. */
void event_log(Event e, int level, const EventFields *fields, const char *format, ...)
        _printf_(4, 5);
/* The job has reached its final state: says so, and why. */
void event_job_ended(const Job *j);
