/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "client/bus.h"
#include "client/columns.h"
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

int devices_print(json_t *list)
{
        json_t *device;
        size_t i;

        json_array_foreach(list, i, device)
        {
                const char *vendor = object_text(device, "vendor_id"),
                           *product = object_text(device, "product_id"),
                           *job = strrchr(object_text(device, "job"), '_');
                if (strlen(vendor) > 2 && strlen(product) > 2)
                        json_object_set_new(
                                device, "usb", json_sprintf("%s:%s", vendor + 2, product + 2));
                if (job)
                        json_object_set_new(device, "job_id", json_string(job + 1));
        }
        return columns_print(columns, list, "no phone in download mode");
}

static int run(int argc, char **argv)
{
        return list_show("devices", IFACE_DEVICE, devices_print);
}

const Verb verb_devices = {
        .name = "devices",
        .group = GROUP_JOBS,
        .summary = "list phones in download mode",
        .needs_bus = true,
        .run = run,
};
