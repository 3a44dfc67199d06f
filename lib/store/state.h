/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What is known about a backup since it was made: <id>.state.json beside its folder.
 *
 * It is replaced as a whole and may be lost without loss of data. A "check" over the rest tells a
 * damaged one from a valid one. */

#include "store/names.h"

typedef enum Verified { VERIFIED_NEVER, VERIFIED_OK, VERIFIED_DAMAGED, _VERIFIED_MAX } Verified;
const char *verified_to_string(Verified verified); /* "", "ok", "damaged" */
int verified_from_string(const char *name);

typedef struct State {
        Verified verified;
        int64_t verified_at; /* seconds since 1970 */
        char level[16];      /* commit, structure, data */
        uint64_t damaged;    /* places found damaged */
        bool pinned;
        char note[160];
} State;

/* Reads the state of a backup from the folder of its device. No state is a state: 0 and VERIFIED_NEVER
 * when there is none; -EBADMSG when it is damaged (*ret is empty then). */
int state_read(int device, const char *id, State *ret);
int state_write(int device, const char *id, const State *s);
/* The name of the file; out holds BACKUP_ID_SIZE + 11 bytes. */
void state_file(const char *id, char *out);
