/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "device.h"

#include <errno.h>

typedef struct PhoneDevice {
        Device device;
        Model *model;
} PhoneDevice;

static Model *model(Device *d)
{
        return ((PhoneDevice *)d)->model;
}

static void phone_run(Device *d, uint64_t now)
{
        model_run(model(d), now);
}

static uint64_t phone_deadline(Device *d)
{
        return model_deadline(model(d));
}

static bool phone_attached(Device *d)
{
        return model_attached(model(d));
}

static const UsbIdentity *phone_usb(Device *d)
{
        return model_usb(model(d));
}

static int phone_out(Device *d, const void *data, size_t size, size_t *ret_taken)
{
        return model_out(model(d), data, size, ret_taken);
}

static ssize_t phone_in(Device *d, void *data, size_t room, bool *ret_end)
{
        return model_in(model(d), data, room, ret_end);
}

static void phone_clear_halt(Device *d)
{
        model_clear_halt(model(d));
}

static ssize_t phone_control(
        Device *d, const uint8_t setup[8], uint8_t *data, size_t size, uint64_t *ret_when)
{
        return model_control(model(d), setup, data, size, ret_when);
}

static void phone_plug(Device *d)
{
        model_power_on(model(d));
}

static void phone_unplug(Device *d)
{
        model_unplug(model(d));
}

static int phone_fd(Device *d)
{
        return -1;
}

static unsigned phone_breaches(Device *d)
{
        return model_breaches(model(d));
}

static Device *phone_free(Device *d)
{
        model_free(model(d));
        free(d);
        return NULL;
}

static const DeviceOps phone_ops = {
        .run = phone_run,
        .deadline = phone_deadline,
        .attached = phone_attached,
        .usb = phone_usb,
        .out = phone_out,
        .in = phone_in,
        .clear_halt = phone_clear_halt,
        .control = phone_control,
        .plug = phone_plug,
        .unplug = phone_unplug,
        .fd = phone_fd,
        .breaches = phone_breaches,
        .free = phone_free,
};

int device_of_phone(const PhoneConfig *config, Device **ret)
{
        _cleanup_free_ PhoneDevice *p = calloc(1, sizeof(*p));
        if (!p)
                return -ENOMEM;
        p->device.ops = &phone_ops;
        int r = model_new(config, &p->model);
        if (r < 0)
                return r;
        *ret = &TAKE_PTR(p)->device;
        return 0;
}

Model *device_model(Device *d)
{
        return d->ops == &phone_ops ? model(d) : NULL;
}
