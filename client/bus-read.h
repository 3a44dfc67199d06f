/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What the service says, as JSON.
 *
 * Objects of the service become JSON objects: one member a property, named in lower case with
 * underscores (StartedByUID: started_by_uid), times as RFC 3339 text or null, USB and hardware ids
 * as "0x…" text. Nothing here prints or calls: it serves every program that listens. */

#include <jansson.h>
#include <systemd/sd-bus.h>

#include "basic/cleanup.h"

#define _cleanup_json_ _cleanup_(json_decrefp)
#define _cleanup_message_ _cleanup_(sd_bus_message_unrefp)

/* Reads an answer of GetManagedObjects into the array: the objects with this interface, oldest
 * first. 0 or a negative errno. */
int bus_read_objects(sd_bus_message *m, const char *interface, json_t *list);
/* Reads the a{sa{sv}} at m into the object j, properties of JobProgress as its "progress". 1 when
 * the wanted interface was there, 0 when not, or a negative errno. */
int bus_read_interfaces(sd_bus_message *m, const char *interface, json_t *j);
/* Reads the a{sv} at m into the object j, as above. 0 or a negative errno. */
int bus_read_properties(sd_bus_message *m, json_t *j);
/* Reads any complete value at m. 0 or a negative errno. */
int bus_read_value(sd_bus_message *m, json_t **ret);

/* Path of the object of a job, a backup; NULL when out of memory. */
char *bus_job_path(uint32_t id);
char *bus_backup_path(const char *id);

/* Every object of a list has an id; that of a device is its port. */
void object_complete(json_t *j);
/* Member of an object as text or number; "" and 0 where it is absent. */
const char *object_text(const json_t *j, const char *key);
uint64_t object_number(const json_t *j, const char *key);
