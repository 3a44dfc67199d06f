/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/bus-device.h"

#include <errno.h>
#include <string.h>

static int find(sd_bus *bus, const char *path, const char *interface, void *userdata,
        void **ret_found, sd_bus_error *e)
{
        const Bus *b = userdata;
        _cleanup_free_ char *port = NULL;
        int r;

        if (strcmp(path, PATH_DEVICES) == 0)
                return 0;
        r = sd_bus_path_decode(path, PATH_DEVICES, &port);
        if (r < 0)
                return r;
        *ret_found = r > 0 ? devices_find(&b->manager->devices, port) : NULL;
        if (*ret_found)
                return 1;
        return bus_error_setf(
                e, ERROR_NO_SUCH_DEVICE, "There is no phone at the USB port %.64s.", port ?: path);
}

static char *nth_path(const Bus *b, size_t i)
{
        return bus_device_path(b->manager->devices.list[i]);
}

static int enumerate(
        sd_bus *bus, const char *prefix, void *userdata, char ***ret_nodes, sd_bus_error *e)
{
        const Bus *b = userdata;

        return bus_nodes(b, b->manager->devices.n, nth_path, ret_nodes);
}

static int get_text(sd_bus *bus, const char *path, const char *interface, const char *property,
        sd_bus_message *reply, void *userdata, sd_bus_error *e)
{
        const Device *d = userdata;
        const BusText texts[] = {
                { "Port", d->port },
                { "State", device_state_to_string(d->state) },
                { "Mode", d->mode },
                { "Chip", d->phone.chip },
                { "MeId", d->phone.me_id },
                { "SocId", d->phone.soc_id },
                { "Protocol", d->phone.protocol },
                { "Message", d->message },
        };

        return bus_append_text(reply, property, texts, ELEMENTS(texts));
}

static int get_security(sd_bus *bus, const char *path, const char *interface, const char *property,
        sd_bus_message *reply, void *userdata, sd_bus_error *e)
{
        const char *names[PHONE_SECURITY_MAX + 1];

        phone_security(&((const Device *)userdata)->phone, names);
        return sd_bus_message_append_strv(reply, (char **)(uintptr_t)names);
}

static int get_job(sd_bus *bus, const char *path, const char *interface, const char *property,
        sd_bus_message *reply, void *userdata, sd_bus_error *e)
{
        const Device *d = userdata;
        _cleanup_free_ char *job = NULL;

        if (d->session && d->session->job)
                job = bus_job_path(d->session->job);
        return sd_bus_message_append(reply, "o", job ?: "/");
}

#define CHANGES SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("Port", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("VendorId", "q", NULL, offsetof(Device, vendor), CHANGES),
        SD_BUS_PROPERTY("ProductId", "q", NULL, offsetof(Device, product), CHANGES),
        SD_BUS_PROPERTY("State", "s", get_text, 0, CHANGES),
        SD_BUS_PROPERTY("Mode", "s", get_text, 0, CHANGES),
        SD_BUS_PROPERTY("Chip", "s", get_text, 0, CHANGES),
        SD_BUS_PROPERTY("HwCode", "q", NULL, offsetof(Device, phone.hw_code), CHANGES),
        SD_BUS_PROPERTY("HwSubCode", "q", NULL, offsetof(Device, phone.hw_sub), CHANGES),
        SD_BUS_PROPERTY("HwVersion", "q", NULL, offsetof(Device, phone.hw_ver), CHANGES),
        SD_BUS_PROPERTY("SwVersion", "q", NULL, offsetof(Device, phone.sw_ver), CHANGES),
        SD_BUS_PROPERTY("MeId", "s", get_text, 0, CHANGES),
        SD_BUS_PROPERTY("SocId", "s", get_text, 0, CHANGES),
        SD_BUS_PROPERTY("Protocol", "s", get_text, 0, CHANGES),
        SD_BUS_PROPERTY("Security", "as", get_security, 0, CHANGES),
        SD_BUS_PROPERTY("Job", "o", get_job, 0, CHANGES),
        SD_BUS_PROPERTY("Message", "s", get_text, 0, CHANGES),
        SD_BUS_VTABLE_END,
};

int bus_add_devices(Bus *b)
{
        int r = sd_bus_add_fallback_vtable(
                b->bus, NULL, PATH_DEVICES, IFACE_DEVICE, vtable, find, b);

        return r < 0 ? r : sd_bus_add_node_enumerator(b->bus, NULL, PATH_DEVICES, enumerate, b);
}

/* ---- what the list of devices tells ---- */

static void on_added(void *userdata, Device *d)
{
        _cleanup_free_ char *path = bus_device_path(d);
        Bus *b = userdata;

        if (b->bus && path)
                (void)sd_bus_emit_object_added(b->bus, path);
}

static void on_changed(void *userdata, Device *d)
{
        _cleanup_free_ char *path = bus_device_path(d);
        Bus *b = userdata;

        if (b->bus && path)
                (void)sd_bus_emit_properties_changed(b->bus, path, IFACE_DEVICE, "VendorId",
                        "ProductId", "State", "Mode", "Chip", "HwCode", "HwSubCode", "HwVersion",
                        "SwVersion", "MeId", "SocId", "Protocol", "Security", "Job", "Message",
                        NULL);
}

static void on_removed(void *userdata, Device *d)
{
        _cleanup_free_ char *path = bus_device_path(d);
        Bus *b = userdata;

        if (b->bus && path)
                (void)sd_bus_emit_object_removed(b->bus, path);
}

static void on_counted(void *userdata)
{
        bus_counts_changed(userdata);
}

const DeviceEvents bus_device_events = {
        .added = on_added,
        .changed = on_changed,
        .removed = on_removed,
        .counted = on_counted,
};
