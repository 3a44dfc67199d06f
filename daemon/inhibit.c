/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/inhibit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "basic/fd.h"
#include "basic/log.h"
#include "daemon/senders.h"

#define LOGIND "org.freedesktop.login1"
#define LOGIND_PATH "/org/freedesktop/login1"
#define LOGIND_MANAGER "org.freedesktop.login1.Manager"

/* What logind waits for a delay lock unless it says otherwise. */
enum { DELAY_USEC = 5 * 1000 * 1000 };
/* Before the locks are asked for: a phone waits for its first byte, and on a small computer what logind
 * and polkit do about the question takes longer than the handshake. */
enum { ASK_USEC = 200 * 1000, ASK_ACCURACY_USEC = 10 * 1000 };

typedef struct Lock {
        struct Inhibit *inhibit;
        const char *what, *mode;
        int fd;            /* held as long as it is open */
        sd_bus_slot *slot; /* asked for */
        bool refused, said;
} Lock;

struct Inhibit {
        sd_event *event; /* borrowed */
        sd_bus *bus;     /* borrowed; NULL without a connection */
        Senders *senders;
        sd_bus_slot *sleep, *shutdown, *property;
        Lock locks[3];
        sd_event_source *ask;      /* not yet asked for */
        uint64_t delay;            /* for which logind waits */
        sd_event_source *deadline; /* while it does */
        bool wanted, down;
        bool said; /* that there is no logind */
        const InhibitEvents *events;
        void *userdata;
};

int inhibit_new(sd_event *event, const InhibitEvents *events, void *userdata, Inhibit **ret)
{
        static const Lock locks[] = {
                { .what = "sleep:shutdown:handle-lid-switch", .mode = "block", .fd = -1 },
                /* one by one: some versions ask for another right when two are asked for at once */
                { .what = "sleep", .mode = "delay", .fd = -1 },
                { .what = "shutdown", .mode = "delay", .fd = -1 },
        };
        Inhibit *i = calloc(1, sizeof *i);

        if (!i)
                return -ENOMEM;
        i->event = event;
        i->delay = DELAY_USEC;
        i->events = events;
        i->userdata = userdata;
        for (size_t n = 0; n < ELEMENTS(i->locks); n++) {
                i->locks[n] = locks[n];
                i->locks[n].inhibit = i;
        }
        *ret = i;
        return 0;
}

static void release(Inhibit *i)
{
        for (size_t n = 0; n < ELEMENTS(i->locks); n++) {
                Lock *l = i->locks + n;

                /* an answer that nobody waits for is dropped, and the lock in it with it */
                l->slot = sd_bus_slot_unref(l->slot);
                l->fd = fd_close(l->fd);
                l->refused = false;
        }
}

/* What is asked is forgotten, what is held stays. */
static void unlisten(Inhibit *i)
{
        i->sleep = sd_bus_slot_unref(i->sleep);
        i->shutdown = sd_bus_slot_unref(i->shutdown);
        i->property = sd_bus_slot_unref(i->property);
        for (size_t n = 0; n < ELEMENTS(i->locks); n++)
                i->locks[n].slot = sd_bus_slot_unref(i->locks[n].slot);
        i->senders = senders_free(i->senders);
        i->bus = NULL;
}

Inhibit *inhibit_free(Inhibit *i)
{
        if (!i)
                return NULL;
        unlisten(i);
        release(i);
        sd_event_source_disable_unref(i->ask);
        sd_event_source_disable_unref(i->deadline);
        free(i);
        return NULL;
}

/* ---- taking ---- */

static void explain(Lock *l, const sd_bus_error *error)
{
        Inhibit *i = l->inhibit;

        l->refused = true;
        if (sd_bus_error_has_name(error, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
                sd_bus_error_has_name(error, SD_BUS_ERROR_NAME_HAS_NO_OWNER) ||
                sd_bus_error_has_name(error, "org.freedesktop.systemd1.NoSuchUnit")) {
                if (!i->said)
                        log_notice("There is no logind: nothing keeps the computer awake while a "
                                   "phone is backed up");
                i->said = true;
                return;
        }
        if (!l->said)
                log_notice("logind refuses the %s lock, so a backup may be interrupted when the "
                           "computer is put to sleep: %s",
                        l->mode, error->message ?: error->name);
        l->said = true;
}

static int on_lock(sd_bus_message *reply, void *userdata, sd_bus_error *e)
{
        Lock *l = userdata;
        const sd_bus_error *error = sd_bus_message_get_error(reply);
        int fd;

        l->slot = sd_bus_slot_unref(l->slot);
        if (error)
                explain(l, error);
        else if (sd_bus_message_read(reply, "h", &fd) < 0 ||
                (l->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3)) < 0)
                log_warning("logind gave a broken answer");
        return 0;
}

static void take(Inhibit *i)
{
        if (!i->bus || !i->wanted || i->ask || i->down)
                return;
        for (size_t n = 0; n < ELEMENTS(i->locks); n++) {
                Lock *l = i->locks + n;
                int r;

                if (l->fd >= 0 || l->slot || l->refused)
                        continue;
                r = sd_bus_call_method_async(i->bus, &l->slot, LOGIND, LOGIND_PATH, LOGIND_MANAGER,
                        "Inhibit", on_lock, l, "ssss", l->what, "mtkbackup",
                        "A phone is being backed up", l->mode);
                if (r < 0)
                        log_warning("logind cannot be asked for a lock: %s", strerror(-r));
        }
}

static int on_ask(sd_event_source *s, uint64_t usec, void *userdata)
{
        Inhibit *i = userdata;

        i->ask = sd_event_source_disable_unref(i->ask);
        take(i);
        return 0;
}

void inhibit_set(Inhibit *i, bool wanted)
{
        bool before = i->wanted;

        i->wanted = wanted;
        if (wanted) {
                if (before ||
                        sd_event_add_time_relative(i->event, &i->ask, CLOCK_MONOTONIC, ASK_USEC,
                                ASK_ACCURACY_USEC, on_ask, i) < 0)
                        take(i);
                return;
        }
        i->ask = sd_event_source_disable_unref(i->ask);
        i->deadline = sd_event_source_disable_unref(i->deadline);
        release(i);
}

/* ---- going down ---- */

static int on_deadline(sd_event_source *s, uint64_t usec, void *userdata)
{
        Inhibit *i = userdata;

        i->deadline = sd_event_source_disable_unref(i->deadline);
        log_warning("The computer goes down now; not every phone could be let go in time");
        release(i);
        return 0;
}

static void go_down(Inhibit *i, bool shutdown)
{
        i->down = true;
        log_notice("The computer is %s", shutdown ? "shut down" : "put to sleep");
        if (i->wanted && !i->deadline &&
                sd_event_add_time_relative(i->event, &i->deadline, CLOCK_MONOTONIC,
                        i->delay / 10 * 9, 0, on_deadline, i) < 0)
                log_error("No timer for the delay lock");
        i->events->going_down(i->userdata, shutdown);
}

static void come_back(Inhibit *i)
{
        if (!i->down)
                return;
        i->down = false;
        i->deadline = sd_event_source_disable_unref(i->deadline);
        i->events->back(i->userdata);
        take(i);
}

static void prepare(Inhibit *i, sd_bus_message *m, bool shutdown)
{
        int start;

        if (sd_bus_message_read(m, "b", &start) < 0)
                return;
        if (start)
                go_down(i, shutdown);
        else
                come_back(i);
}

static int on_sleep(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
        prepare(userdata, m, false);
        return 0;
}

static int on_shutdown(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
        prepare(userdata, m, true);
        return 0;
}

/* ---- connection ---- */

static int on_delay(sd_bus_message *reply, void *userdata, sd_bus_error *e)
{
        Inhibit *i = userdata;
        uint64_t usec;

        i->property = sd_bus_slot_unref(i->property);
        if (!sd_bus_message_is_method_error(reply, NULL) &&
                sd_bus_message_read(reply, "v", "t", &usec) >= 0)
                i->delay = usec;
        return 0;
}

static void on_logind(void *userdata, bool there)
{
        Inhibit *i = userdata;

        /* one that has gone will not say that the computer is awake again */
        if (!there)
                come_back(i);
        else {
                for (size_t n = 0; n < ELEMENTS(i->locks); n++)
                        i->locks[n].refused = false;
                i->property = sd_bus_slot_unref(i->property);
                (void)sd_bus_call_method_async(i->bus, &i->property, LOGIND, LOGIND_PATH,
                        "org.freedesktop.DBus.Properties", "Get", on_delay, i, "ss", LOGIND_MANAGER,
                        "InhibitDelayMaxUSec");
        }
        take(i);
}

int inhibit_connect(Inhibit *i, sd_bus *bus)
{
        int r = senders_new(bus, LOGIND, on_logind, i, &i->senders);

        i->bus = bus;
        if (r >= 0)
                r = sd_bus_match_signal_async(bus, &i->sleep, LOGIND, LOGIND_PATH, LOGIND_MANAGER,
                        "PrepareForSleep", on_sleep, NULL, i);
        if (r >= 0)
                r = sd_bus_match_signal_async(bus, &i->shutdown, LOGIND, LOGIND_PATH,
                        LOGIND_MANAGER, "PrepareForShutdown", on_shutdown, NULL, i);
        return r;
}

void inhibit_disconnect(Inhibit *i)
{
        if (!i)
                return;
        unlisten(i);
        come_back(i);
}
