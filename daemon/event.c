/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/event.h"

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-journal.h>

#include "basic/log.h"

enum { FIELDS_MAX = 10, FIELD_SIZE = 2 * FAILURE_TEXT_MAX + 128 };

const char *event_id(Event e)
{
        static const char *const ids[_EVENT_MAX] = {
                [EVENT_BACKUP_DONE] = "01be68c7811b483fad85470c1fc6f7ed",
                [EVENT_JOB_FAILED] = "204510405c5b4988afe55d3dead2f155",
                [EVENT_NO_AGENT] = "5dc7e3fcc9c5443c926d161a2cefa7ac",
                [EVENT_PHONE_REFUSED] = "7c8e357a94694ecfb56e770c8ced50b7",
                [EVENT_STORE_FULL] = "5cb26028f47a4f6f8a1cd8c5573fa95a",
                [EVENT_HELPER_CRASHED] = "d132a18386e84617943575ffc68c8f22",
                [EVENT_INTERRUPTED] = "1239bbbc237e489ebb32353f3f0c15c8",
                [EVENT_STORE_DAMAGED] = "de525e4b658f482b846ad2fd28919692",
                [EVENT_NO_ACCESS] = "a89cdbb3d9a44bd0ab2dee76b0129803",
                [EVENT_AUTO_SWITCHED] = "d675c2187c5e4c69907a98cdaaffdb66",
        };

        return ids[e];
}

/* Standard error is the journal's own stream: JOURNAL_STREAM names it by device and inode. */
static bool writes_to_journal(void)
{
        const char *stream = getenv("JOURNAL_STREAM");
        unsigned long long device, inode;
        struct stat st;

        return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
                fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

typedef struct Entry {
        char text[FIELDS_MAX][FIELD_SIZE];
        struct iovec fields[FIELDS_MAX];
        int n;
} Entry;

static _printf_(2, 3) void add(Entry *e, const char *format, ...)
{
        char *text = e->text[e->n];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(text, FIELD_SIZE, format, arguments);
        va_end(arguments);
        /* a message is one line, whatever a phone put into it */
        for (char *p = text; *p; p++)
                if ((unsigned char)*p < 0x20 || *p == 0x7f)
                        *p = ' ';
        e->fields[e->n++] = (struct iovec){ .iov_base = text, .iov_len = strlen(text) };
}

static void add_text(Entry *e, const char *key, const char *value)
{
        if (value && value[0])
                add(e, "%s=%s", key, value);
}

static void send_entry(Event event, int level, const EventFields *f, const char *text)
{
        const Job *j = f->job;
        Entry e = { .n = 0 };

        add(&e, "MESSAGE=%s", text);
        add(&e, "MESSAGE_ID=%s", event_id(event));
        add(&e, "PRIORITY=%d", level);
        add(&e, "SYSLOG_IDENTIFIER=mtkbackupd");
        if (j)
                add(&e, "MTKBACKUP_JOB=%u", j->id);
        add_text(&e, "MTKBACKUP_BACKUP", f->backup ?: j ? j->backup : NULL);
        add_text(&e, "MTKBACKUP_PORT", f->port ?: j ? j->port : NULL);
        if (j && failure_is_set(&j->failure)) {
                add_text(&e, "MTKBACKUP_ERROR", error_to_string(j->failure.id));
                add_text(&e, "MTKBACKUP_HINT", j->failure.hint);
        }
        if (sd_journal_sendv(e.fields, e.n) < 0)
                log_write(level, "%s", text);
}

void event_log(Event e, int level, const EventFields *fields, const char *format, ...)
{
        char text[FIELD_SIZE - sizeof "MESSAGE="];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(text, sizeof text, format, arguments);
        va_end(arguments);
        if (writes_to_journal() && log_enabled(level))
                send_entry(e, level, fields ?: &(EventFields){ 0 }, text);
        else
                log_write(level, "%s", text);
}

/* ---- jobs ---- */

static Event event_of(const Failure *f)
{
        static const struct {
                ErrorId id;
                Event event;
        } causes[] = {
                { ERROR_NO_DOWNLOAD_AGENT, EVENT_NO_AGENT },
                { ERROR_AUTH_REQUIRED, EVENT_PHONE_REFUSED },
                { ERROR_DEVICE_REFUSED, EVENT_PHONE_REFUSED },
                { ERROR_STORE_FULL, EVENT_STORE_FULL },
                { ERROR_WORKER_CRASHED, EVENT_HELPER_CRASHED },
                { ERROR_INTERRUPTED, EVENT_INTERRUPTED },
                { ERROR_STORE_DAMAGED, EVENT_STORE_DAMAGED },
                { ERROR_VERIFY_FAILED, EVENT_STORE_DAMAGED },
        };

        for (size_t i = 0; i < ELEMENTS(causes); i++)
                if (causes[i].id == f->id)
                        return causes[i].event;
        return EVENT_JOB_FAILED;
}

void event_job_ended(const Job *j)
{
        const EventFields fields = { .job = j };
        const Failure *f = &j->failure;
        char name[2 * JOB_NAME_MAX];

        snprintf(name, sizeof name, "Job %u (%s %s)", j->id, job_kind_to_string(j->request.kind),
                j->request.profile);
        if (j->state == JOB_FAILED || j->state == JOB_INTERRUPTED)
                event_log(event_of(f), LOG_NOTICE, &fields, "%s: %s. %s%s%s", name,
                        job_state_to_string(j->state), f->text, f->hint[0] ? " " : "", f->hint);
        else if (j->state == JOB_DONE && j->request.kind == JOB_BACKUP)
                event_log(EVENT_BACKUP_DONE, LOG_NOTICE, &fields, "%s: %s, backup %s is %s", name,
                        job_state_to_string(j->state), j->backup, j->result);
        else
                log_info("%s: %s", name, job_state_to_string(j->state));
}
