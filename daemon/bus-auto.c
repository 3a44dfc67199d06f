/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Automatic backup on the bus: the switch of the Manager, the approval of a Job. */

#include <errno.h>

#include "daemon/bus-private.h"
#include "daemon/dispatch-auto.h"

int bus_method_set_auto(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
        Bus *b = userdata;
        Failure f = { 0 };
        bool go_on;
        int on, r = sd_bus_message_read(m, "b", &on);

        if (r < 0)
                return r;
        r = bus_authorize(b, m, ACTION_CONFIGURE, &go_on, e);
        if (!go_on)
                return r;
        r = dispatch_auto_switch(b->manager, on ? CHOICE_ON : CHOICE_OFF, &f);
        return r < 0 ? bus_error_set(e, &f) : sd_bus_reply_method_return(m, NULL);
}

/* Who agrees becomes the one who asked for the backup. */
int bus_method_approve(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
        Bus *b = bus_of(m);
        Job *j = userdata;
        Failure f = { 0 };
        uid_t uid;
        int r = bus_read_no_options(m, e);

        if (r < 0)
                return r;
        r = authorize_caller(b->authorize, m, &uid, e);
        if (r > 0)
                r = authorize_action(b->authorize, m, uid, ACTION_BACKUP, e);
        if (r <= 0)
                return r == 0 ? 1 : r;
        r = dispatch_auto_approve(b->manager, j, uid, &f);
        return r < 0 ? bus_error_set(e, &f) : sd_bus_reply_method_return(m, NULL);
}

int bus_get_auto(sd_bus *bus, const char *path, const char *interface, const char *property,
        sd_bus_message *reply, void *userdata, sd_bus_error *e)
{
        return sd_bus_message_append(
                reply, "b", dispatch_auto_enabled(((Bus *)userdata)->manager, NULL));
}

int bus_get_auto_source(sd_bus *bus, const char *path, const char *interface, const char *property,
        sd_bus_message *reply, void *userdata, sd_bus_error *e)
{
        PolicySource by;

        (void)dispatch_auto_enabled(((Bus *)userdata)->manager, &by);
        return sd_bus_message_append(reply, "s", policy_source_to_string(by));
}

void bus_auto_changed(Bus *b)
{
        if (b && b->bus)
                (void)sd_bus_emit_properties_changed(b->bus, PATH_MANAGER, IFACE_MANAGER,
                        "AutoBackup", "AutoBackupDecidedBy", NULL);
}
