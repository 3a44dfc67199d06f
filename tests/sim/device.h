/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Something that can stand behind a USB port: our phone model, or an external device model behind a
 * socket (backend.c). The calls mean what model.h says. */

#include "model.h"

typedef struct Device Device;

typedef struct DeviceOps {
        void (*run)(Device *d, uint64_t now);
        uint64_t (*deadline)(Device *d);
        bool (*attached)(Device *d);
        const UsbIdentity *(*usb)(Device *d);
        int (*out)(Device *d, const void *data, size_t size, size_t *ret_taken);
        ssize_t (*in)(Device *d, void *data, size_t room, bool *ret_end);
        void (*clear_halt)(Device *d);
        ssize_t (*control)(
                Device *d, const uint8_t setup[8], uint8_t *data, size_t size, uint64_t *ret_when);
        /* the cable, moved by a person */
        void (*plug)(Device *d);
        void (*unplug)(Device *d);
        /* Descriptor that is readable when run has something to do; -1 none. */
        int (*fd)(Device *d);
        unsigned (*breaches)(Device *d);
        Device *(*free)(Device *d);
} DeviceOps;

struct Device {
        const DeviceOps *ops;
};

static inline void device_freep(Device **d)
{
        if (*d)
                (*d)->ops->free(*d);
}

int device_of_phone(const PhoneConfig *config, Device **ret);
/* NULL when it is no phone of ours. Borrowed. */
Model *device_model(Device *d);
/* What stands at the socket is shown as vendor:product. It is connected to when it is plugged, and
 * again whenever it has closed: a closed line is a device that left the bus. again_us: how long
 * after it has closed it may come back by itself; MODEL_NEVER: always. */
int device_of_socket(
        const char *path, uint16_t vendor, uint16_t product, uint64_t again_us, Device **ret);
