/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The transfers that a host controller has queued on a device, and what packets make of them.
 *
 * Control requests are independent of each other; OUT and IN transfers complete in the order in
 * which they were queued. An IN transfer ends when it is full or after a packet that is shorter
 * than max_packet; until then it stays queued with what has come. A front adds transfers, pumps
 * after everything that may have moved the device, and takes out what is complete. */

#include "device.h"

typedef enum UrbKind { URB_CONTROL, URB_BULK, URB_OTHER } UrbKind;

typedef struct Urb {
        struct Urb *next;
        void *owner; /* the front's */
        uint64_t id; /* the front's name of it */
        UrbKind kind;
        uint8_t endpoint;
        uint8_t *data; /* of the size below; a control request's starts with its 8 bytes */
        size_t size, done;
        int status;    /* when complete: 0 or negative errno */
        bool started;  /* a control request that was given to the device */
        uint64_t when; /* and is finished then */
        ssize_t result;
} Urb;

typedef struct UrbList {
        Urb *first, **last;
} UrbList;

enum { SPARE_MAX = 64, SPARE_SIZE = 1024 * 1024 };

typedef struct UsbQueue {
        UrbList pending, done;
        bool in_halted;
        uint64_t first_out; /* when the host's first OUT transfer met the device; 0 not yet */
        uint8_t *spare[SPARE_MAX]; /* each of SPARE_SIZE */
        size_t n_spare;
} UsbQueue;

void queue_init(UsbQueue *q);
/* Frees everything in it. */
void queue_done(UsbQueue *q);

/* The caller fills in data and endpoint, and pumps. */
Urb *queue_add(UsbQueue *q, UrbKind kind, size_t size);
/* Moves what can be moved between the device and the queued transfers. */
void queue_pump(UsbQueue *q, Device *d, uint64_t now);
/* When a queued control request ends; MODEL_NEVER none. */
uint64_t queue_deadline(const UsbQueue *q);
void queue_clear_halt(UsbQueue *q, Device *d);
/* A pending transfer is complete with -ENOENT, what had come stays in it; NULL: there is none. */
Urb *queue_cancel(UsbQueue *q, const void *owner, uint64_t id);
/* The device has left: everything pending is complete with -ESHUTDOWN. */
void queue_vanish(UsbQueue *q);
/* The next complete one of an owner, for the caller to free with urb_free; NULL none. */
Urb *queue_take(UsbQueue *q, const void *owner);
/* Drops all of an owner. */
void queue_drop(UsbQueue *q, const void *owner);
void urb_free(UsbQueue *q, Urb *u);
