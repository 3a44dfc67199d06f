/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A finished backup is handed on by whatever the administrator has made of the unit
 * mtkbackup-committed@.service. */

#include "daemon/bus-object.h"

/* Asks the service manager to start the unit, and does not wait for it. */
void bus_hand_over(Bus *b, const char *id);
