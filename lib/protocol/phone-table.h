/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The partition table of a phone, read through its agent. */

#include "format/gpt.h"
#include "protocol/session.h"

typedef struct PhoneTable {
        Layout *layout; /* regions of the storage; parts of the table, if there is one */
        GptFacts gpt;
        const char *source; /* "gpt", "gpt-backup", "pmt", "mbr", "agent", "none" */
        char problem[160];  /* what is wrong with the phone's own table, or "" */
} PhoneTable;

/* Reads both ends of the user area and makes sense of them. Where that gives nothing the agent is
 * asked for the partitions it knows; the problem stays one. A phone without a usable table is no
 * error: the layout then has regions only, and problem says why. 0; an error of the session;
 * -ENOMEM. Done in every case with phone_table_done. */
int phone_table_read(DaSession *s, PhoneTable *ret, Failure *f);
void phone_table_done(PhoneTable *t);
