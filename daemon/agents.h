/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The download agents the user has imported.
 *
 * An agent file is a container with entries for several chips. It belongs to its maker and is never
 * shipped; the user imports it once and it is kept as agents/<id>-<name>.bin in the state
 * directory, id being the first 16 digits of its SHA-256. Foreign bytes are not parsed here: a
 * keeper reads, checks and copies a file and says what is in it, at the import and again at every
 * start. */

#include "daemon/agent.h"
#include "daemon/operation.h"

enum {
        AGENTS_MAX = 64,
        AGENT_IMPORTS_MAX = 4, /* at a time */
};

typedef struct Agents Agents;

/* state_dir: the agents directory is made in it. changed: the list is another one, or complete. */
int agents_new(sd_event *event, const HelperSetup *setup, int state_dir,
        void (*changed)(void *userdata), void *userdata, Agents **ret);
Agents *agents_free(Agents *a);
DEFINE_CLEANUP(Agents, agents_free)

/* Looks at every file in the directory, one after the other. */
int agents_load(Agents *a);
/* What is in the directory is known. */
bool agents_ready(const Agents *a);

size_t agents_count(const Agents *a);
const Agent *agents_at(const Agents *a, size_t i);
/* Some imported agent has an entry for the chip, whatever its versions. */
bool agents_have(const Agents *a, const AgentWanted *w);
/* The best one by agent_grade, or NULL; among equals the one imported last. */
const Agent *agents_pick(const Agents *a, const AgentWanted *w);
/* The preloader whose name fits the pattern; with "auto" the only one there is. *ret_n: how many
 * would do, when it is not one. */
const Agent *agents_pick_preloader(const Agents *a, const char *pattern, size_t *ret_n);
/* Descriptor or negative errno. */
int agents_open(const Agents *a, const Agent *agent);

/* f NULL: it is in the list now. */
typedef void (*AgentImported)(void *userdata, const Agent *agent, const Failure *f);
/* Copies and checks the file; the answer comes through `imported` unless this returns an error. */
int agents_import(
        Agents *a, const char *name, int file, AgentImported imported, void *userdata, Failure *f);
