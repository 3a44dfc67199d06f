/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* One JSON object for people: "Label:  value", a line a member. Members that are absent, null or
 * empty are left out. */

#include "client/columns.h"

void details_print(const Column *rows, json_t *object);
