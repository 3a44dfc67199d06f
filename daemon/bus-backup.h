/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* org.mtkbackup1.Backup, and what the store tells of its backups. */

#include "daemon/bus-object.h"

int bus_add_backups(Bus *b);
extern const BackupEvents bus_backup_events; /* userdata: the Bus */
