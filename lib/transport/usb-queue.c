/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "transport/usb-queue.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

static void usb_queue_fail(UsbQueue *q, int fault)
{
        if (q->fault == 0)
                q->fault = fault;
        q->expected = 0;
}

static void LIBUSB_CALL slot_complete(struct libusb_transfer *transfer)
{
        UsbSlot *slot = transfer->user_data;
        UsbQueue *q = slot->queue;

        slot->state = SLOT_DONE;
        slot->pos = 0;
        /* after a fault the stream may go on, but with a gap: nothing behind it counts */
        slot->size = q->fault ? 0 : (size_t)transfer->actual_length;
        q->bytes += slot->size;
        q->transfers++;
        q->expected -= MIN(q->expected, (uint64_t)slot->size);

        switch (transfer->status) {
        case LIBUSB_TRANSFER_COMPLETED:
        case LIBUSB_TRANSFER_TIMED_OUT: /* both with what had arrived */
        case LIBUSB_TRANSFER_CANCELLED: break;
        case LIBUSB_TRANSFER_STALL: q->stalled = true; break;
        case LIBUSB_TRANSFER_OVERFLOW: usb_queue_fail(q, -EIO); break;
        case LIBUSB_TRANSFER_NO_DEVICE:
        case LIBUSB_TRANSFER_ERROR: /* the form in which many controllers show an unplug first */
        default: usb_queue_fail(q, -ENODEV); break;
        }
}

int usb_queue_open(UsbQueue *q, libusb_device_handle *handle, uint8_t endpoint, size_t packet)
{
        *q = (UsbQueue){ .handle = handle, .endpoint = endpoint, .packet = packet };
        for (size_t i = 0; i < USB_SLOTS; i++) {
                UsbSlot *slot = &q->slots[i];

                slot->queue = q;
                slot->capacity = i < USB_SHORT_SLOTS ? packet : USB_LONG_SIZE;
                slot->buffer = malloc(slot->capacity);
                slot->transfer = libusb_alloc_transfer(0);
                if (!slot->buffer || !slot->transfer)
                        return -ENOMEM;
        }
        return 0;
}

void usb_queue_cancel(UsbQueue *q)
{
        q->closing = true;
        for (size_t i = q->n_order; i > 0; i--)
                if (q->order[i - 1]->state == SLOT_QUEUED)
                        libusb_cancel_transfer(q->order[i - 1]->transfer);
}

bool usb_queue_busy(const UsbQueue *q)
{
        for (size_t i = 0; i < q->n_order; i++)
                if (q->order[i]->state == SLOT_QUEUED)
                        return true;
        return false;
}

void usb_queue_close(UsbQueue *q)
{
        for (size_t i = 0; i < USB_SLOTS; i++) {
                UsbSlot *slot = &q->slots[i];

                if (slot->state == SLOT_QUEUED)
                        continue;
                libusb_free_transfer(slot->transfer);
                free(slot->buffer);
        }
}

static UsbSlot *idle_slot(UsbQueue *q, size_t from, size_t to)
{
        for (size_t i = from; i < to; i++)
                if (q->slots[i].state == SLOT_IDLE)
                        return &q->slots[i];
        return NULL;
}

/* What the queued transfers can still take. */
static uint64_t queued_capacity(const UsbQueue *q)
{
        uint64_t sum = 0;

        for (size_t i = 0; i < q->n_order; i++)
                if (q->order[i]->state == SLOT_QUEUED)
                        sum += (uint64_t)q->order[i]->transfer->length;
        return sum;
}

static bool submit(UsbQueue *q, UsbSlot *slot, size_t size)
{
        int r;

        do {
                libusb_fill_bulk_transfer(slot->transfer, q->handle, q->endpoint, slot->buffer,
                        (int)size, slot_complete, slot, 0);
                r = libusb_submit_transfer(slot->transfer);
                /* usbfs has one budget for all programs; a smaller transfer may still fit */
                size = size / 2 / q->packet * q->packet;
        } while (r == LIBUSB_ERROR_NO_MEM && size > 0 && !usb_queue_busy(q));

        if (r == 0) {
                slot->state = SLOT_QUEUED;
                q->order[q->n_order++] = slot;
                return true;
        }
        /* with others queued this one is tried again when they complete */
        if (r != LIBUSB_ERROR_NO_MEM)
                usb_queue_fail(q, -ENODEV);
        else if (!usb_queue_busy(q))
                usb_queue_fail(q, -ENOMEM);
        return false;
}

static void clear_stall(UsbQueue *q)
{
        q->stalled = false;
        if (++q->stalls > USB_STALLS_MAX) {
                usb_queue_fail(q, -EIO);
                return;
        }
        switch (libusb_clear_halt(q->handle, q->endpoint)) {
        case LIBUSB_SUCCESS: break;
        case LIBUSB_ERROR_NO_DEVICE: usb_queue_fail(q, -ENODEV); break;
        default: usb_queue_fail(q, -EIO); break;
        }
}

void usb_queue_refill(UsbQueue *q)
{
        uint64_t capacity;
        UsbSlot *slot;

        if (q->closing || q->fault)
                return;
        if (q->stalled)
                clear_stall(q);

        for (capacity = queued_capacity(q); !q->fault && capacity < q->expected;) {
                uint64_t missing = q->expected - capacity;
                size_t size = USB_LONG_SIZE;

                slot = idle_slot(q, USB_SHORT_SLOTS, USB_SLOTS);
                if (missing < USB_LONG_SIZE)
                        size = (size_t)(missing + q->packet - 1) / q->packet * q->packet;
                if (!slot || !submit(q, slot, size))
                        return;
                capacity += (uint64_t)slot->transfer->length;
        }
        while (!q->fault && (slot = idle_slot(q, 0, USB_SHORT_SLOTS)))
                if (!submit(q, slot, q->packet))
                        return;
}

void usb_queue_expect(UsbQueue *q, uint64_t size)
{
        uint64_t here = 0;

        for (size_t i = 0; i < q->n_order; i++)
                if (q->order[i]->state == SLOT_DONE)
                        here += q->order[i]->size - q->order[i]->pos;
        q->expected = size > here && !q->fault ? size - here : 0;
        usb_queue_refill(q);
}

/* Takes the oldest slot out of the order. */
static void pop(UsbQueue *q)
{
        q->order[0]->state = SLOT_IDLE;
        q->n_order--;
        memmove(q->order, q->order + 1, q->n_order * sizeof(q->order[0]));
}

UsbSlot *usb_queue_head(UsbQueue *q)
{
        while (q->n_order > 0 && q->order[0]->state == SLOT_DONE) {
                if (q->order[0]->pos < q->order[0]->size)
                        return q->order[0];
                pop(q);
        }
        return NULL;
}

void usb_queue_consume(UsbQueue *q, size_t size)
{
        UsbSlot *slot = usb_queue_head(q);

        assert(slot ? size <= slot->size - slot->pos : size == 0);
        if (!slot)
                return;
        slot->pos += size;
        if (slot->pos == slot->size) {
                pop(q);
                usb_queue_refill(q);
        }
}
