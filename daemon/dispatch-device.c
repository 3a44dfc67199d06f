/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/dispatch-device.h"

#include <errno.h>
#include <string.h>

#include "basic/log.h"
#include "daemon/event.h"
#include "daemon/holder.h"
#include "daemon/match.h"
#include "daemon/usb-id.h"
#include "daemon/work.h"

/* ---- while a session goes on ---- */

Device *dispatch_device(const Manager *m, const Session *s)
{
        return devices_find(&m->devices, s->port);
}

void dispatch_device_show(Manager *m, Session *s, DeviceState state, const char *message)
{
        Device *d = dispatch_device(m, s);

        d->phone = s->phone;
        if (s->phone.mode[0])
                snprintf(d->mode, sizeof d->mode, "%s", s->phone.mode);
        d->state = state;
        snprintf(d->message, sizeof d->message, "%s", message);
        devices_changed(&m->devices, d);
}

/* ---- before ---- */

static int on_alone_over(sd_event_source *s, uint64_t usec, void *userdata)
{
        Manager *m = userdata;

        for (size_t i = 0; i < m->devices.n; i++) {
                Device *d = m->devices.list[i];

                if (d->alone != s)
                        continue;
                d->state = DEVICE_ATTACHED;
                d->message[0] = 0;
                devices_changed(&m->devices, d);
        }
        work_schedule(m);
        return 0;
}

/* An agent that somebody else has started or nobody talks to any more: what it is about to do one
 * cannot know, so that not one byte is sent to it. */
static void describe_strange_agent(Device *d)
{
        d->state = DEVICE_FAILED;
        snprintf(d->message, sizeof d->message,
                "A download agent that this service does not know runs on the phone at USB port "
                "%s. Unless another program works with it, hold the phone's power key for 10 to 15 "
                "seconds until it restarts, switch it off and plug it in again.",
                d->port);
        log_notice("%s", d->message);
}

void dispatch_device_appear(Manager *m, Device *d)
{
        char why[FAILURE_TEXT_MAX];
        uint64_t now = 0, until;

        snprintf(why, sizeof why, "%s", devices_why(&m->devices, d->port));
        (void)sd_event_now(m->event, CLOCK_MONOTONIC, &now);
        until = devices_alone_until(&m->devices, d->port, now, &d->next_job);
        d->passed = until > 0;
        d->state = until > 0 ? DEVICE_LEFT_ALONE : DEVICE_ATTACHED;
        d->message[0] = 0;
        d->unreachable = false;
        d->phone = (Phone){ 0 };
        d->alone = sd_event_source_disable_unref(d->alone);
        if (strcmp(d->mode, "agent") == 0)
                describe_strange_agent(d);
        else if (until > 0 && match_free(m, d, NULL)) {
                log_info("Port %s: wanted once more by a job that was queued since", d->port);
                d->state = DEVICE_ATTACHED;
        } else if (until > 0) {
                snprintf(d->message, sizeof d->message,
                        "A phone was let go at this port a moment ago; it is left alone to start."
                        "%s%.400s",
                        why[0] ? " " : "", why);
                log_info("Port %s: left alone so that the phone starts", d->port);
                if (sd_event_add_time(
                            m->event, &d->alone, CLOCK_MONOTONIC, until, 0, on_alone_over, m) < 0)
                        log_error("Port %s: no timer", d->port);
        }
}

/* One sentence with what happened, one with the cure. */
static void describe_rights(Device *d)
{
        char rule[USB_ID_RULE_SIZE];

        usb_id_rule(d->vendor, d->product, rule);
        if (usb_id_has_rule(d->vendor, d->product))
                snprintf(d->message, sizeof d->message,
                        "The service may not open the phone at USB port %s. Check that the udev "
                        "rule 60-mtkbackup.rules is installed, run \"udevadm control --reload\", "
                        "then plug the phone in again.",
                        d->port);
        else
                snprintf(d->message, sizeof d->message,
                        "The service may not open the phone at USB port %s. Put this line into "
                        "/etc/udev/rules.d/61-mtkbackup.rules, run \"udevadm control --reload\", "
                        "then plug the phone in again: %s",
                        d->port, rule);
}

/* It went before the news of its coming was read. The next news is that it has gone, or that its
 * node is there. */
static bool has_gone(int error)
{
        return error == -ENOENT || error == -ENODEV || error == -ENXIO;
}

void dispatch_device_unreachable(Manager *m, Device *d, int error)
{
        d->unreachable = true;
        d->state = DEVICE_FAILED;
        if (has_gone(error)) {
                snprintf(d->message, sizeof d->message,
                        "The phone at USB port %s was gone again before it could be opened.",
                        d->port);
                log_info("%s", d->message);
        } else {
                if (error == -EACCES || error == -EPERM)
                        describe_rights(d);
                else
                        snprintf(d->message, sizeof d->message,
                                "The phone at USB port %s cannot be opened: %s.", d->port,
                                strerror(-error));
                event_log(EVENT_NO_ACCESS, LOG_WARNING, &(EventFields){ .port = d->port }, "%s",
                        d->message);
        }
        devices_changed(&m->devices, d);
}

/* ---- afterwards ---- */

/* Another program has claimed the interfaces; the service seldom sees which. */
static void describe_taken(Device *d)
{
        char holder[HOLDER_NAME_SIZE];

        if (holder_find(d->node, holder) > 0)
                snprintf(d->message, sizeof d->message,
                        "The phone at USB port %s is taken by another program, %s. End it, then "
                        "plug the phone in again.",
                        d->port, holder);
        else
                snprintf(d->message, sizeof d->message,
                        "The phone at USB port %s is taken by another program, which the service "
                        "cannot see; \"sudo fuser -v %s\" names it. End it, then plug the phone in "
                        "again.",
                        d->port, d->node);
}

/* The words a person needs when the phone could not be left well. */
void dispatch_device_left(Device *d, const Session *s)
{
        if (s->failure.id == ERROR_DEVICE_BUSY)
                describe_taken(d);
        else if (failure_is_set(&s->failure))
                snprintf(d->message, sizeof d->message, "%.*s %.*s", FAILURE_TEXT_MAX / 2,
                        s->failure.text, FAILURE_TEXT_MAX / 2 - 2, s->failure.hint);
        else if (strcmp(s->left, "stuck") == 0)
                snprintf(d->message, sizeof d->message,
                        "The phone could not be restarted: hold its power button for ten seconds.");
        d->state = failure_is_set(&s->failure) || strcmp(s->left, "stuck") == 0 ? DEVICE_FAILED
                                                                                : DEVICE_RELEASED;
}

/* Before the handshake another program may have spoken to the phone, and it does not mind its
 * manners: the phone starts. */
void dispatch_device_suspect(const Device *d, Failure *f)
{
        char rule[USB_ID_RULE_SIZE], hint[FAILURE_TEXT_MAX];

        if (d->guarded || (strcmp(f->phase, "handshake") != 0 && strcmp(f->phase, "connect") != 0))
                return;
        usb_id_rule(d->vendor, d->product, rule);
        snprintf(hint, sizeof hint,
                "No udev rule keeps ModemManager away from this phone, and what that sends makes a "
                "phone start. Put this line into /etc/udev/rules.d/61-mtkbackup.rules, run "
                "\"udevadm "
                "control --reload\", switch the phone off and plug it in again: %s",
                rule);
        snprintf(f->hint, sizeof f->hint, "%s", hint);
}

void dispatch_device_gone(Manager *m, Device *d)
{
        if (!d->attached)
                devices_remove(&m->devices, d);
        else
                devices_changed(&m->devices, d);
        work_schedule(m);
}
