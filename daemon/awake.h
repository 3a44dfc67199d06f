/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Phones that are plugged in and switched on: on the bus, but not in download mode.
 *
 * Nobody speaks to them; they are known only so that a person whose job waits can be told what to
 * do. What a device is shows in the classes of its interfaces, which the kernel has read anyway:
 * adb and fastboot are Android's own, whoever made the phone. That it is a MediaTek phone one knows
 * only of MediaTek's own ids; of any other one says so. Nothing at all is said about a device that
 * may be something else, a camera or a network adapter. */

#include "daemon/hotplug.h"

enum { AWAKE_MAX = 32 };

typedef enum AwakeMode {
        AWAKE_NONE,    /* no phone that one could tell */
        AWAKE_ANDROID, /* its system or its recovery runs */
        AWAKE_FASTBOOT,
        AWAKE_OTHER, /* on or charging, in a mode that says nothing */
} AwakeMode;

typedef struct AwakePhone {
        char port[64];
        uint16_t vendor, product;
        AwakeMode mode;
        bool mediatek; /* for certain */
} AwakePhone;

typedef struct Awake {
        AwakePhone list[AWAKE_MAX];
        size_t n;
} Awake;

/* Looks at a device that is not in download mode; true when the list is another one now. */
bool awake_seen(Awake *a, const HotplugDevice *d);
/* Whatever was at the port has gone, or is something else; likewise. */
bool awake_gone(Awake *a, const char *port);
/* The first one at this port ("": any), certain ones before others; NULL. */
const AwakePhone *awake_find(const Awake *a, const char *port);
