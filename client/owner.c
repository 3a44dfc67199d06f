/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "client/owner.h"

#define DRIVER "org.freedesktop.DBus"

static int owner_set(Owner *o, const char *unique)
{
        char *copy = NULL;

        if (*unique) {
                copy = strdup(unique);
                if (!copy)
                        return -ENOMEM;
        }
        bool same = strcmp(o->unique ?: "", unique) == 0;
        free(o->unique);
        o->unique = copy;
        if (!same)
                o->changed(o->userdata);
        return 0;
}

static int on_changed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        Owner *o = userdata;
        const char *name, *before, *after;

        /* only the bus itself signs with this name; a peer's sender is its unique name */
        if (strcmp(sd_bus_message_get_sender(m) ?: "", DRIVER) != 0)
                return 0;
        if (sd_bus_message_read(m, "sss", &name, &before, &after) < 0 || strcmp(name, o->name) != 0)
                return 0;
        return owner_set(o, after);
}

static int on_answer(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        Owner *o = userdata;
        const char *unique;

        o->query = sd_bus_slot_unref(o->query);
        if (sd_bus_message_is_method_error(m, NULL) || sd_bus_message_read(m, "s", &unique) < 0)
                unique = "";
        int r = owner_set(o, unique);
        o->known = true;
        return r;
}

int owner_watch(
        Owner *o, sd_bus *bus, const char *name, void (*changed)(void *userdata), void *userdata)
{
        char rule[256];

        *o = (Owner){ .bus = bus, .name = name, .changed = changed, .userdata = userdata };
        snprintf(rule, sizeof(rule),
                "type='signal',sender='" DRIVER "',path='/org/freedesktop/DBus',"
                "interface='" DRIVER "',member='NameOwnerChanged',arg0='%s'",
                name);
        int r = sd_bus_add_match_async(bus, &o->match, rule, on_changed, NULL, o);
        if (r < 0)
                return r;
        /* what the bus answers is younger than every change it told before */
        return sd_bus_call_method_async(bus, &o->query, DRIVER, "/org/freedesktop/DBus", DRIVER,
                "GetNameOwner", on_answer, o, "s", name);
}

void owner_done(Owner *o)
{
        sd_bus_slot_unref(o->match);
        sd_bus_slot_unref(o->query);
        free(o->unique);
        *o = (Owner){};
}

bool owner_sent(const Owner *o, sd_bus_message *m)
{
        const char *sender = sd_bus_message_get_sender(m);
        return sender && o->unique && strcmp(sender, o->unique) == 0;
}
