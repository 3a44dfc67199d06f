/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The client's side of the service's interface.
 *
 * Objects of the service become JSON objects: one member a property, named in lower case with
 * underscores (StartedByUID: started_by_uid), times as RFC 3339 text or null, USB and hardware ids
 * as "0x…" text. Lists and tables are made from these objects and from nothing else. Functions
 * that return an exit code have already said what went wrong. */

#include <systemd/sd-bus.h>

#include "client/output.h"
#include "dbus/names.h"

static inline void sd_bus_closep(sd_bus **bus)
{
        sd_bus_flush_close_unref(*bus);
}
#define _cleanup_bus_ _cleanup_(sd_bus_closep)
#define _cleanup_message_ _cleanup_(sd_bus_message_unrefp)

/* Connects to the system bus. 0 or an exit code. */
int bus_open(sd_bus **ret);
/* The same for verbs that need authorisation: on a terminal the person may be asked for it. */
int bus_open_asking(sd_bus **ret);
/* Asking, does the same for each of the words; the worst exit code. */
int bus_for_each(int argc, char **argv, int (*one)(sd_bus *bus, const char *word));

/* Calls a method and waits for the answer without a limit (a question may have to be answered, a
 * large file to be written). reply may be NULL. 0 or an exit code. */
int bus_call(sd_bus *bus, const char *path, const char *interface, const char *member,
        sd_bus_message **reply, const char *types, ...);
/* The same for a message that was put together by the caller. */
int bus_call_message(sd_bus *bus, sd_bus_message *m, sd_bus_message **reply);
/* A message for it. 0 or an exit code. */
int bus_method(sd_bus *bus, const char *path, const char *interface, const char *member,
        sd_bus_message **ret);

/* All objects with this interface, oldest first. 0 or an exit code. */
int bus_objects(sd_bus *bus, const char *interface, json_t **ret);
/* One object by its path. 0 or an exit code. */
int bus_object(sd_bus *bus, const char *path, const char *interface, json_t **ret);
/* Reads an answer of GetManagedObjects into the array. 0 or a negative errno. */
int bus_read_objects(sd_bus_message *m, const char *interface, json_t *list);
/* Reads the a{sv} at m into the object j, as above. 0 or a negative errno. */
int bus_read_properties(sd_bus_message *m, json_t *j);
/* Reads any complete value at m. 0 or a negative errno. */
int bus_read_value(sd_bus_message *m, json_t **ret);

/* Path of the object of a job, a backup, a device; NULL when out of memory. */
char *bus_job_path(uint32_t id);
char *bus_backup_path(const char *id);

/* Member of an object as text or number; "" and 0 where it is absent. */
const char *object_text(const json_t *j, const char *key);
uint64_t object_number(const json_t *j, const char *key);

/* The whole id of a backup: as given, from a unique beginning, or "latest". 0 or an exit code. */
int backup_resolve(sd_bus *bus, const char *word, char **ret);
/* Number of a job from the command line. 0 or an exit code. */
int job_parse(const char *word, uint32_t *ret);
