/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A phone behind a usbfs descriptor that somebody else opened.
 *
 * The phone listens for a second or two only and serves control transfers once in 20 ms meanwhile,
 * so usb_new asks it for nothing it can do without: no string descriptors, no enumeration, and the
 * class requests that make it talk (SET_LINE_CODING, SET_CONTROL_LINE_STATE) are only submitted, not
 * awaited; the first bytes of a handshake go out beside them. They may fail without harm.
 *
 * Interfaces and endpoints are found by class and direction, never by number or position: phones
 * list and number them in every order. (lib/transport/doc/transport.md 1) */

#include "transport/transport.h"

typedef struct UsbContext UsbContext;

/* Prepares libusb without looking for devices. Before a cage: it opens files. 0, -ENOMEM, -EIO. */
int usb_context_new(UsbContext **ret);
UsbContext *usb_context_free(UsbContext *c);
DEFINE_CLEANUP(UsbContext, usb_context_free)

/* Wraps the descriptor, claims both interfaces (kernel drivers are detached and not put back) and
 * starts to receive. Takes fd, also on failure; the context must outlive the transport.
 * 0; -ENODEV gone; -EBUSY another program has the interface; -EACCES; -EPROTO no usable pair of
 * bulk endpoints; -ENOMEM; -EIO. */
int usb_new(UsbContext *c, int fd, Transport **ret);

/* The version of libusb: "1.0.26". Returns out. */
const char *usb_library(char out[static 32]);

typedef struct UsbIdentity {
        uint16_t vendor, product;
        uint8_t data_interface, control_interface; /* 0xFF: no control interface */
        uint8_t in, out;                           /* endpoint addresses */
        size_t packet;
} UsbIdentity;

/* What was found in the descriptors. */
const UsbIdentity *usb_identity(const Transport *t);
