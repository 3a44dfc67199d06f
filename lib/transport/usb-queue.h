/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The receiving side of the USB transport: transfers that are always queued, and the FIFO made of
 * those that are complete.
 *
 * A bulk IN transfer completes when it is full or when a packet shorter than the maximum (or empty)
 * arrives. Phones mark the end of a run of whole packets with nothing, so a transfer that is longer
 * than what the phone will send stays pending with the last bytes inside it. Therefore, as long as
 * nothing is known about what comes next, only transfers of one packet are queued (any packet
 * completes one), and once the protocol knows that n bytes are coming (usb_queue_expect), long
 * transfers are queued behind those for the rest, the last one cut to the packet. Early completions
 * (short or empty packets inside the run) only make capacity that is replaced at once. The capacity
 * that is queued for a run exceeds it by less than one packet, so its last byte always completes
 * a transfer. (lib/transport/doc/transport.md 2)
 *
 * All transfers have a multiple of the packet size, so nothing a correct phone sends overflows.
 * Slots complete in the order in which they were submitted; the FIFO is that order. */

#include <libusb.h>

#include "basic/cleanup.h"

enum {
        USB_PACKET_MAX = 1024,
        USB_SHORT_SLOTS = 8, /* of one packet */
        USB_LONG_SLOTS = 8,
        USB_LONG_SIZE = 256 * 1024,
        USB_SLOTS = USB_SHORT_SLOTS + USB_LONG_SLOTS,
        USB_STALLS_MAX = 3, /* cleared in the life of a queue */
};

typedef struct UsbQueue UsbQueue;

typedef struct UsbSlot {
        UsbQueue *queue;
        struct libusb_transfer *transfer;
        uint8_t *buffer;
        size_t capacity; /* of the buffer */
        enum { SLOT_IDLE, SLOT_QUEUED, SLOT_DONE } state;
        size_t pos, size; /* what is left to read of a done slot */
} UsbSlot;

struct UsbQueue {
        libusb_device_handle *handle;
        uint8_t endpoint;
        size_t packet;             /* maximum packet size */
        UsbSlot slots[USB_SLOTS];  /* the short ones first */
        UsbSlot *order[USB_SLOTS]; /* submitted and not yet read, oldest first */
        size_t n_order;
        uint64_t expected; /* bytes of a run that have not arrived */
        unsigned stalls;
        bool stalled; /* to be cleared outside the callback */
        bool closing; /* nothing is submitted any more */
        int fault;    /* 0 or the final error */
        uint64_t bytes, transfers;
};

/* Allocates; nothing is queued before usb_queue_refill. 0 or -ENOMEM. */
int usb_queue_open(UsbQueue *q, libusb_device_handle *handle, uint8_t endpoint, size_t packet);
/* Cancels what is queued; usb_queue_busy tells whether the kernel still holds a buffer. */
void usb_queue_cancel(UsbQueue *q);
bool usb_queue_busy(const UsbQueue *q);
/* Frees what is not busy. A busy slot is left allocated on purpose: the kernel may write to it. */
void usb_queue_close(UsbQueue *q);

/* Keeps the right transfers queued and clears a stall. Called after every event. */
void usb_queue_refill(UsbQueue *q);
void usb_queue_expect(UsbQueue *q, uint64_t size);
/* Oldest complete slot with bytes, or NULL. */
UsbSlot *usb_queue_head(UsbQueue *q);
void usb_queue_consume(UsbQueue *q, size_t size);
