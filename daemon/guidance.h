/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What a person has to do so that a waiting job gets its phone: the text of UserAction.
 *
 * Everything that is known is looked at, the most certain first: a phone at the port that cannot be
 * used, one that had the same already, one that is let start, one that is switched on; then what is
 * missing on this side; then what is to be done with any phone. */

#include "daemon/manager.h"

void guidance_for(const Manager *m, const Job *j, char *out, size_t size);
