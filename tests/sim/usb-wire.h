/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* How fd-shim.so, in a program that uses a simulated device, talks to the bus.
 *
 * A stream socket for every descriptor of a node; the first thing said is the node's name. Then
 * one question, one answer. A question is a UsbAsk and `size` bytes: the structure of the request,
 * and behind a usbdevfs_urb what goes out with it. An answer is a UsbSaid and `size` bytes: the
 * structure back, or what a reaped request has received, which goes to its buffer at `offset`. */

#include <stdint.h>

#define USB_WIRE_SOCKET "usbfs" /* below UMOCKDEV_DIR */
enum { USB_WIRE_NAME = 32, USB_WIRE_MAX = 4 * 1024 * 1024 };

typedef enum UsbQuestion { USB_ASK_IOCTL = 1, USB_ASK_READ } UsbQuestion;

typedef struct UsbAsk {
        uint32_t what, size;
        uint64_t request;
        uint64_t argument; /* address of the structure; bytes wanted of a read */
} UsbAsk;

typedef struct UsbSaid {
        int32_t value, error;
        uint32_t size, offset;
        uint64_t urb;           /* address of a reaped one, 0 none */
        int32_t status, actual; /* of it */
} UsbSaid;
