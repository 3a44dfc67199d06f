/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Every name the outside knows, in one place for daemon and client. Major version 1 only grows. */

#define BUS_NAME "org.mtkbackup1"
#define BUS_NAME_NOTIFY "org.mtkbackup1.Notify" /* the agent, on the bus of a session */
#define PATH_MANAGER "/org/mtkbackup1"
#define PATH_DEVICES "/org/mtkbackup1/device" /* + "/" + sd_bus_path_encode(port) */
#define PATH_JOBS "/org/mtkbackup1/job"       /* + "/_" + id */
#define PATH_BACKUPS "/org/mtkbackup1/backup" /* + "/" + sd_bus_path_encode(id) */

#define IFACE_MANAGER "org.mtkbackup1.Manager"
#define IFACE_DEVICE "org.mtkbackup1.Device"
#define IFACE_JOB "org.mtkbackup1.Job"
#define IFACE_JOB_PROGRESS "org.mtkbackup1.JobProgress"
#define IFACE_BACKUP "org.mtkbackup1.Backup"
#define ERROR_PREFIX "org.mtkbackup1.Error." /* + error_to_string() of basic/failure.h */

#define ACTION_BACKUP "org.mtkbackup1.backup"
#define ACTION_DETECT "org.mtkbackup1.detect"
#define ACTION_CANCEL "org.mtkbackup1.cancel"
#define ACTION_CANCEL_OTHER "org.mtkbackup1.cancel-other"
#define ACTION_READ_OTHER "org.mtkbackup1.read-other"
#define ACTION_CONFIGURE "org.mtkbackup1.configure"
#define ACTION_IMPORT_AGENT "org.mtkbackup1.import-agent"
#define ACTION_EXPORT "org.mtkbackup1.export"
#define ACTION_DELETE "org.mtkbackup1.delete"

/* Job.State */
#define STATE_QUEUED "queued"
#define STATE_WAITING_FOR_DEVICE "waiting-for-device"
#define STATE_WAITING_FOR_SPACE "waiting-for-space"
#define STATE_RUNNING "running"
#define STATE_PAUSED "paused"
#define STATE_VERIFYING "verifying"
#define STATE_DONE "done"
#define STATE_FAILED "failed"
#define STATE_CANCELED "canceled"
#define STATE_INTERRUPTED "interrupted"

/* exit codes of mtkbackupctl */
enum {
        EXIT_OK = 0,
        EXIT_GENERAL = 1,
        EXIT_USAGE = 2,
        EXIT_INCOMPLETE = 3, /* saved, but with errors in it */
        EXIT_NOTHING = 4,    /* nothing to do */
        EXIT_NOT_FOUND = 5,
        EXIT_NOT_AUTHORIZED = 6,
        EXIT_UNREACHABLE = 7,
        EXIT_NO_DEVICE = 8, /* no phone in time */
        EXIT_MISMATCH = 9,  /* verification found damage */
        EXIT_CANCELED = 10,
        EXIT_INTERRUPTED = 130, /* ^C: the job goes on */
};
