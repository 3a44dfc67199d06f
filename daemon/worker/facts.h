/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What is known about a phone, as messages (wire/verbs.h): to the daemon piece by piece as it
 * becomes known, to a keeper as a whole. */

#include "protocol/phone-table.h"
#include "protocol/session.h"
#include "wire/message.h"

enum {
        FACTS_TEXT_MAX = 128,
        FACTS_TABLE_CHECKS = 4,       /* about the table's copies */
        FACTS_LAYOUT_CHECKS_MAX = 32, /* doubts about what it says; the last tells how many more */
};

typedef struct Facts {
        BootIdentity identity;
        const Chip *chip;     /* NULL unknown */
        const char *protocol; /* of the agent that runs, NULL none yet */
        StorageInfo storage;
        PhoneTable table;
        char agent_name[FACTS_TEXT_MAX], agent_sha256[65], agent_version[65];
} Facts;

void facts_identity(Message *m, const Facts *f);
/* kind as in wire/verbs.h */
void facts_need_agent(Message *m, const Facts *f, const char *kind);
void facts_storage(Message *m, const Facts *f);
void facts_region(Message *m, const Facts *f, const Region *r);
void facts_all(Message *m, const Facts *f);
void facts_part(Message *m, const Facts *f, const Partition *p);
/* Fills the next check: false when there is none any more. i counts from 0. */
bool facts_check(Message *m, const Facts *f, size_t i);
