/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "basic/clock.h"
#include "basic/log.h"
#include "basic/table.h"
#include "client/notify/markup.h"
#include "client/notify/server.h"

#define NAME "org.freedesktop.Notifications"
#define PATH "/org/freedesktop/Notifications"

/* A server draws a bubble in milliseconds; a starting desktop may take longer. An answer that comes
 * after this is lost, and the bubble with it. */
#define CALL_USEC (UINT64_C(30) * 1000 * 1000)

/* Ends the call under way: 0, or what its failure means for the next one. */
static int call_ended(Server *s, sd_bus_message *m)
{
        const sd_bus_error *e = sd_bus_message_get_error(m);

        s->call = sd_bus_slot_unref(s->call);
        if (!e) {
                backoff_reset(&s->backoff);
                return 0;
        }
        log_debug("Notification server: %s: %s", e->name, e->message ?: "");
        if (!s->owner.unique &&
                (sd_bus_error_has_name(e, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
                        sd_bus_error_has_name(e, SD_BUS_ERROR_NAME_HAS_NO_OWNER))) {
                s->absent = true;
                return -ENOENT;
        }
        s->free_at = clock_usec() + backoff_next(&s->backoff);
        return -EIO;
}

/* An answer that is none: the server is as good as silent. */
static int call_garbled(Server *s)
{
        s->free_at = clock_usec() + backoff_next(&s->backoff);
        return -EBADMSG;
}

static int read_name(Server *s, sd_bus_message *m)
{
        /* They take everything with a value for the volume or the brightness, and show nothing but
         * its bar: no text, no buttons. */
        static const char *const bar_only[] = { "Xfce Notify Daemon" };
        const char *name;

        if (sd_bus_message_read(m, "s", &name) <= 0)
                return call_garbled(s);
        s->can_value = table_value(bar_only, ELEMENTS(bar_only), name) < 0;
        s->known = SERVER_NAMED;
        return 0;
}

static int read_capabilities(Server *s, sd_bus_message *m)
{
        const char *capability;

        int r = sd_bus_message_enter_container(m, 'a', "s");
        if (r <= 0)
                return call_garbled(s);
        s->can_body = s->can_markup = s->can_buttons = false;
        while ((r = sd_bus_message_read_basic(m, 's', &capability)) > 0) {
                s->can_body |= strcmp(capability, "body") == 0;
                s->can_markup |= strcmp(capability, "body-markup") == 0;
                s->can_buttons |= strcmp(capability, "actions") == 0;
        }
        if (r >= 0)
                s->known = SERVER_KNOWN;
        return r;
}

static int on_known(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        Server *s = userdata;

        if (call_ended(s, m) >= 0)
                (s->known == SERVER_UNKNOWN ? read_name : read_capabilities)(s, m);
        s->events->ready(s->userdata);
        return 0;
}

static int on_notified(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        Server *s = userdata;
        uint32_t id = 0;

        int r = call_ended(s, m);
        if (r >= 0 && (sd_bus_message_read(m, "u", &id) < 0 || id == 0))
                r = call_garbled(s);
        s->events->answered(s->userdata, r, id);
        s->events->ready(s->userdata);
        return 0;
}

static int on_close_answer(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        Server *s = userdata;

        /* it may have been closed in between, which some servers call an error */
        if (sd_bus_message_is_method_error(m, SD_BUS_ERROR_NO_REPLY) > 0)
                call_ended(s, m);
        else
                s->call = sd_bus_slot_unref(s->call);
        s->events->answered(s->userdata, 0, 0);
        s->events->ready(s->userdata);
        return 0;
}

static int on_signal(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        Server *s = userdata;
        uint32_t id, reason;
        const char *key;

        if (!owner_sent(&s->owner, m))
                return 0;
        if (sd_bus_message_is_signal(m, NAME, "NotificationClosed") > 0 &&
                sd_bus_message_read(m, "uu", &id, &reason) >= 0)
                s->events->closed(s->userdata, id);
        else if (sd_bus_message_is_signal(m, NAME, "ActionInvoked") > 0 &&
                sd_bus_message_read(m, "us", &id, &key) >= 0)
                s->events->pressed(s->userdata, id, key);
        return 0;
}

static void on_owner(void *userdata)
{
        Server *s = userdata;

        /* what was asked of the one before will not be answered; what starts one will */
        if (!s->starting || !s->owner.unique)
                s->call = sd_bus_slot_unref(s->call);
        s->known = SERVER_UNKNOWN;
        s->absent = false;
        s->free_at = 0;
        backoff_reset(&s->backoff);
        s->events->lost(s->userdata);
        s->events->ready(s->userdata);
}

int server_open(Server *s, sd_bus *bus, const ServerEvents *events, void *userdata)
{
        *s = (Server){ .bus = bus, .events = events, .userdata = userdata };
        int r = owner_watch(&s->owner, bus, NAME, on_owner, s);
        return r < 0
                ? r
                : sd_bus_add_match_async(bus, &s->signals,
                          "type='signal',sender='" NAME "',path='" PATH "',interface='" NAME "'",
                          on_signal, NULL, s);
}

void server_done(Server *s)
{
        sd_bus_slot_unref(s->signals);
        sd_bus_slot_unref(s->call);
        owner_done(&s->owner);
        *s = (Server){};
}

uint64_t server_free_at(const Server *s)
{
        return s->call || s->absent ? BUBBLE_NEVER : s->free_at;
}

/* Only the first question may start a server: bubbles have to go to the one that was asked. */
static int call_new(Server *s, const char *member, bool start, sd_bus_message **ret)
{
        int r = sd_bus_message_new_method_call(s->bus, ret, NAME, PATH, NAME, member);

        s->starting = start && !s->owner.unique;
        return r < 0 ? r : sd_bus_message_set_auto_start(*ret, start);
}

int server_prepare(Server *s)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;

        if (s->known == SERVER_KNOWN)
                return 0;
        int r = s->known == SERVER_UNKNOWN ? call_new(s, "GetServerInformation", true, &m)
                                           : call_new(s, "GetCapabilities", false, &m);
        r = r < 0 ? r : sd_bus_call_async(s->bus, &s->call, m, on_known, s, CALL_USEC);
        return r < 0 ? r : 1;
}

static int append_buttons(sd_bus_message *m, unsigned buttons)
{
        int r = sd_bus_message_open_container(m, 'a', "s");

        for (Button b = 0; b < _BUTTON_MAX && r >= 0; b++)
                if (buttons & 1u << b)
                        r = sd_bus_message_append(m, "ss", button_to_string(b), button_label(b));
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_hints(Server *s, sd_bus_message *m, const Content *c)
{
        int r = sd_bus_message_open_container(m, 'a', "{sv}");

        r = r < 0 ? r : sd_bus_message_append(m, "{sv}", "urgency", "y", (int)c->urgency);
        r = r < 0 ? r : sd_bus_message_append(m, "{sv}", "category", "s", c->category);
        if (r >= 0 && c->percent >= 0 && s->can_value)
                r = sd_bus_message_append(m, "{sv}", "value", "i", c->percent);
        /* mere progress is silent */
        if (r >= 0 && !*c->reason)
                r = sd_bus_message_append(m, "{sv}", "suppress-sound", "b", 1);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

int server_notify(Server *s, const Content *content, uint32_t job, uint32_t replaces)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        _cleanup_free_ char *body = NULL, *line = NULL;
        Content c = *content;

        if (!s->can_buttons)
                content_without_buttons(&c, job);
        body = s->can_markup ? markup_escape(c.body) : strdup(c.body);
        if (!body || (!s->can_body && asprintf(&line, "%s: %s", c.summary, c.body) < 0))
                return -ENOMEM;
        int r = call_new(s, "Notify", false, &m);
        r = r < 0 ? r
                  : sd_bus_message_append(m, "susss", "mtkbackup", replaces, c.icon,
                            line ?: c.summary, s->can_body ? body : "");
        r = r < 0 ? r : append_buttons(m, c.buttons);
        r = r < 0 ? r : append_hints(s, m, &c);
        r = r < 0 ? r : sd_bus_message_append(m, "i", c.stays ? 0 : -1);
        return r < 0 ? r : sd_bus_call_async(s->bus, &s->call, m, on_notified, s, CALL_USEC);
}

int server_close(Server *s, uint32_t id)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;

        int r = call_new(s, "CloseNotification", false, &m);
        r = r < 0 ? r : sd_bus_message_append(m, "u", id);
        return r < 0 ? r : sd_bus_call_async(s->bus, &s->call, m, on_close_answer, s, CALL_USEC);
}
