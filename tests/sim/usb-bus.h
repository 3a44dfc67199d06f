/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A USB bus for programs that use libudev and libusb, without a kernel behind it.
 *
 * umockdev carries sysfs, uevents and ioctls; this front answers them as usbfs does: requests are
 * queued in order, reaped when complete, and the node is ready for poll exactly when there is
 * something to reap (a FIFO with one slot stands in its place). Drivers are kept as the kernel
 * would: cdc_acm binds a moment after a device appeared, claiming a bound interface is EBUSY.
 *
 * The calls here belong to one thread, which runs a GLib main loop; requests are answered by
 * umockdev's thread and by one of the bus itself that keeps the devices' time. */

#include <glib.h>

#include "device.h"

typedef struct UsbBus UsbBus;
typedef struct UsbPort UsbPort;

typedef enum PortFault {
        PORT_NODE_LATE = 1 << 0, /* the node appears after the event only */
        PORT_NO_NODE = 1 << 1,   /* gone between the event and open */
        PORT_DOUBLE_ADD = 1 << 2,
        PORT_LOST_ADD = 1 << 3,    /* no event: only enumeration finds it */
        PORT_CLAIM_BUSY = 1 << 4,  /* another program has claimed the interfaces */
        PORT_SLOW_REMOVE = 1 << 5, /* remove comes 200 ms after the device has gone */
        PORT_NO_ACCESS = 1 << 6,   /* nobody may open the node: no rule granted it */
        PORT_NO_RULE = 1 << 7,     /* nor does one keep other programs away */
} PortFault;
/* 0 for a name that is not known */
unsigned port_fault_from_string(const char *name);
void port_fault_help(FILE *f);

/* Only one in a process, which has to run under the preloads (run-dir.h). */
int bus_new(UsbBus **ret);
UsbBus *bus_free(UsbBus *b);

/* Port 1-<number>; the device becomes the bus's. cdc_acm_ms 0: no driver binds. */
int bus_add_port(
        UsbBus *b, unsigned number, Device *device, uint64_t cdc_acm_ms, FILE *log, UsbPort **ret);
/* Put the cable in or pull it; the event is sent when it returns, unless the device is not there.
 * 0, -EALREADY, -ENODEV (a device that did not appear within wait_ms). */
int port_plug(UsbPort *p, unsigned wait_ms);
int port_unplug(UsbPort *p);
bool port_present(const UsbPort *p);
void port_set_faults(UsbPort *p, unsigned faults);
/* Another device at the same port; the old one is pulled and freed. */
void port_set_device(UsbPort *p, Device *device);
/* For a phone of ours, while it runs (model.h): other settings, and go on when it hangs or is slow. -EINVAL. */
int port_change(UsbPort *p, const char *word);
void port_go_on(UsbPort *p);
unsigned port_breaches(UsbPort *p);
