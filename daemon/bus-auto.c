/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/bus-auto.h"

#include <errno.h>
#include <string.h>

#include "daemon/dispatch-auto.h"

static int switch_to(Bus *b, sd_bus_message *m, PolicyChoice choice, sd_bus_error *e)
{
        Failure f = { 0 };
        bool go_on;
        uid_t uid;
        int r = bus_authorize(b, m, ACTION_CONFIGURE, &uid, &go_on, e);

        if (!go_on)
                return r;
        if (dispatch_auto_switch(b->manager, choice, &f) < 0)
                return bus_error_set(e, &f);
        bus_auto_changed(b);
        return sd_bus_reply_method_return(m, NULL);
}

int bus_method_set_auto(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
        int on, r = sd_bus_message_read(m, "b", &on);

        return r < 0 ? r : switch_to(userdata, m, on ? CHOICE_ON : CHOICE_OFF, e);
}

int bus_method_reset_auto(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
        return switch_to(userdata, m, CHOICE_NONE, e);
}

/* ---- phones ---- */

int bus_method_list_phones(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        const AutoState *s = ((Bus *)userdata)->manager->automatic;
        int r = sd_bus_message_new_method_return(m, &reply);

        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "(sssbut)");
        for (size_t i = 0; r >= 0 && i < auto_state_count(s); i++) {
                const AutoPhone *p = auto_state_at(s, i);

                r = sd_bus_message_append(reply, "(sssbut)", p->mark, p->chip, p->key, !p->refused,
                        (uint32_t)p->uid, p->since);
        }
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

/* What somebody has said himself he may take back; what others have said is configuration. */
int bus_method_forget_phone(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
        Bus *b = userdata;
        const AutoPhone *p;
        Failure f = { 0 };
        const char *mark;
        uid_t uid;
        int r = sd_bus_message_read(m, "s", &mark);

        if (r < 0)
                return r;
        r = authorize_caller(b->authorize, m, &uid, e);
        if (r <= 0)
                return r == 0 ? 1 : r;
        p = auto_state_find(b->manager->automatic, mark);
        r = authorize_action(
                b->authorize, m, uid, p && p->uid == uid ? ACTION_BACKUP : ACTION_CONFIGURE, e);
        if (r <= 0)
                return r == 0 ? 1 : r;
        r = dispatch_auto_forget(b->manager, mark, &f);
        return r < 0 ? bus_error_set(e, &f) : sd_bus_reply_method_return(m, NULL);
}

/* Who agrees becomes the one who asked for the backup. */
int bus_method_approve(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
        Bus *b = bus_of(m);
        Job *j = userdata;
        Failure f = { 0 };
        bool go_on;
        uid_t uid;
        int r = bus_read_no_options(m, e);

        if (r < 0)
                return r;
        r = bus_authorize(b, m, ACTION_BACKUP, &uid, &go_on, e);
        if (!go_on)
                return r;
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

int bus_get_auto_rule(sd_bus *bus, const char *path, const char *interface, const char *property,
        sd_bus_message *reply, void *userdata, sd_bus_error *e)
{
        const PolicyRules *r = &((Bus *)userdata)->manager->config.automatic;

        if (strcmp(property, "AutoBackupProfile") == 0)
                return sd_bus_message_append(reply, "s", r->profile[0] ? r->profile : "by-chip");
        if (strcmp(property, "AutoBackupInterval") == 0)
                return sd_bus_message_append(reply, "u", policy_interval(r));
        return sd_bus_message_append(reply, "b", r->known_only);
}

void bus_auto_changed(Bus *b)
{
        if (b->bus)
                (void)sd_bus_emit_properties_changed(b->bus, PATH_MANAGER, IFACE_MANAGER,
                        "AutoBackup", "AutoBackupDecidedBy", "AutoBackupProfile",
                        "AutoBackupInterval", "AutoBackupKnownOnly", NULL);
}
