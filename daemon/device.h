/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A phone in download mode, or rather the USB port it hangs on: before the handshake there is
 * nothing else to know it by.
 *
 * A Device exists while something is plugged into the port or a session still goes on there. A port
 * on which a phone was let go remembers that for a minute: every preloader looks alike, so the next
 * one that appears there is taken for the phone on its way to its normal start and is left alone. */

#include <systemd/sd-event.h>

#include "daemon/hotplug.h"
#include "daemon/session.h"

enum {
        DEVICES_MAX = 64,
        DEVICE_ALONE_SECONDS = 60,
};

typedef enum DeviceState {
        DEVICE_ATTACHED,   /* nobody asks for it, not spoken to */
        DEVICE_LEFT_ALONE, /* let go a moment ago, may boot; not spoken to */
        DEVICE_CONNECTING,
        DEVICE_PREPARING,
        DEVICE_READY,
        DEVICE_BUSY,
        DEVICE_LETTING_GO,
        DEVICE_RELEASED,
        DEVICE_FAILED,
        _DEVICE_STATE_MAX
} DeviceState;
const char *device_state_to_string(DeviceState s);

typedef struct Device {
        char port[64];
        char node[64];
        char mode[16];
        uint16_t vendor, product;
        uint32_t number; /* of this plug */
        bool attached;
        bool guarded;     /* a udev rule keeps ModemManager away from it */
        bool passed;      /* this appearance belongs to a phone that was let go */
        bool unreachable; /* its node could not be opened; a second add event is a second chance */
        DeviceState state;
        char message[FAILURE_TEXT_MAX];
        Phone phone;             /* of the last session of this plug */
        Session *session;        /* owned */
        uint32_t session_number; /* the plug it was started for */
        uint32_t next_job; /* a job with this id or a later one was queued after it was let go */
        sd_event_source *alone; /* ends the time in which it is left alone */
        bool told;              /* the listener knows of it */
} Device;

typedef struct DeviceEvents {
        void (*added)(void *userdata, Device *d);
        void (*changed)(void *userdata, Device *d);
        void (*removed)(void *userdata, Device *d); /* it is still in the list */
        void (*counted)(void *userdata);            /* there are more or fewer than before */
} DeviceEvents;

typedef struct Devices {
        const DeviceEvents *events; /* NULL: nobody listens */
        void *userdata;
        Device *list[DEVICES_MAX];
        size_t n;
        struct {
                char port[64];
                char why[FAILURE_TEXT_MAX];
                uint64_t until; /* CLOCK_MONOTONIC µs */
                uint32_t next_job;
        } released[DEVICES_MAX];
} Devices;

void devices_done(Devices *d);
void devices_listen(Devices *d, const DeviceEvents *events, void *userdata);
Device *devices_find(const Devices *d, const char *port);
/* A new one for a port that has none, or NULL (no memory, too many). The listener hears of it when it
 * is said to have changed for the first time. */
Device *devices_add(Devices *d, const HotplugDevice *plug);
/* Tells the listener. */
void devices_changed(Devices *d, Device *device);
void devices_remove(Devices *d, Device *device);

/* A phone was let go on this port now: the next one to appear is left alone until the time is over.
 * usec: for how long; next_job: for whom it is not, see match.h. */
void devices_released(Devices *d, const char *port, uint64_t now, uint64_t usec, uint32_t next_job);
/* Why it was let go, for people: remembered as long, and "" unless it was said. */
void devices_explain(Devices *d, const char *port, const char *why);
const char *devices_why(const Devices *d, const char *port);
/* Until when the phone that appears on this port now is to be left alone, 0: not at all. The memory
 * of the port is used up by asking. ret_next_job: as it was given. */
uint64_t devices_alone_until(Devices *d, const char *port, uint64_t now, uint32_t *ret_next_job);
