/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The daemon on the system bus: org.mtkbackup1.
 *
 * Lives without a bus as well: when the connection is lost jobs go on, and it is tried again, at
 * first at once and then less and less often. Everything below may be called at any time and does
 * nothing while there is no connection; who connects later reads properties. */

#include "daemon/manager.h"

typedef struct Bus Bus;

int bus_new(Manager *m, Bus **ret);
Bus *bus_free(Bus *b);
DEFINE_CLEANUP(Bus, bus_free)
/* Connects and takes the name. The program ends when somebody else has it. */
void bus_start(Bus *b);
/* The daemon ends: calls that a keeper still answers are broken off. */
void bus_stop(Bus *b);
/* So that the last signals arrive; may wait for the bus, for the end of the program only. */
void bus_flush(Bus *b);
