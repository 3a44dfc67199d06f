/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Which USB devices are phones in download mode. The table is generated from udev/ids.tsv, as is
 * the udev rule. */

#include "basic/cleanup.h"

typedef struct UsbId {
        uint16_t vendor, product;
        const char *mode; /* brom, preloader, agent: most probably; the handshake decides */
        const char *name; /* product string that is demanded as well, or NULL */
} UsbId;

/* name: the product string as the kernel has it, or NULL. NULL when it is none. */
const UsbId *usb_id_find(uint16_t vendor, uint16_t product, const char *name);
size_t usb_id_count(void);
const UsbId *usb_id_at(size_t i);
