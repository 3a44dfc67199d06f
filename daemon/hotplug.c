/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/hotplug.h"

#include <errno.h>
#include <libudev.h>
#include <string.h>

#include "basic/log.h"
#include "daemon/usb-id.h"

/* A phone's window is short, so its event goes before everything else that waits. */
enum { HOTPLUG_PRIORITY = SD_EVENT_PRIORITY_IMPORTANT };
/* Plenty for a hub of phones coming up at once; less than this was lost in a busy moment. */
enum { RECEIVE_BUFFER = 4 * 1024 * 1024 };
enum { EVENTS_A_TURN = 64 };

struct Hotplug {
        struct udev *udev;
        struct udev_monitor *monitor;
        sd_event_source *source;
        const HotplugEvents *events;
        void *userdata;
};

Hotplug *hotplug_free(Hotplug *h)
{
        if (!h)
                return NULL;
        sd_event_source_disable_unref(h->source);
        udev_monitor_unref(h->monitor);
        udev_unref(h->udev);
        free(h);
        return NULL;
}

static unsigned long get_number(const char *text, int base, unsigned long max)
{
        char *end;
        unsigned long v;

        if (!text)
                return 0;
        v = strtoul(text, &end, base);
        return *end || v > max ? 0 : v;
}

static void tell_added(Hotplug *h, struct udev_device *d)
{
        HotplugDevice phone = {
                .port = udev_device_get_sysname(d),
                .node = udev_device_get_devnode(d),
                .vendor = (uint16_t)get_number(
                        udev_device_get_sysattr_value(d, "idVendor"), 16, UINT16_MAX),
                .product = (uint16_t)get_number(
                        udev_device_get_sysattr_value(d, "idProduct"), 16, UINT16_MAX),
        };
        const UsbId *id = usb_id_find(
                phone.vendor, phone.product, udev_device_get_sysattr_value(d, "product"));

        if (!phone.port || !phone.node)
                return;
        phone.guarded = udev_device_get_property_value(d, "ID_MM_DEVICE_IGNORE") != NULL;
        phone.interfaces = udev_device_get_property_value(d, "ID_USB_INTERFACES") ?: "";
        phone.number = (uint32_t)(get_number(udev_device_get_sysattr_value(d, "busnum"), 10, 0xffff)
                        << 16 |
                get_number(udev_device_get_sysattr_value(d, "devnum"), 10, 0xffff));
        if (id) {
                phone.mode = id->mode;
                h->events->added(h->userdata, &phone);
        } else
                h->events->other(h->userdata, &phone);
}

static void take_event(Hotplug *h, struct udev_device *d)
{
        const char *action = udev_device_get_action(d);

        if (!action)
                return;
        if (strcmp(action, "add") == 0)
                tell_added(h, d);
        else if (strcmp(action, "remove") == 0 && udev_device_get_sysname(d))
                h->events->removed(h->userdata, udev_device_get_sysname(d));
}

static int on_event(sd_event_source *s, int fd, uint32_t revents, void *userdata)
{
        Hotplug *h = userdata;

        for (int i = 0; i < EVENTS_A_TURN; i++) {
                struct udev_device *d = udev_monitor_receive_device(h->monitor);

                if (!d)
                        break;
                take_event(h, d);
                udev_device_unref(d);
        }
        return 0;
}

int hotplug_new(sd_event *event, const HotplugEvents *events, void *userdata, Hotplug **ret)
{
        _cleanup_(hotplug_freep) Hotplug *h = calloc(1, sizeof *h);
        int r;

        if (!h)
                return -ENOMEM;
        h->events = events;
        h->userdata = userdata;
        h->udev = udev_new();
        h->monitor = h->udev ? udev_monitor_new_from_netlink(h->udev, "udev") : NULL;
        if (!h->monitor)
                return -errno ?: -ENOMEM;
        r = udev_monitor_filter_add_match_subsystem_devtype(h->monitor, "usb", "usb_device");
        if (r < 0)
                return r;
        /* needs no privilege up to the system's limit; that it is not granted in full is no fault */
        (void)udev_monitor_set_receive_buffer_size(h->monitor, RECEIVE_BUFFER);
        r = udev_monitor_enable_receiving(h->monitor);
        if (r < 0)
                return r;
        r = sd_event_add_io(
                event, &h->source, udev_monitor_get_fd(h->monitor), EPOLLIN, on_event, h);
        if (r < 0)
                return r;
        r = sd_event_source_set_priority(h->source, HOTPLUG_PRIORITY);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(h);
        return 0;
}

/* The kernel takes the node away first and the entry in sysfs last, with the event in between: what
 * has no node any more is told as removed, or was already. */
static bool has_node(struct udev_device *d)
{
        const char *node = d ? udev_device_get_devnode(d) : NULL;

        return node && access(node, F_OK) == 0;
}

bool hotplug_present(Hotplug *h, const char *port)
{
        struct udev_device *d = udev_device_new_from_subsystem_sysname(h->udev, "usb", port);
        bool present = has_node(d);

        udev_device_unref(d);
        return present;
}

void hotplug_enumerate(Hotplug *h)
{
        struct udev_enumerate *list = udev_enumerate_new(h->udev);
        struct udev_list_entry *entry;
        int r = list ? udev_enumerate_add_match_subsystem(list, "usb") : -ENOMEM;

        if (r >= 0)
                r = udev_enumerate_add_match_property(list, "DEVTYPE", "usb_device");
        if (r >= 0)
                r = udev_enumerate_scan_devices(list);
        if (r < 0) {
                udev_enumerate_unref(list);
                log_warning("The devices that are there cannot be listed: %s", strerror(-r));
                return;
        }
        udev_list_entry_foreach(entry, udev_enumerate_get_list_entry(list))
        {
                struct udev_device *d =
                        udev_device_new_from_syspath(h->udev, udev_list_entry_get_name(entry));

                if (has_node(d))
                        tell_added(h, d);
                udev_device_unref(d);
        }
        udev_enumerate_unref(list);
}
