/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What the service manager is told of the service. */

#include "daemon/manager.h"

/* It is up: the bus name is there, or there is no bus for now. */
void status_ready(Manager *m);
/* The line that systemctl status shows. */
void status_update(Manager *m);
