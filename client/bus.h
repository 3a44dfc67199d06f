/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The client's side of the service's interface.
 *
 * Lists and tables are made from the objects of bus-read.h and from nothing else. Functions that
 * return an exit code have already said what went wrong. */

#include "client/bus-read.h"
#include "client/output.h"
#include "dbus/names.h"

static inline void sd_bus_closep(sd_bus **bus)
{
        sd_bus_flush_close_unref(*bus);
}
#define _cleanup_bus_ _cleanup_(sd_bus_closep)

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

/* The whole id of a backup: as given, from a unique beginning, or "latest". 0 or an exit code. */
int backup_resolve(sd_bus *bus, const char *word, char **ret);
/* Number of a job from the command line. 0 or an exit code. */
int job_parse(const char *word, uint32_t *ret);
/* Calls a method of the Job interface that takes options and returns nothing, for the job that the
 * word says; its number is in *ret_id. 0 or an exit code. */
int bus_call_job(sd_bus *bus, const char *word, const char *member, uint32_t *ret_id);
