/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Which USB devices are phones in download mode. The table is generated from udev/ids.tsv, as is
 * the udev rule; the configuration adds to it, since a maker may give a phone ids of his own. */

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

/* Ids by configuration: "1234:5678=preloader", hexadecimal, with one of the modes above. An id of
 * the table may stand there, too: its mode is replaced, and no product string is demanded.
 * -EINVAL when it is not of this form, -ENOENT for another mode. */
enum { USB_ID_EXTRA_MAX = 32, USB_ID_TEXT_MAX = 31 };
int usb_id_extra_parse(const char *text, UsbId *ret);
/* Adds one to those usb_id_find finds, or replaces the one with its id; also -ENOSPC. */
int usb_id_extra_add(const char *text);
void usb_id_extra_clear(void);
/* Whether the shipped udev rule grants the nodes of such devices, too. */
bool usb_id_has_rule(uint16_t vendor, uint16_t product);
/* The line that grants it: for a file beside the shipped rule. */
enum { USB_ID_RULE_SIZE = 176 };
void usb_id_rule(uint16_t vendor, uint16_t product, char out[static USB_ID_RULE_SIZE]);
