/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* org.mtkbackup1.Device, and what the list of devices tells. */

#include "daemon/bus-object.h"

int bus_add_devices(Bus *b);
extern const DeviceEvents bus_device_events; /* userdata: the Bus */
