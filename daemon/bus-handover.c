/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/bus-handover.h"

#include <errno.h>
#include <string.h>

#include "basic/log.h"

#define UNIT_NAME_MAX 256

/* As systemd-escape does; an id has nothing in it that would be special at the beginning. */
static void make_unit(const char *id, char out[static UNIT_NAME_MAX])
{
        size_t n = (size_t)snprintf(out, UNIT_NAME_MAX, "mtkbackup-committed@");

        for (; *id && n + sizeof "\\x2d.service" < UNIT_NAME_MAX; id++)
                if (strchr("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ:_.",
                            *id))
                        out[n++] = *id;
                else
                        n += (size_t)snprintf(
                                out + n, UNIT_NAME_MAX - n, "\\x%02x", (unsigned char)*id);
        strcpy(out + n, ".service");
}

/* What it answers is written down and changes nothing. */
static int on_started(sd_bus_message *reply, void *userdata, sd_bus_error *e)
{
        const sd_bus_error *error = sd_bus_message_get_error(reply);
        const char *id = userdata;

        if (!error)
                log_debug("Backup %s is being handed on", id);
        else if (sd_bus_error_has_name(error, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
                sd_bus_error_has_name(error, SD_BUS_ERROR_NAME_HAS_NO_OWNER))
                log_debug("Backup %s is not handed on: there is no systemd", id);
        else
                log_warning("Backup %s is not handed on: mtkbackup-committed@.service was not "
                            "started: %s",
                        id, error->message ?: error->name);
        return 0;
}

void bus_hand_over(Bus *b, const char *id)
{
        char unit[UNIT_NAME_MAX], *copy;
        sd_bus_slot *slot;
        int r;

        if (!b->bus) {
                log_warning("Backup %s is not handed on: there is no bus", id);
                return;
        }
        copy = strdup(id);
        if (!copy)
                return;
        make_unit(id, unit);
        r = sd_bus_call_method_async(b->bus, &slot, "org.freedesktop.systemd1",
                "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager", "StartUnit",
                on_started, copy, "ss", unit, "replace");
        if (r < 0) {
                log_warning("Backup %s is not handed on: %s", id, strerror(-r));
                free(copy);
                return;
        }
        /* it lives until the answer, or the connection's end, and takes the copy with it */
        (void)sd_bus_slot_set_destroy_callback(slot, free);
        (void)sd_bus_slot_set_floating(slot, true);
        sd_bus_slot_unref(slot);
}
