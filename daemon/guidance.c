/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/guidance.h"

#include <string.h>

#include "daemon/match.h"

/* Each fills the text when it has something to say. */
typedef bool (*Say)(const Manager *m, const Job *j, char *out, size_t size);

static bool is_there(const Manager *m, const Job *j, size_t i)
{
        return m->devices.list[i]->attached && match_port(j, m->devices.list[i]->port);
}

/* Not to be opened, taken by another program, not to be restarted: the device says it itself. */
static bool say_unusable(const Manager *m, const Job *j, char *out, size_t size)
{
        for (size_t i = 0; i < m->devices.n; i++) {
                const Device *d = m->devices.list[i];

                if (!is_there(m, j, i) || !d->message[0] ||
                        (!d->unreachable && d->state != DEVICE_FAILED))
                        continue;
                snprintf(out, size, "%s", d->message);
                return true;
        }
        return false;
}

static bool say_had_at(const Manager *m, const Job *j, const char *port, char *out, size_t size)
{
        const Job *had = match_had_at(m, j, port);

        if (had)
                snprintf(out, size,
                        "Job %u has done the same for the phone at USB port %s. Switch another "
                        "phone off, then plug it in with its USB cable.",
                        had->id, port);
        return had;
}

static bool say_had(const Manager *m, const Job *j, char *out, size_t size)
{
        const AwakePhone *phone = awake_find(&m->awake, j->request.port);

        for (size_t i = 0; i < m->devices.n; i++)
                if (is_there(m, j, i) && say_had_at(m, j, m->devices.list[i]->port, out, size))
                        return true;
        return phone && say_had_at(m, j, phone->port, out, size);
}

static bool say_left_alone(const Manager *m, const Job *j, char *out, size_t size)
{
        for (size_t i = 0; i < m->devices.n; i++) {
                const Device *d = m->devices.list[i];

                if (!is_there(m, j, i) || d->state != DEVICE_LEFT_ALONE)
                        continue;
                snprintf(out, size,
                        "The phone at USB port %s was let go a moment ago and is left alone to "
                        "start. If it is wanted once more, switch it off and plug it in again.",
                        d->port);
                return true;
        }
        return false;
}

static bool say_awake(const Manager *m, const Job *j, char *out, size_t size)
{
        static const struct {
                const char *is, *cure;
        } modes[] = {
                [AWAKE_ANDROID] = { "switched on", "switch it off" },
                [AWAKE_FASTBOOT] = { "in fastboot mode", "hold its power key until it is off" },
                [AWAKE_OTHER] = { "switched on or charging, not in download mode",
                        "switch it off" },
        };
        const AwakePhone *phone = awake_find(&m->awake, j->request.port);

        if (!phone || !phone->mediatek)
                return false;
        snprintf(out, size,
                "The phone at USB port %s (%04x:%04x) is %s. Unplug it, %s, then plug it in again "
                "without pressing a key.",
                phone->port, phone->vendor, phone->product, modes[phone->mode].is,
                modes[phone->mode].cure);
        return true;
}

static bool say_no_agent(const Manager *m, const Job *j, char *out, size_t size)
{
        bool any = false;

        if (!agents_ready(m->agents) || j->request.kind == JOB_DETECT)
                return false;
        for (size_t i = 0; i < agents_count(m->agents); i++)
                any = any || !agent_is_preloader(agents_at(m->agents, i));
        if (!any)
                snprintf(out, size,
                        "No download agent is imported, without which no phone can be read. Import "
                        "one for the phone (mtkbackupctl agents import FILE), then plug the phone "
                        "in, switched off.");
        return !any;
}

/* The keys for boot ROM mode differ from phone to phone; they matter only where memory settings for
 * that mode are at hand. */
static bool has_preloader(const Manager *m, const Job *j)
{
        const Profile *p = profile_set_get(&m->profiles, j->request.profile, NULL);
        size_t n;

        return agents_pick_preloader(m->agents, p ? p->preloader : "auto", &n);
}

static bool say_switch_off(const Manager *m, const Job *j, char *out, size_t size)
{
        const AwakePhone *phone = awake_find(&m->awake, j->request.port);
        size_t n;

        snprintf(out, size, "Switch the phone off, then plug it in with its USB cable%s%s.",
                j->request.port[0] ? " at USB port " : "", j->request.port);
        n = strlen(out);
        if (has_preloader(m, j))
                snprintf(out + n, size - n,
                        " Press no key; for boot ROM mode hold volume up, volume down or both "
                        "while you plug it in.");
        n = strlen(out);
        if (phone)
                snprintf(out + n, size - n,
                        " If the one at USB port %s (%04x:%04x, switched on%s) is meant, unplug it "
                        "first.",
                        phone->port, phone->vendor, phone->product,
                        phone->mode == AWAKE_FASTBOOT ? " in fastboot mode" : "");
        return true;
}

void guidance_for(const Manager *m, const Job *j, char *out, size_t size)
{
        static const Say says[] = { say_unusable, say_had, say_left_alone, say_awake, say_no_agent,
                say_switch_off };

        for (size_t i = 0; i < ELEMENTS(says); i++)
                if (says[i](m, j, out, size))
                        return;
}
