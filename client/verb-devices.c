/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "client/bus.h"
#include "client/columns.h"
#include "client/details.h"
#include "client/error.h"
#include "client/lists.h"
#include "client/verb.h"

static const Column columns[] = {
        { "PORT", "id" },
        { "USB", "usb" },
        { "STATE", "state" },
        { "MODE", "mode" },
        { "CHIP", "chip" },
        { "JOB", "job_id" },
        { "MESSAGE", "message", .shrink = true },
        {},
};

static void device_dress(json_t *device)
{
        const char *vendor = object_text(device, "vendor_id"),
                   *product = object_text(device, "product_id"),
                   *job = strrchr(object_text(device, "job"), '_');

        if (strlen(vendor) > 2 && strlen(product) > 2)
                json_object_set_new(device, "usb", json_sprintf("%s:%s", vendor + 2, product + 2));
        if (job)
                json_object_set_new(device, "job_id", json_string(job + 1));
}

int devices_print(json_t *list)
{
        json_t *device;
        size_t i;

        json_array_foreach(list, i, device) device_dress(device);
        return columns_print(columns, list, "no phone in download mode");
}

static const Column rows[] = {
        { "USB port", "id" },
        { "USB id", "usb" },
        { "State", "state" },
        { "Mode", "mode" },
        { "Chip", "chip" },
        { "Hardware code", "hw_code" },
        { "Sub code", "hw_sub_code" },
        { "Hardware version", "hw_version" },
        { "Software version", "sw_version" },
        { "Security", "security", COLUMN_LIST },
        { "Agent protocol", "protocol" },
        { "ME_ID", "me_id" },
        { "SOC_ID", "soc_id" },
        { "Job", "job_id" },
        { "Message", "message" },
        {},
};

static int device_print(json_t *list)
{
        json_t *device = json_array_get(list, 0);

        device_dress(device);
        /* before it has said who it is these are none */
        if (!*object_text(device, "hw_code")) {
                json_object_del(device, "hw_sub_code");
                json_object_del(device, "hw_version");
                json_object_del(device, "sw_version");
        }
        details_print(rows, device);
        return 0;
}

static int run(int argc, char **argv)
{
        _cleanup_bus_ sd_bus *bus = NULL;
        _cleanup_json_ json_t *list = NULL;

        if (argc == 0)
                return list_show("devices", IFACE_DEVICE, devices_print);
        int r = bus_open(&bus);
        if (r)
                return r;
        r = bus_objects(bus, IFACE_DEVICE, &list);
        if (r)
                return r;
        for (size_t i = json_array_size(list); i-- > 0;)
                if (strcmp(object_text(json_array_get(list, i), "id"), argv[0]) != 0)
                        json_array_remove(list, i);
        if (json_array_size(list) == 0)
                return error_fail(
                        ERROR_NO_SUCH_DEVICE, "there is no phone at the USB port %s", argv[0]);
        return list_finish("devices", json_incref(list), device_print);
}

const Verb verb_devices = {
        .name = "devices",
        .group = GROUP_JOBS,
        .synopsis = "[PORT]",
        .summary = "list phones in download mode, or show one",
        .help = "With PORT everything is shown that the phone there has said: versions, "
                "protections,\n"
                "its ids. A phone that nobody asked for has said nothing; detect asks it.",
        .max_args = 1,
        .needs_bus = true,
        .run = run,
};
