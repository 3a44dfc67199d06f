/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What automatic backup remembers: the switch, and what was said about each phone.
 *
 * It is the file auto-backup.json in the state directory, flushed and renamed into place before
 * anybody hears of a change. Phones are known by their mark (phone_mark of phone.h), which tells
 * nothing but whether it is the same phone. A file that cannot be understood is put aside, and then
 * nothing is switched and nobody has agreed: the safe side. */

#include "daemon/phone.h"
#include "daemon/policy.h"

enum {
        AUTO_PHONES_MAX = 4096,
        AUTO_FILE_MAX = 4 * 1024 * 1024,
};

typedef struct AutoPhone {
        char mark[PHONE_MARK_SIZE];
        char chip[32];
        char key[64];   /* device key of its newest backup, "" none yet */
        bool refused;   /* else somebody agreed */
        uid_t uid;      /* who said so */
        uint64_t since; /* µs since 1970 */

        uint64_t saved_at; /* its newest backup of this run, CLOCK_BOOTTIME µs; not in the file */
} AutoPhone;

typedef struct AutoState AutoState;

/* Reads dir/auto-backup.json; dir is duplicated. A missing file is an empty state. 1 when one that
 * could not be understood was put aside as auto-backup.json.bad. */
int auto_state_open(int dir, AutoState **ret);
AutoState *auto_state_free(AutoState *s);
DEFINE_CLEANUP(AutoState, auto_state_free)

PolicyChoice auto_state_switch(const AutoState *s);

/* Each saves; on an error nothing has changed. */
int auto_state_set_switch(AutoState *s, PolicyChoice choice);
/* Adds or replaces by mark; of too many the one that is known for longest is forgotten. */
int auto_state_put(AutoState *s, const AutoPhone *phone);
/* -ENOENT when there is none. */
int auto_state_forget(AutoState *s, const char *mark);

/* In the order in which they became known; valid until the next change. NULL: not known. */
const AutoPhone *auto_state_find(const AutoState *s, const char *mark);
size_t auto_state_count(const AutoState *s);
const AutoPhone *auto_state_at(const AutoState *s, size_t i);
