/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Descriptors and standard control requests. */

#include "model.h"

typedef enum UsbKind {
        USB_PRELOADER, /* as recorded: data interface first and number 1, 8-byte endpoints */
        USB_PRELOADER_CAPTURED, /* an older one: communication interface 1, data 0 */
        USB_AGENT,              /* after a speed switch: no usable strings, IN before OUT */
        USB_BROM,               /* full speed, no strings */
        USB_ANDROID,            /* a booted phone that shows a file transfer interface */
} UsbKind;

void usb_identity(UsbKind kind, UsbIdentity *ret);
/* The same on a wire of another speed, by its largest packet: 64, 512 or 1024 bytes. */
void usb_set_packets(UsbIdentity *u, uint16_t max_packet);
/* Standard device requests with an answer: bytes, or -EPIPE. */
ssize_t usb_get_descriptor(
        const UsbIdentity *u, UsbKind kind, unsigned value, uint8_t *data, size_t size);
