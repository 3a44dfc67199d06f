/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The configuration and the profiles that are in force. */

#include "daemon/manager.h"

/* At the start. 0 or a negative errno with f. */
int settings_load(Manager *m, Failure *f);
/* Reads both anew; with a mistake in the configuration the old one stays. Likewise. */
int settings_reload(Manager *m, Failure *f);
