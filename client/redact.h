/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What identifies a phone, shortened to its first four characters and "…". */

#include "client/format.h"

/* A value that identifies a phone; out may be the input. A value that is short anyway stays. */
const char *redact_value(const char *value, char out[static FORMAT_MAX]);
/* true for the members of objects that hold such values: "imei", "serial", "cid", … */
bool redact_identifies(const char *key);
/* A sentence: every word in it that looks like an IMEI, a serial number or the id of a chip is
 * shortened. Names, sizes, addresses, times and the ids of backups stay. To be freed; NULL when out
 * of memory. */
char *redact_text(const char *text);
