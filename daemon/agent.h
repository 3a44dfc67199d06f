/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* One imported download agent: what its file contains, and how well that fits a phone. */

#include "wire/message.h"

enum {
        AGENT_ENTRIES_MAX = 256,
        AGENT_NAME_MAX = 80,
        AGENT_ID_LENGTH = 16,
        AGENT_CHIPS_MAX = 64,
};

typedef struct AgentEntry {
        uint16_t hw_code; /* as in the container: the da_code of most chips, the hw_code of some */
        uint16_t hw_sub, hw_ver, sw_ver;
        char protocol[16];
} AgentEntry;

typedef struct Agent {
        char id[AGENT_ID_LENGTH + 1]; /* first digits of the sum */
        char sha256[65];
        char name[AGENT_NAME_MAX + 1];  /* of the file when it was imported, without ".bin" */
        char file[AGENT_NAME_MAX + 32]; /* in the directory of the agents */
        char description[128];
        AgentEntry *entries;
        size_t n_entries;
} Agent;

/* what a phone says about its chip, and what the chip table says of it */
typedef struct AgentWanted {
        const char *pattern; /* of the profile: "auto" or one for the names */
        uint16_t hw_code, da_code, hw_ver, sw_ver;
} AgentWanted;

Agent *agent_free(Agent *a);
DEFINE_CLEANUP(Agent, agent_free)

/* A name for the file from whatever the caller calls it: its last part without ".bin", other
 * characters than A-Za-z0-9._- replaced by '_'. Never empty, never with a leading dot. */
void agent_set_name(Agent *a, const char *name);
/* Adds what an ENTRY message says. -EBADMSG, -E2BIG, -ENOMEM. */
int agent_add_entry(Agent *a, const Message *m);
/* Keeps the sum (64 hexadecimal digits) and the id made of it; -EBADMSG. */
int agent_set_sha256(Agent *a, const char *sha256);

/* How well it fits, 0: not at all. Higher is better: exact versions, then the highest versions that
 * are not above the phone's, then any entry for the chip. Comparable between agents. */
uint64_t agent_grade(const Agent *a, const AgentWanted *w);
/* A preloader with memory settings, for phones in boot ROM mode: no agent at all. */
bool agent_is_preloader(const Agent *a);
/* Names of the chips it is for, NULL-terminated, static texts. Their number. */
size_t agent_chips(const Agent *a, const char *ret[static AGENT_CHIPS_MAX + 1]);
