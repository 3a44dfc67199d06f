/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "transport/usb.h"

#include <errno.h>
#include <libusb.h>
#include <string.h>

#include "basic/clock.h"
#include "transport/usb-queue.h"

enum {
        USB_NONE = 0xFF,
        USB_THIRD = 2, /* number of the third interface */
        USB_REQUESTS = 2,
        USB_CLOSE_MS = 2000,
        CDC_SET_LINE_CODING = 0x20,
        CDC_SET_CONTROL_LINE_STATE = 0x22,
        CDC_DTR_RTS = 3,
};

struct UsbContext {
        libusb_context *libusb;
        struct pollfd fds[TRANSPORT_FDS_MAX];
        nfds_t n_fds;
};

/* An OUT transfer; its buffer is its own, so that one the kernel does not give back harms nobody. */
typedef struct UsbOut {
        struct libusb_transfer *transfer;
        uint8_t *buffer;
        size_t capacity;
        bool queued;
} UsbOut;

typedef struct Usb {
        Transport transport; /* first */
        UsbContext *context;
        int fd;
        libusb_device_handle *handle;
        UsbIdentity identity;
        bool claimed_data, claimed_control;
        UsbQueue in;
        UsbOut out[TRANSPORT_PIECES_MAX];
        UsbOut request[USB_REQUESTS];
} Usb;

static Usb *usb_of(Transport *t)
{
        return (Usb *)t;
}

static int error_of(int r)
{
        static const struct {
                int libusb, error;
        } map[] = {
                { LIBUSB_ERROR_BUSY, -EBUSY },
                { LIBUSB_ERROR_ACCESS, -EACCES },
                { LIBUSB_ERROR_NO_MEM, -ENOMEM },
                { LIBUSB_ERROR_NO_DEVICE, -ENODEV },
                { LIBUSB_ERROR_NOT_FOUND, -ENODEV },
        };

        for (size_t i = 0; i < ELEMENTS(map); i++)
                if (map[i].libusb == r)
                        return map[i].error;
        return r < 0 ? -EIO : 0;
}

/* Nothing was transferred yet that could have been lost: a device that cannot be read or claimed for
 * no better reason is one whose cable was just pulled. */
static int opening_error_of(int r)
{
        r = error_of(r);
        return r == -EIO ? -ENODEV : r;
}

/* ---- events ---- */

static void handle_events(UsbContext *c)
{
        struct timeval now = { 0 };

        libusb_handle_events_timeout_completed(c->libusb, &now, NULL);
}

/* One sleep until something happens to a transfer: 1, 0 at the deadline (something may have happened
 * all the same), or what tick returned. */
static int wait_events(Usb *u, uint64_t deadline)
{
        struct pollfd fds[TRANSPORT_FDS_MAX];
        int r;

        memcpy(fds, u->context->fds, sizeof(fds));
        r = transport_poll(&u->transport, fds, u->context->n_fds, deadline);
        if (r <= 0)
                return r;
        handle_events(u->context);
        return clock_usec() < deadline;
}

/* ---- writing ---- */

static void LIBUSB_CALL out_complete(struct libusb_transfer *transfer)
{
        UsbOut *o = transfer->user_data;

        o->queued = false;
}

static int out_reserve(UsbOut *o, size_t size)
{
        if (!o->transfer) {
                o->transfer = libusb_alloc_transfer(0);
                if (!o->transfer)
                        return -ENOMEM;
        }
        if (o->capacity < size) {
                free(o->buffer);
                o->capacity = 0;
                o->buffer = malloc(size);
                if (!o->buffer)
                        return -ENOMEM;
                o->capacity = size;
        }
        return 0;
}

/* Frees what the kernel has given back. */
static void out_close(UsbOut *o, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                if (o[i].queued)
                        continue;
                libusb_free_transfer(o[i].transfer);
                free(o[i].buffer);
        }
}

static bool out_busy(const UsbOut *o, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (o[i].queued)
                        return true;
        return false;
}

static void out_cancel(UsbOut *o, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (o[i].queued)
                        libusb_cancel_transfer(o[i].transfer);
}

/* Waits for what was cancelled; nobody else is heard meanwhile. */
static void usb_settle(Usb *u)
{
        uint64_t deadline = deadline_after_ms(USB_CLOSE_MS);
        struct pollfd fds[TRANSPORT_FDS_MAX];

        while ((u->in.closing && usb_queue_busy(&u->in)) || out_busy(u->out, ELEMENTS(u->out)) ||
                (u->in.closing && out_busy(u->request, USB_REQUESTS))) {
                memcpy(fds, u->context->fds, sizeof(fds));
                if (poll(fds, u->context->n_fds, (int)MIN(deadline_left_ms(deadline), 50U)) < 0 &&
                        errno != EINTR)
                        return;
                handle_events(u->context);
                if (clock_usec() >= deadline)
                        return;
        }
}

static int out_result(Usb *u, const struct libusb_transfer *t, size_t size)
{
        switch (t->status) {
        case LIBUSB_TRANSFER_COMPLETED: return t->actual_length == (int)size ? 0 : -EIO;
        case LIBUSB_TRANSFER_CANCELLED:
        case LIBUSB_TRANSFER_TIMED_OUT: return -ETIMEDOUT;
        case LIBUSB_TRANSFER_STALL:
                return libusb_clear_halt(u->handle, u->identity.out) == 0 ? -EPIPE : -ENODEV;
        default: return -ENODEV;
        }
}

static int usb_write(Transport *t, const struct iovec *pieces, size_t n, unsigned timeout_ms)
{
        Usb *u = usb_of(t);
        uint64_t deadline = deadline_after_ms(timeout_ms);
        size_t queued = 0;
        int r = 0, q;

        if (u->in.fault)
                return u->in.fault;
        if (out_busy(u->out, n))
                return u->in.fault = -EIO; /* one that could not even be cancelled */
        for (size_t i = 0; i < n && r == 0; i++)
                r = out_reserve(&u->out[i], pieces[i].iov_len);
        for (; queued < n && r == 0; queued++) {
                UsbOut *o = &u->out[queued];

                memcpy(o->buffer, pieces[queued].iov_base, pieces[queued].iov_len);
                libusb_fill_bulk_transfer(o->transfer, u->handle, u->identity.out, o->buffer,
                        (int)pieces[queued].iov_len, out_complete, o, 0);
                r = error_of(libusb_submit_transfer(o->transfer));
                if (r == 0)
                        o->queued = true;
                else
                        break;
        }

        while (r == 0 && out_busy(u->out, n)) {
                q = wait_events(u, deadline);
                usb_queue_refill(&u->in);
                if (q < 0)
                        r = q;
                else if (q == 0 && out_busy(u->out, n))
                        r = -ETIMEDOUT;
        }
        if (out_busy(u->out, n)) {
                out_cancel(u->out, n);
                usb_settle(u);
        }
        for (size_t i = 0; i < queued; i++) {
                q = u->out[i].queued ? -EIO : out_result(u, u->out[i].transfer, pieces[i].iov_len);
                if (r == 0)
                        r = q;
        }
        if (r == -ENODEV || r == -EIO)
                u->in.fault = r;
        return r;
}

/* ---- reading ---- */

static int usb_fill(Transport *t, unsigned timeout_ms)
{
        Usb *u = usb_of(t);
        uint64_t deadline = deadline_after_ms(timeout_ms);
        int r;

        if (usb_queue_head(&u->in))
                return 1;
        for (;;) {
                r = u->in.fault ? 0 : wait_events(u, deadline);
                t->bytes_in = u->in.bytes;
                t->transfers_in = u->in.transfers;
                if (r < 0)
                        return r;
                if (usb_queue_head(&u->in)) {
                        usb_queue_refill(&u->in);
                        return 1;
                }
                usb_queue_refill(&u->in);
                if (u->in.fault)
                        return u->in.fault;
                if (r == 0)
                        return -ETIMEDOUT;
        }
}

static struct iovec usb_peek(Transport *t)
{
        UsbSlot *slot = usb_queue_head(&usb_of(t)->in);

        if (!slot)
                return (struct iovec){ 0 };
        return (struct iovec){ .iov_base = slot->buffer + slot->pos,
                .iov_len = slot->size - slot->pos };
}

static void usb_consume(Transport *t, size_t size)
{
        usb_queue_consume(&usb_of(t)->in, size);
}

static void usb_expect(Transport *t, uint64_t size)
{
        usb_queue_expect(&usb_of(t)->in, size);
}

/* ---- opening and closing ---- */

static bool is_bulk(const struct libusb_endpoint_descriptor *e)
{
        return (e->bmAttributes & LIBUSB_TRANSFER_TYPE_MASK) == LIBUSB_TRANSFER_TYPE_BULK;
}

/* True when this interface has bulk endpoints in both directions; fills in what it found. */
static bool take_data_interface(const struct libusb_interface_descriptor *d, UsbIdentity *id)
{
        UsbIdentity found = *id;

        found.in = found.out = 0;
        for (int i = 0; i < d->bNumEndpoints; i++) {
                const struct libusb_endpoint_descriptor *e = &d->endpoint[i];

                if (!is_bulk(e))
                        continue;
                if ((e->bEndpointAddress & LIBUSB_ENDPOINT_IN) && found.in == 0) {
                        found.in = e->bEndpointAddress;
                        found.packet = e->wMaxPacketSize & 0x7FF;
                } else if (!(e->bEndpointAddress & LIBUSB_ENDPOINT_IN) && found.out == 0) {
                        found.out = e->bEndpointAddress;
                }
        }
        if (found.in == 0 || found.out == 0)
                return false;
        found.data_interface = d->bInterfaceNumber;
        *id = found;
        return true;
}

/* Takes the interface of this class with a pair of bulk endpoints. Where several have one (loaders
 * that show more than themselves) it is the third, else the first. */
static bool find_data_interface(
        const struct libusb_config_descriptor *config, bool any_class, UsbIdentity *id)
{
        bool found = false;

        for (int i = 0; i < config->bNumInterfaces; i++) {
                const struct libusb_interface *face = &config->interface[i];

                if (face->num_altsetting < 1 ||
                        (found && face->altsetting->bInterfaceNumber != USB_THIRD))
                        continue;
                if (any_class || face->altsetting->bInterfaceClass == LIBUSB_CLASS_DATA)
                        found |= take_data_interface(face->altsetting, id);
        }
        return found;
}

/* The CDC data interface; failing that one of any class. */
static int find_interfaces(const struct libusb_config_descriptor *config, UsbIdentity *id)
{
        bool found;

        id->control_interface = USB_NONE;
        found = find_data_interface(config, false, id) || find_data_interface(config, true, id);
        if (!found || id->packet < 8 || id->packet > USB_PACKET_MAX ||
                (id->packet & (id->packet - 1)) != 0)
                return -EPROTO;
        for (int i = 0; i < config->bNumInterfaces; i++)
                if (config->interface[i].num_altsetting > 0 &&
                        config->interface[i].altsetting->bInterfaceClass == LIBUSB_CLASS_COMM &&
                        config->interface[i].altsetting->bInterfaceNumber != id->data_interface)
                        id->control_interface = config->interface[i].altsetting->bInterfaceNumber;
        return 0;
}

static int read_descriptors(Usb *u)
{
        libusb_device *device = libusb_get_device(u->handle);
        struct libusb_device_descriptor d;
        struct libusb_config_descriptor *config;
        int r;

        r = libusb_get_device_descriptor(device, &d);
        if (r < 0)
                return opening_error_of(r);
        u->identity.vendor = d.idVendor;
        u->identity.product = d.idProduct;
        r = libusb_get_config_descriptor(device, 0, &config);
        if (r == LIBUSB_ERROR_NOT_FOUND || r == LIBUSB_ERROR_IO)
                return -EPROTO;
        if (r < 0)
                return opening_error_of(r);
        r = find_interfaces(config, &u->identity);
        libusb_free_config_descriptor(config);
        return r;
}

static int claim(Usb *u)
{
        int r;

        libusb_set_auto_detach_kernel_driver(u->handle, 1);
        if (u->identity.control_interface != USB_NONE)
                u->claimed_control =
                        libusb_claim_interface(u->handle, u->identity.control_interface) == 0;
        r = libusb_claim_interface(u->handle, u->identity.data_interface);
        u->claimed_data = r == 0;
        return opening_error_of(r);
}

static void request(Usb *u, UsbOut *o, uint8_t code, uint16_t value, const void *data, size_t size)
{
        uint8_t to = u->identity.control_interface;

        if (out_reserve(o, LIBUSB_CONTROL_SETUP_SIZE + size) < 0)
                return;
        libusb_fill_control_setup(o->buffer,
                LIBUSB_ENDPOINT_OUT | LIBUSB_REQUEST_TYPE_CLASS | LIBUSB_RECIPIENT_INTERFACE, code,
                value, to == USB_NONE ? u->identity.data_interface : to, (uint16_t)size);
        if (size > 0)
                memcpy(o->buffer + LIBUSB_CONTROL_SETUP_SIZE, data, size);
        libusb_fill_control_transfer(o->transfer, u->handle, o->buffer, out_complete, o, 0);
        o->queued = libusb_submit_transfer(o->transfer) == 0;
}

static Transport *usb_free(Transport *t)
{
        Usb *u = usb_of(t);

        if (u->handle) {
                usb_queue_cancel(&u->in);
                out_cancel(u->out, ELEMENTS(u->out));
                out_cancel(u->request, USB_REQUESTS);
                usb_settle(u);
                /* without putting drivers back: the kernel could only fail to probe them */
                libusb_set_auto_detach_kernel_driver(u->handle, 0);
                if (u->claimed_data)
                        libusb_release_interface(u->handle, u->identity.data_interface);
                if (u->claimed_control)
                        libusb_release_interface(u->handle, u->identity.control_interface);
                libusb_close(u->handle);
        }
        fd_close(u->fd);
        usb_queue_close(&u->in);
        out_close(u->out, ELEMENTS(u->out));
        out_close(u->request, USB_REQUESTS);
        /* a buffer the kernel never gave back keeps the object that its completion points to */
        if (!usb_queue_busy(&u->in) && !out_busy(u->out, ELEMENTS(u->out)) &&
                !out_busy(u->request, USB_REQUESTS))
                free(u);
        return NULL;
}

static const TransportOps usb_ops = {
        .write = usb_write,
        .fill = usb_fill,
        .peek = usb_peek,
        .consume = usb_consume,
        .expect = usb_expect,
        .free = usb_free,
};

int usb_new(UsbContext *c, int fd, Transport **ret)
{
        static const uint8_t line_coding[7] = { 0x00, 0x10, 0x0E, 0x00, 0, 0, 8 }; /* 921600 8N1 */
        _cleanup_(transport_freep) Transport *t = NULL;
        Usb *u = calloc(1, sizeof(*u));
        const struct libusb_pollfd **fds;
        int r;

        if (!u) {
                fd_close(fd);
                return -ENOMEM;
        }
        t = &u->transport;
        transport_init(t, &usb_ops);
        u->context = c;
        u->fd = fd;

        r = opening_error_of(libusb_wrap_sys_device(c->libusb, (intptr_t)fd, &u->handle));
        if (r < 0)
                return r;
        fds = libusb_get_pollfds(c->libusb);
        for (c->n_fds = 0; fds && fds[c->n_fds] && c->n_fds < TRANSPORT_FDS_MAX; c->n_fds++)
                c->fds[c->n_fds] =
                        (struct pollfd){ .fd = fds[c->n_fds]->fd, .events = fds[c->n_fds]->events };
        libusb_free_pollfds(fds);
        r = read_descriptors(u);
        if (r < 0)
                return r;
        r = claim(u);
        if (r < 0)
                return r;
        r = usb_queue_open(&u->in, u->handle, u->identity.in, u->identity.packet);
        if (r < 0)
                return r;
        usb_queue_refill(&u->in);
        if (u->in.fault)
                return u->in.fault == -EIO ? -ENODEV : u->in.fault;
        request(u, &u->request[0], CDC_SET_LINE_CODING, 0, line_coding, sizeof(line_coding));
        request(u, &u->request[1], CDC_SET_CONTROL_LINE_STATE, CDC_DTR_RTS, NULL, 0);
        *ret = TAKE_PTR(t);
        return 0;
}

const UsbIdentity *usb_identity(const Transport *t)
{
        return &((const Usb *)t)->identity;
}

int usb_context_new(UsbContext **ret)
{
        UsbContext *c = calloc(1, sizeof(*c));

        if (!c)
                return -ENOMEM;
        if (libusb_set_option(NULL, LIBUSB_OPTION_NO_DEVICE_DISCOVERY) != 0 ||
                libusb_init(&c->libusb) != 0) {
                free(c);
                return -EIO;
        }
        *ret = c;
        return 0;
}

const char *usb_library(char out[static 32])
{
        const struct libusb_version *v = libusb_get_version();

        snprintf(out, 32, "%u.%u.%u", v->major, v->minor, v->micro);
        return out;
}

UsbContext *usb_context_free(UsbContext *c)
{
        if (c) {
                libusb_exit(c->libusb);
                free(c);
        }
        return NULL;
}
