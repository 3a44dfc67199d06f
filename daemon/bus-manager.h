/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* org.mtkbackup1.Manager: the lists, the import of agents, reload. */

#include "daemon/bus-object.h"

int bus_add_manager(Bus *b);
/* Whether the store can be used, and why not. */
void bus_store_changed(Bus *b);
