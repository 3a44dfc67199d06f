/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/senders.h"

#include <errno.h>
#include <string.h>

#include "basic/log.h"

#define BUS "org.freedesktop.DBus"
#define BUS_PATH "/org/freedesktop/DBus"
/* what sd-bus tells about its own connection */
#define LOCAL "org.freedesktop.DBus.Local"

struct Senders {
        const char *name;
        char owner[64]; /* its unique name, "" it is not there */
        sd_bus_slot *filter, *match, *question;
        void (*changed)(void *userdata, bool there);
        void *userdata;
};

Senders *senders_free(Senders *s)
{
        if (!s)
                return NULL;
        sd_bus_slot_unref(s->filter);
        sd_bus_slot_unref(s->match);
        sd_bus_slot_unref(s->question);
        free(s);
        return NULL;
}

static int on_any(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
        const Senders *s = userdata;
        const char *sender = sd_bus_message_get_sender(m) ?: "";

        if (sd_bus_message_is_signal(m, NULL, NULL) <= 0 || strcmp(sender, BUS) == 0 ||
                strcmp(sender, LOCAL) == 0 || (s->owner[0] && strcmp(sender, s->owner) == 0))
                return 0;
        log_debug("The signal %s of %s is not believed", sd_bus_message_get_member(m), sender);
        return 1;
}

static void set_owner(Senders *s, const char *owner)
{
        snprintf(s->owner, sizeof s->owner, "%s", strlen(owner) < sizeof s->owner ? owner : "");
        s->changed(s->userdata, s->owner[0]);
}

static int on_owner_changed(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
        const char *name, *from, *to;

        if (sd_bus_message_read(m, "sss", &name, &from, &to) >= 0)
                set_owner(userdata, to);
        return 0;
}

static int on_owner(sd_bus_message *reply, void *userdata, sd_bus_error *e)
{
        Senders *s = userdata;
        const char *owner = "";

        s->question = sd_bus_slot_unref(s->question);
        if (!sd_bus_message_is_method_error(reply, NULL))
                (void)sd_bus_message_read(reply, "s", &owner);
        set_owner(s, owner);
        return 0;
}

int senders_new(sd_bus *bus, const char *name, void (*changed)(void *userdata, bool there),
        void *userdata, Senders **ret)
{
        _cleanup_(senders_freep) Senders *s = calloc(1, sizeof *s);
        char match[256];
        int r;

        if (!s)
                return -ENOMEM;
        *s = (Senders){ .name = name, .changed = changed, .userdata = userdata };
        snprintf(match, sizeof match,
                "type='signal',sender='" BUS "',path='" BUS_PATH "',interface='" BUS
                "',member='NameOwnerChanged',arg0='%s'",
                name);
        r = sd_bus_add_filter(bus, &s->filter, on_any, s);
        if (r >= 0)
                r = sd_bus_add_match_async(bus, &s->match, match, on_owner_changed, NULL, s);
        /* after the match, so that no change is missed */
        if (r >= 0)
                r = sd_bus_call_method_async(bus, &s->question, BUS, BUS_PATH, BUS, "GetNameOwner",
                        on_owner, s, "s", name);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(s);
        return 0;
}
