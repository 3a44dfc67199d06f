/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What a bubble says: plain text, made from what is known about a job.
 *
 * This is the only place with words for people. Everything that comes from elsewhere (names, texts
 * of failures, chips) is cleaned of control characters and of what identifies a phone here, and
 * escaped for servers that read markup when it is sent (server.c). */

#include <jansson.h>

#include "basic/cleanup.h"
#include "basic/table.h"

enum {
        CONTENT_SUMMARY_MAX = 160,
        CONTENT_BODY_MAX = 1400,
        CONTENT_REASON_MAX = 160,
        CONTENT_NOTE_MAX = 400,
};

/* the values are those of the notification specification */
typedef enum Urgency { URGENCY_LOW, URGENCY_NORMAL, URGENCY_CRITICAL } Urgency;

/* buttons; the names are the keys that come back when one is pressed */
typedef enum Button {
        BUTTON_APPROVE,
        BUTTON_REFUSE,
        BUTTON_RETRY,
        BUTTON_CANCEL,
        BUTTON_SHOW,
        _BUTTON_MAX
} Button;
DECLARE_TABLE(button, Button);
const char *button_label(Button b);

typedef struct Content {
        char summary[CONTENT_SUMMARY_MAX];
        char body[CONTENT_BODY_MAX];
        /* why it is worth popping up once more when the person has closed it: another reason than
         * the one that was closed; "" is no reason, as for mere progress */
        char reason[CONTENT_REASON_MAX];
        const char *icon, *category;
        Urgency urgency;
        int percent;      /* -1: none is shown */
        unsigned buttons; /* 1 << Button */
        bool stays;       /* until the person closes it or something else is said */
        bool final;       /* the last word about this job */
} Content;

bool content_equal(const Content *a, const Content *b);

/* Where a job stands for the person. */
typedef enum Stage {
        STAGE_QUESTION, /* may this phone be backed up? */
        STAGE_QUEUED,   /* others are first */
        STAGE_WAITING,  /* for the person */
        STAGE_SPACE,    /* for room on the disk */
        STAGE_RUNNING,
        STAGE_CHECKING,
        STAGE_LOST, /* was running when the service went away */
        STAGE_DONE,
        STAGE_GAPS, /* done, but not everything could be read */
        STAGE_FAILED,
        STAGE_INTERRUPTED,
        STAGE_CANCELED,
        _STAGE_MAX
} Stage;

typedef struct ContentSource {
        const json_t *job;    /* properties as bus-read.h makes them, with "progress" */
        const json_t *backup; /* what the job has made, NULL not known */
        const char *chip;     /* "" not known */
        const char *note;     /* what came of the button that was pressed, "" nothing */
        bool busy;            /* an answer is awaited: no buttons */
        bool details;         /* asked for */
        bool lost;            /* the service is away */
        uint64_t now;         /* µs since 1970 */
} ContentSource;

Stage content_stage(const ContentSource *s);
void content_of_job(const ContentSource *s, Content *ret);
/* The store is damaged; text is the service's sentence. */
void content_of_damage(const char *text, Content *ret);

/* A server that cannot show buttons: says the command instead, where the person has to answer. */
void content_without_buttons(Content *c, uint32_t job);

/* Copies text as it may be shown: ids shortened, control characters and those that reorder text
 * gone, cut with "…" at a whole character. */
void content_clean(const char *text, char *out, size_t size);

/* Adds to the body: some text, or a line unless it is empty. */
void content_add(Content *c, const char *format, ...) _printf_(2, 3);
void content_add_line(Content *c, const char *text);
