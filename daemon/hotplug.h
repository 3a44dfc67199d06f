/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Phones that come and go, from udev.
 *
 * The monitor listens to udev, not to the kernel: only after the rules have run does the node
 * belong to our group. It is enabled first and the devices that are there are listed afterwards, so
 * that none is missed; one that is seen by both is told twice, and so is one whose event is sent
 * twice. Devices of the identity table are told as phones, all others as what they are. No descriptor
 * is read from the device: what the kernel and the rules know of it is enough. */

#include <systemd/sd-event.h>

#include "basic/cleanup.h"

typedef struct HotplugDevice {
        const char *port;       /* "1-2.3": bus and the path of ports */
        const char *node;       /* "/dev/bus/usb/001/005" */
        const char *mode;       /* of the identity table, NULL for others */
        const char *interfaces; /* their classes, ":ffff00:ff4201:", "" when nobody knows */
        bool guarded;           /* a rule keeps ModemManager away from it */
        uint16_t vendor, product;
        uint32_t number; /* bus and address, another one at every plug */
} HotplugDevice;

typedef struct HotplugEvents {
        void (*added)(void *userdata, const HotplugDevice *d);
        void (*other)(void *userdata, const HotplugDevice *d); /* not in download mode */
        void (*removed)(void *userdata, const char *port);
} HotplugEvents;

typedef struct Hotplug Hotplug;

/* Begins to listen. */
int hotplug_new(sd_event *event, const HotplugEvents *events, void *userdata, Hotplug **ret);
/* Tells the devices that are there already. */
void hotplug_enumerate(Hotplug *h);
/* Whether something is plugged in at this port, as far as the kernel knows. */
bool hotplug_present(Hotplug *h, const char *port);
Hotplug *hotplug_free(Hotplug *h);
DEFINE_CLEANUP(Hotplug, hotplug_free)
