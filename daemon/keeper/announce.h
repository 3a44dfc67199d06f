/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Telling the daemon about a backup: BACKUP for one that exists, COMMITTED for a new one. */

#include "daemon/keeper/control.h"
#include "store/backup.h"

void announce_backup(Control *c, const char *type, const Manifest *m, const State *state);
void announce_removed(Control *c, const char *id);
/* part NULL: the backup as a whole */
void announce_damage(Control *c, const char *id, const char *part, uint64_t offset, uint64_t size,
        const char *text);
