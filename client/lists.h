/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What "status" and the verbs that list something have in common. */

#include "client/output.h"

/* Tables of objects as bus_objects() gives them; they may add members to them for display.
 * 0 or a negative errno. */
int jobs_print(json_t *list);
int devices_print(json_t *list);
int backups_print(json_t *list);

/* A verb that lists all objects with an interface: {"<name>": […]} or a table. Exit code. */
int list_show(const char *name, const char *interface, int (*print)(json_t *list));
/* The end of a verb with such a list, which it releases. Exit code. */
int list_finish(const char *name, json_t *list, int (*print)(json_t *list));
