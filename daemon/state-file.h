/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What the daemon remembers across its runs: a JSON object a file in the state directory, replaced
 * as a whole. What cannot be understood is put aside, never guessed at and never lost. */

#include <jansson.h>

#include "basic/cleanup.h"

typedef struct StateFile {
        const char *name; /* "queue.json" */
        size_t size_max;  /* bytes of the file */
        int version;      /* member "version" of the object */
        /* Takes the object apart. 0; -EBADMSG when it makes no sense; other errors pass through. */
        int (*read)(void *userdata, const json_t *root);
} StateFile;

/* 0, also when there is none; 1 when it could not be understood and is called NAME.bad now: what
 * read has done by then is the caller's to undo. Else a negative errno. */
int state_file_load(int dir, const StateFile *file, void *userdata);
/* Flushes and renames into place. Takes root; NULL is -ENOMEM. */
int state_file_save(int dir, const StateFile *file, json_t *root);
