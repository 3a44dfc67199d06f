/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Content of a job: which words for which stage. */

#include <ctype.h>
#include <string.h>

#include "client/bus-read.h"
#include "client/format.h"
#include "client/job-state.h"
#include "client/notify/content.h"
#include "dbus/names.h"
#include "format/utf8.h"

enum { NAME_SIZE = 128, WORD_SIZE = 64 };

/* A member of an object as it may be shown. */
static const char *clean_text(const json_t *j, const char *key, char *out, size_t size)
{
        content_clean(object_text(j, key), out, size);
        return out;
}

/* ---- stages ---- */

Stage content_stage(const ContentSource *s)
{
        static const struct {
                const char *state;
                Stage stage;
        } states[] = {
                { STATE_WAITING_FOR_DEVICE, STAGE_WAITING },
                { STATE_WAITING_FOR_SPACE, STAGE_SPACE },
                { STATE_VERIFYING, STAGE_CHECKING },
                { STATE_FAILED, STAGE_FAILED },
                { STATE_CANCELED, STAGE_CANCELED },
                { STATE_INTERRUPTED, STAGE_INTERRUPTED },
        };
        const char *state = object_text(s->job, "state");

        if (strcmp(state, STATE_DONE) == 0)
                return strcmp(object_text(s->job, "result"), "complete-with-errors") == 0
                        ? STAGE_GAPS
                        : STAGE_DONE;
        if (strcmp(state, STATE_QUEUED) == 0 &&
                json_is_true(json_object_get(s->job, "needs_approval")))
                return STAGE_QUESTION;
        if (strcmp(state, STATE_QUEUED) == 0)
                return *object_text(s->job, "user_action") ? STAGE_WAITING : STAGE_QUEUED;
        for (size_t i = 0; i < ELEMENTS(states); i++)
                if (strcmp(state, states[i].state) == 0)
                        return s->lost && states[i].stage == STAGE_CHECKING ? STAGE_LOST
                                                                            : states[i].stage;
        return s->lost ? STAGE_LOST : STAGE_RUNNING;
}

/* How a stage looks; the words depend on the kind of the job as well. */
static const struct {
        const char *icon, *category;
        Urgency urgency;
        unsigned buttons;
        bool stays, final;
} looks[_STAGE_MAX] = {
#define B(button) (1u << BUTTON_##button)
        [STAGE_QUESTION] = { "dialog-question", "device.added", URGENCY_NORMAL,
                B(APPROVE) | B(REFUSE), .stays = true },
        [STAGE_QUEUED] = { "phone", "transfer", URGENCY_LOW, B(CANCEL), .stays = true },
        [STAGE_WAITING] = { "phone", "device", URGENCY_NORMAL, B(CANCEL), .stays = true },
        [STAGE_SPACE] = { "drive-harddisk", "transfer", URGENCY_NORMAL, B(CANCEL), .stays = true },
        [STAGE_RUNNING] = { "phone", "transfer", URGENCY_LOW, B(CANCEL) | B(SHOW), .stays = true },
        [STAGE_CHECKING] = { "phone", "transfer", URGENCY_LOW, B(CANCEL) | B(SHOW), .stays = true },
        [STAGE_LOST] = { "dialog-warning", "transfer.error", URGENCY_NORMAL, 0, .stays = true },
        [STAGE_DONE] = { "phone", "transfer.complete", URGENCY_NORMAL, B(SHOW), .final = true },
        [STAGE_GAPS] = { "dialog-warning", "transfer.error", URGENCY_CRITICAL, B(RETRY) | B(SHOW),
                .stays = true, .final = true },
        [STAGE_FAILED] = { "dialog-error", "transfer.error", URGENCY_CRITICAL, B(RETRY) | B(SHOW),
                .stays = true, .final = true },
        [STAGE_INTERRUPTED] = { "dialog-error", "transfer.error", URGENCY_CRITICAL,
                B(RETRY) | B(SHOW), .stays = true, .final = true },
        [STAGE_CANCELED] = { "phone", "transfer", URGENCY_LOW, 0, .final = true },
#undef B
};

/* Summaries by kind and stage; "@" stands for the phone. The last kind is for those of a newer
 * service. */
static const struct {
        const char *kind, *words[_STAGE_MAX];
} summaries[] = {
        { "backup",
                { "Back up this phone?", "Backup queued: @", "Waiting to back up @",
                        "No room for the backup: @", "Backing up @", "Checking the backup: @",
                        "The backup service has stopped: @", "Backup complete: @",
                        "Backup has gaps: @", "Backup failed: @", "Backup interrupted: @",
                        "Backup canceled: @" } },
        { "detect",
                { "Identify this phone?", "Identification queued: @", "Waiting to identify @",
                        "No room: @", "Identifying @", "Identifying @",
                        "The backup service has stopped: @", "Identified: @",
                        "Identified in part: @", "Identification failed: @",
                        "Identification interrupted: @", "Identification canceled: @" } },
        { "verify",
                { "Check this backup?", "Check of a backup queued", "Waiting to check a backup",
                        "No room to check a backup", "Checking a backup", "Checking a backup",
                        "The backup service has stopped", "The backup is intact",
                        "The backup is damaged", "Check of a backup failed",
                        "Check of a backup interrupted", "Check of a backup canceled" } },
        { "",
                { "May this phone be used?", "Job queued: @", "Waiting for @", "No room: @",
                        "Working on @", "Checking: @", "The backup service has stopped: @",
                        "Done: @", "Done with errors: @", "Failed: @", "Interrupted: @",
                        "Canceled: @" } },
};

/* ---- words ---- */

/* In summaries it is short, since many servers cut them. */
static void name_phone(const ContentSource *s, char *out, size_t size)
{
        char port[WORD_SIZE], chip[WORD_SIZE];

        clean_text(s->job, "device", port, sizeof(port));
        content_clean(s->chip, chip, sizeof(chip));
        if (*port && *chip)
                snprintf(out, size, "%s, port %s", chip, port);
        else if (*port)
                snprintf(out, size, "a phone at port %s", port);
        else
                snprintf(out, size, "%s", *chip ? chip : "a phone");
}

static void summarize(const ContentSource *s, Stage stage, Content *c)
{
        const char *kind = object_text(s->job, "kind");
        char phone[CONTENT_SUMMARY_MAX], text[2 * CONTENT_SUMMARY_MAX];
        size_t k = 0;

        while (k + 1 < ELEMENTS(summaries) && strcmp(summaries[k].kind, kind) != 0)
                k++;
        const char *words = summaries[k].words[stage], *at = strchr(words, '@');
        name_phone(s, phone, sizeof(phone));
        if (at)
                snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - words), words, phone, at + 1);
        else
                snprintf(text, sizeof(text), "%s", words);
        text[0] = (char)toupper((unsigned char)text[0]);
        utf8_copy(c->summary, sizeof(c->summary), text);
}

static void say_left(const ContentSource *s, const json_t *progress, Content *c)
{
        uint64_t end = format_parse_rfc3339(object_text(progress, "expected_end_time"));

        if (end <= s->now)
                return;
        uint64_t minutes = (end - s->now) / 60000000;
        if (minutes == 0)
                content_add_line(c, "Less than a minute left.");
        else if (minutes < 60)
                content_add(c, "\nAbout %u min left.", (unsigned)minutes + 1);
        else
                content_add(c, "\nAbout %u h %u min left.",
                        (unsigned)MIN(minutes / 60, UINT64_C(9999)), (unsigned)(minutes % 60));
}

static void say_progress(const ContentSource *s, Stage stage, Content *c)
{
        const json_t *p = json_object_get(s->job, "progress");
        char item[WORD_SIZE], doing[WORD_SIZE], done[FORMAT_MAX], total[FORMAT_MAX],
                rate[FORMAT_MAX];
        uint64_t of = object_number(p, "item_count");

        content_clean(stage == STAGE_CHECKING ? "reading it back from the disk" : job_doing(s->job),
                doing, sizeof(doing));
        clean_text(p, "item", item, sizeof(item));
        bool reading = strcmp(doing, "reading") == 0 || strcmp(doing, "checking") == 0;
        if (object_number(p, "bytes_total") > 0) {
                double fraction = json_number_value(json_object_get(p, "progress"));
                c->percent = fraction >= 1 ? 100 : fraction > 0 ? (int)(fraction * 100) : 0;
                content_add(c, "%s%d %%: %s", *c->body ? "\n" : "", c->percent, doing);
        } else {
                doing[0] = (char)toupper((unsigned char)doing[0]);
                content_add_line(c, doing);
        }
        if (reading && *item)
                content_add(c, " %s", item);
        if (reading && *item && of > 1)
                content_add(c, " (%u of %u)", (unsigned)object_number(p, "item_index") + 1,
                        (unsigned)of);
        say_left(s, p, c);
        if (s->details && object_number(p, "bytes_total") > 0)
                content_add(c, "\n%s of %s, %s/s",
                        format_size(object_number(p, "bytes_done"), done),
                        format_size(object_number(p, "bytes_total"), total),
                        format_size(object_number(p, "rate"), rate));
}

static void say_backup(const ContentSource *s, Content *c)
{
        char id[WORD_SIZE], size[FORMAT_MAX], fresh[FORMAT_MAX];

        clean_text(s->job, "backup", id, sizeof(id));
        if (s->backup)
                content_add(c, "\n%u partitions, %s, of which %s were new. %s",
                        (unsigned)object_number(s->backup, "part_count"),
                        format_size(object_number(s->backup, "size"), size),
                        format_size(object_number(s->backup, "new_bytes"), fresh),
                        strcmp(object_text(s->backup, "verified"), "ok") == 0 ? "Checked: ok."
                                                                              : "");
        if (*id)
                content_add(c, "\nAll about it: mtkbackupctl show %s", id);
}

static void say_done(const ContentSource *s, Content *c)
{
        const json_t *p = json_object_get(s->job, "progress");
        uint64_t start = format_parse_rfc3339(object_text(s->job, "started_at")),
                 end = format_parse_rfc3339(object_text(s->job, "finished_at"));
        const char *kind = object_text(s->job, "kind");
        char size[FORMAT_MAX], took[FORMAT_MAX];

        format_size(object_number(p, "bytes_done"), size);
        format_duration(end > start && start ? (end - start) / 1000000 : 0, took);
        if (strcmp(kind, "backup") == 0)
                content_add(
                        c, "%s saved and checked in %s. The phone can be unplugged.", size, took);
        else if (strcmp(kind, "verify") == 0)
                content_add(c, "%s checked in %s.", size, took);
}

static void say_failure(const ContentSource *s, Content *c)
{
        char text[CONTENT_NOTE_MAX];
        uint64_t status = object_number(s->job, "error_status");

        content_add_line(c, clean_text(s->job, "error_message", text, sizeof(text)));
        content_add_line(c, clean_text(s->job, "error_hint", text, sizeof(text)));
        if (!s->details)
                return;
        const char *name = strrchr(clean_text(s->job, "error_name", text, sizeof(text)), '.');
        content_add_line(c, name ? name + 1 : text);
        if (*object_text(s->job, "phase"))
                content_add(c, " during %s", clean_text(s->job, "phase", text, sizeof(text)));
        if (status)
                content_add(c, ", the phone's status 0x%llx", (unsigned long long)status);
        content_add(
                c, "\nAll about it: mtkbackupctl job %u", (unsigned)object_number(s->job, "id"));
}

/* Which job it is; the person's own name for it stands in quotes, so that it cannot pass for our
 * words. */
static void say_which(const ContentSource *s, Content *c)
{
        char name[NAME_SIZE], profile[WORD_SIZE];

        clean_text(s->job, "name", name, sizeof(name));
        clean_text(s->job, "profile", profile, sizeof(profile));
        content_add(c, "%s%sob %u", *c->body ? "\n" : "",
                json_is_true(json_object_get(s->job, "automatic")) ? "Automatic backup, j" : "J",
                (unsigned)object_number(s->job, "id"));
        if (*name)
                content_add(c, " “%s”", name);
        if (*profile)
                content_add(c, ", profile %s", profile);
}

static void say_stage(const ContentSource *s, Stage stage, Content *c)
{
        char phone[CONTENT_SUMMARY_MAX];

        switch (stage) {
        case STAGE_QUESTION:
                name_phone(s, phone, sizeof(phone));
                content_add(c,
                        "This phone (%s) has never been backed up here. Only a phone that you "
                        "agree to is read.",
                        phone);
                return;
        case STAGE_QUEUED: content_add_line(c, "It starts when its turn comes."); return;
        case STAGE_RUNNING:
        case STAGE_CHECKING: say_progress(s, stage, c); return;
        case STAGE_LOST:
                content_add_line(c,
                        "Jobs that wait go on when it is back; one that was being worked on "
                        "ends as interrupted.");
                return;
        case STAGE_DONE: say_done(s, c); return;
        case STAGE_CANCELED: content_add_line(c, "Earlier backups are as they were."); return;
        default: say_failure(s, c); return;
        }
}

void content_of_job(const ContentSource *s, Content *ret)
{
        Stage stage = content_stage(s);
        char action[CONTENT_NOTE_MAX];
        Content c = {
                .icon = looks[stage].icon,
                .category = looks[stage].category,
                .urgency = looks[stage].urgency,
                .buttons = s->busy ? 0 : looks[stage].buttons,
                .stays = looks[stage].stays,
                .final = looks[stage].final,
                .percent = -1,
        };

        summarize(s, stage, &c);
        clean_text(s->job, "user_action", action, sizeof(action));
        /* what has to be done about a question is to press one of its buttons */
        bool helps = *action && !c.final && stage != STAGE_LOST && stage != STAGE_QUESTION;
        if (helps)
                content_add_line(&c, action);
        content_add_line(&c, s->note);
        say_stage(s, stage, &c);
        if (s->details && (stage == STAGE_DONE || stage == STAGE_GAPS))
                say_backup(s, &c);
        say_which(s, &c);

        if (!json_is_true(json_object_get(s->job, "cancelable")))
                c.buttons &= ~(1u << BUTTON_CANCEL);
        if (s->details || (stage == STAGE_DONE && !*object_text(s->job, "backup")))
                c.buttons &= ~(1u << BUTTON_SHOW);
        if (helps)
                c.urgency = MAX(c.urgency, URGENCY_NORMAL);
        if (c.final || stage == STAGE_QUESTION || stage == STAGE_LOST || stage == STAGE_SPACE)
                snprintf(c.reason, sizeof(c.reason), "%s", summaries[0].words[stage]);
        else if (helps)
                utf8_copy(c.reason, sizeof(c.reason), action);
        *ret = c;
}
