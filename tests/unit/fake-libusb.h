/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A libusb with one device, for tests of the USB transport without a kernel.
 *
 * The device is a list of packets. They go into the queued IN transfers as a host controller would
 * put them there: a transfer completes when it is full or with a packet shorter than the maximum;
 * a packet larger than the room left is an overflow; whole packets without a short one behind them
 * leave a longer transfer pending. Completions are delivered by the event call, in order. */

#include <errno.h>
#include <libusb.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>

#include "test.h"

enum { FAKE_MPS = 512, FAKE_TRANSFERS = 64 };

typedef enum FakeKind { FAKE_DATA, FAKE_STALL, FAKE_OVERFLOW, FAKE_ERROR, FAKE_GONE } FakeKind;

typedef struct FakePacket {
        FakeKind kind;
        size_t size;
        struct FakePacket *next;
        uint8_t data[];
} FakePacket;

static struct FakeUsb {
        /* how it behaves */
        int wrap, claim[4], submit; /* answers; 0 ok */
        size_t memory;              /* budget for queued IN bytes, 0 unlimited */
        bool out_hangs;             /* OUT transfers are never taken */
        enum libusb_transfer_status out_status;
        bool cancel_hangs;
        struct libusb_config_descriptor *config;

        /* what happened */
        FakePacket *first, **last;
        struct libusb_transfer *in[FAKE_TRANSFERS], *out[FAKE_TRANSFERS], *done[FAKE_TRANSFERS];
        size_t n_in, n_out, n_done;
        size_t in_max; /* most IN bytes that were queued at once */
        bool gone;
        int event, claimed, released[4], n_released, halts;
        bool auto_detach, closed;
        uint8_t log[64 * 1024]; /* bytes of bulk OUT */
        size_t n_log, n_out_transfers;
        uint8_t requests[8][16];
        size_t n_requests;
} fake;

/* ---- the test's side ---- */

static inline void fake_packet(FakeKind kind, const void *data, size_t size)
{
        FakePacket *p = calloc(1, sizeof(*p) + size);

        assert_non_null(p);
        p->kind = kind;
        p->size = size;
        if (size > 0)
                memcpy(p->data, data, size);
        *fake.last = p;
        fake.last = &p->next;
}

static inline size_t fake_queued(void)
{
        size_t sum = 0;

        for (size_t i = 0; i < fake.n_in; i++)
                sum += (size_t)fake.in[i]->length;
        return sum;
}

static inline void fake_finish(struct libusb_transfer *t, enum libusb_transfer_status status)
{
        t->status = status;
        fake.done[fake.n_done++] = t;
        (void)!eventfd_write(fake.event, 1);
}

static inline void fake_pump(void)
{
        while (fake.first && fake.n_in > 0) {
                FakePacket *p = fake.first;
                struct libusb_transfer *t = fake.in[0];
                size_t room = (size_t)(t->length - t->actual_length);
                enum libusb_transfer_status status = LIBUSB_TRANSFER_COMPLETED;
                bool complete = true;

                switch (p->kind) {
                case FAKE_DATA:
                        if (p->size > room) {
                                status = LIBUSB_TRANSFER_OVERFLOW;
                                break;
                        }
                        memcpy(t->buffer + t->actual_length, p->data, p->size);
                        t->actual_length += (int)p->size;
                        complete = p->size < FAKE_MPS || p->size == room;
                        break;
                case FAKE_STALL: status = LIBUSB_TRANSFER_STALL; break;
                case FAKE_OVERFLOW: status = LIBUSB_TRANSFER_OVERFLOW; break;
                case FAKE_ERROR: status = LIBUSB_TRANSFER_ERROR; break;
                case FAKE_GONE:
                        fake.gone = true;
                        for (size_t i = 0; i < fake.n_in; i++)
                                fake_finish(fake.in[i], LIBUSB_TRANSFER_NO_DEVICE);
                        fake.n_in = 0;
                        complete = false;
                        break;
                }
                fake.first = p->next;
                if (!fake.first)
                        fake.last = &fake.first;
                free(p);
                if (complete) {
                        memmove(fake.in, fake.in + 1, --fake.n_in * sizeof(fake.in[0]));
                        fake_finish(t, status);
                }
        }
}

/* n bytes of a counting pattern as packets of at most `part` bytes */
static inline void fake_run(size_t n, size_t part)
{
        uint8_t data[FAKE_MPS];

        for (size_t at = 0, size; at < n; at += size) {
                size = MIN(part, n - at);
                for (size_t i = 0; i < size; i++)
                        data[i] = (uint8_t)((at + i) * 7 >> 3);
                fake_packet(FAKE_DATA, data, size);
        }
}

static inline int fake_setup(void **state)
{
        memset(&fake, 0, sizeof(fake));
        fake.last = &fake.first;
        fake.event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
        return 0;
}

static inline int fake_teardown(void **state)
{
        for (FakePacket *p; (p = fake.first); free(p))
                fake.first = p->next;
        close(fake.event);
        return 0;
}

/* ---- what the transport calls ---- */

const struct libusb_version *LIBUSB_CALL libusb_get_version(void)
{
        static const struct libusb_version version = { .major = 1, .minor = 0, .micro = 99 };

        return &version;
}

struct libusb_transfer *LIBUSB_CALL libusb_alloc_transfer(int packets)
{
        return calloc(1, sizeof(struct libusb_transfer));
}

void LIBUSB_CALL libusb_free_transfer(struct libusb_transfer *t)
{
        free(t);
}

int LIBUSB_CALL libusb_submit_transfer(struct libusb_transfer *t)
{
        if (fake.gone)
                return LIBUSB_ERROR_NO_DEVICE;
        if (fake.submit)
                return fake.submit;
        t->actual_length = 0;
        if (t->endpoint & LIBUSB_ENDPOINT_IN && t->type == LIBUSB_TRANSFER_TYPE_BULK) {
                if (fake.memory && fake_queued() + (size_t)t->length > fake.memory)
                        return LIBUSB_ERROR_NO_MEM;
                fake.in[fake.n_in++] = t;
                fake.in_max = MAX(fake.in_max, fake_queued());
                return 0;
        }
        if (t->type == LIBUSB_TRANSFER_TYPE_CONTROL) {
                memcpy(fake.requests[fake.n_requests++], t->buffer, (size_t)MIN(t->length, 16));
        } else {
                fake.n_out_transfers++;
                assert_true(fake.n_log + (size_t)t->length <= sizeof(fake.log));
                memcpy(fake.log + fake.n_log, t->buffer, (size_t)t->length);
                fake.n_log += (size_t)t->length;
        }
        if (fake.out_hangs) {
                fake.out[fake.n_out++] = t;
                return 0;
        }
        if (fake.out_status == LIBUSB_TRANSFER_COMPLETED)
                t->actual_length = t->length;
        fake_finish(t, fake.out_status);
        return 0;
}

int LIBUSB_CALL libusb_cancel_transfer(struct libusb_transfer *t)
{
        struct libusb_transfer **lists[] = { fake.in, fake.out };
        size_t *counts[] = { &fake.n_in, &fake.n_out };

        if (fake.cancel_hangs)
                return 0;
        for (size_t k = 0; k < 2; k++)
                for (size_t i = 0; i < *counts[k]; i++)
                        if (lists[k][i] == t) {
                                memmove(lists[k] + i, lists[k] + i + 1,
                                        (--*counts[k] - i) * sizeof(t));
                                fake_finish(t, LIBUSB_TRANSFER_CANCELLED);
                                return 0;
                        }
        return LIBUSB_ERROR_NOT_FOUND;
}

int LIBUSB_CALL libusb_handle_events_timeout_completed(
        libusb_context *c, struct timeval *tv, int *completed)
{
        eventfd_t value;

        (void)!eventfd_read(fake.event, &value);
        fake_pump();
        for (size_t i = 0; i < fake.n_done; i++)
                fake.done[i]->callback(fake.done[i]);
        fake.n_done = 0;
        fake_pump();
        if (fake.n_done > 0)
                (void)!eventfd_write(fake.event, 1);
        return 0;
}

const struct libusb_pollfd **LIBUSB_CALL libusb_get_pollfds(libusb_context *c)
{
        static struct libusb_pollfd one;
        const struct libusb_pollfd **list = calloc(2, sizeof(*list));

        one = (struct libusb_pollfd){ .fd = fake.event, .events = POLLIN };
        list[0] = &one;
        return list;
}

void LIBUSB_CALL libusb_free_pollfds(const struct libusb_pollfd **list)
{
        free(list);
}

int LIBUSB_CALL libusb_clear_halt(libusb_device_handle *h, unsigned char endpoint)
{
        fake.halts++;
        return fake.gone ? LIBUSB_ERROR_NO_DEVICE : 0;
}
