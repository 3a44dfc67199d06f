/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "host.h"

#include <errno.h>
#include <fcntl.h>
#include <libudev.h>
#include <libusb-1.0/libusb.h>
#include <poll.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "basic/fd.h"
#include "front-stream.h"

enum { TRANSFERS_MAX = 32, BATCH = 128 };

struct Host {
        int socket;
        bool gone;
        /* what has come and was not read: a stack of pieces is never needed, one run is */
        uint8_t *data;
        size_t pos, size, room;

        libusb_context *usb;
        libusb_device_handle *handle;
        uint8_t in, out;
        struct libusb_transfer *transfers[TRANSFERS_MAX];
        unsigned depth, next; /* the oldest one */
        bool complete[TRANSFERS_MAX], out_complete;
        unsigned n_submitted;
};

_printf_(1, 2) _Noreturn static void die(const char *format, ...)
{
        va_list ap;
        va_start(ap, format);
        fprintf(stderr, "host: ");
        vfprintf(stderr, format, ap);
        fputc('\n', stderr);
        va_end(ap);
        exit(1);
}

static Host *host_new(size_t room)
{
        Host *h = calloc(1, sizeof(*h));
        if (!h || !(h->data = malloc(room)))
                die("no memory");
        h->room = room;
        h->socket = -1;
        return h;
}

/* ---- socket ---- */

Host *host_open_stream(const char *path)
{
        struct sockaddr_un a = { .sun_family = AF_UNIX };
        int size = 4 * 1024 * 1024;
        Host *h = host_new(BATCH * 1024);
        snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
        h->socket = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
        if (h->socket < 0 || connect(h->socket, (struct sockaddr *)&a, sizeof(a)) < 0)
                die("%s: %s", path, strerror(errno));
        setsockopt(h->socket, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
        return h;
}

static void stream_receive(Host *h, unsigned ms)
{
        static uint8_t slots[BATCH][1024];
        struct mmsghdr messages[BATCH];
        struct iovec parts[BATCH];
        struct pollfd p = { h->socket, POLLIN, 0 };
        if (poll(&p, 1, (int)ms) <= 0)
                return;
        for (size_t i = 0; i < BATCH; i++) {
                parts[i] = (struct iovec){ slots[i], sizeof(slots[i]) };
                messages[i] =
                        (struct mmsghdr){ .msg_hdr = { .msg_iov = &parts[i], .msg_iovlen = 1 } };
        }
        int n = recvmmsg(h->socket, messages, BATCH, MSG_DONTWAIT, NULL);
        h->gone |= n == 0 || (n < 0 && errno != EAGAIN);
        h->pos = h->size = 0;
        for (int i = 0; i < n; i++) {
                size_t k = messages[i].msg_len;
                if (!k)
                        h->gone = true;
                if (k == sizeof(stream_zlp) && !memcmp(slots[i], stream_zlp, k))
                        continue;
                memcpy(h->data + h->size, slots[i], k);
                h->size += k;
        }
}

static void stream_write(Host *h, const uint8_t *data, size_t size)
{
        size_t pos = 0;
        do {
                size_t n = MIN(size - pos, (size_t)FRONT_MESSAGE_MAX);
                if (send(h->socket, size ? data + pos : stream_zlp, size ? n : 8, MSG_NOSIGNAL) <
                        0) {
                        h->gone = true;
                        return;
                }
                pos += n;
        } while (pos < size);
}

/* ---- USB ---- */

static void LIBUSB_CALL on_in(struct libusb_transfer *t)
{
        *(bool *)t->user_data = true;
}

/* Waits for the add event of a MediaTek device, or takes one that is there. */
static char *usb_find(uint64_t *ret_added)
{
        struct udev *u = udev_new();
        struct udev_monitor *m = udev_monitor_new_from_netlink(u, "udev");
        struct udev_device *d = NULL;
        char *node = NULL;
        udev_monitor_filter_add_match_subsystem_devtype(m, "usb", "usb_device");
        udev_monitor_enable_receiving(m);
        struct udev_enumerate *e = udev_enumerate_new(u);
        udev_enumerate_add_match_subsystem(e, "usb");
        udev_enumerate_add_match_sysattr(e, "idVendor", "0e8d");
        udev_enumerate_scan_devices(e);
        *ret_added = stream_now();
        if (udev_enumerate_get_list_entry(e))
                d = udev_device_new_from_syspath(
                        u, udev_list_entry_get_name(udev_enumerate_get_list_entry(e)));
        while (!node) {
                struct pollfd p = { udev_monitor_get_fd(m), POLLIN, 0 };
                if (!d && poll(&p, 1, 6000) <= 0)
                        die("no device");
                if (!d) {
                        d = udev_monitor_receive_device(m);
                        *ret_added = stream_now();
                }
                const char *vendor = d ? udev_device_get_sysattr_value(d, "idVendor") : NULL;
                const char *action = d ? udev_device_get_action(d) : NULL;
                if (vendor && !strcmp(vendor, "0e8d") && (!action || !strcmp(action, "add")))
                        node = strdup(udev_device_get_devnode(d));
                /* one that is just going away */
                if (node && access(node, F_OK) < 0)
                        free(TAKE_PTR(node));
                udev_device_unref(d);
                d = NULL;
        }
        udev_enumerate_unref(e);
        udev_monitor_unref(m);
        udev_unref(u);
        return node;
}

static void usb_endpoints(Host *h)
{
        struct libusb_config_descriptor *c;
        if (libusb_get_active_config_descriptor(libusb_get_device(h->handle), &c) < 0)
                die("no configuration");
        for (int i = 0; i < c->bNumInterfaces; i++) {
                const struct libusb_interface_descriptor *d = c->interface[i].altsetting;
                if (d->bInterfaceClass != LIBUSB_CLASS_DATA)
                        continue;
                for (int k = 0; k < d->bNumEndpoints; k++) {
                        uint8_t a = d->endpoint[k].bEndpointAddress;
                        *(a & 0x80 ? &h->in : &h->out) = a;
                }
                libusb_set_auto_detach_kernel_driver(h->handle, 1);
                int r = libusb_claim_interface(h->handle, d->bInterfaceNumber);
                if (r < 0)
                        die("claim: %s", libusb_error_name(r));
        }
        libusb_free_config_descriptor(c);
        if (!h->in || !h->out)
                die("no endpoints");
}

static void usb_submit(Host *h, unsigned i)
{
        h->complete[i] = false;
        if (!h->gone && libusb_submit_transfer(h->transfers[i]) < 0)
                h->gone = true;
        h->n_submitted += !h->gone;
}

Host *host_open_usb(unsigned depth, size_t size, uint64_t *ret_added)
{
        Host *h = host_new(1);
        _cleanup_free_ char *node = usb_find(ret_added);
        int fd = open(node, O_RDWR | O_CLOEXEC);
        if (fd < 0)
                die("%s: %s", node, strerror(errno));
        libusb_set_option(NULL, LIBUSB_OPTION_NO_DEVICE_DISCOVERY);
        if (libusb_init(&h->usb) < 0 || libusb_wrap_sys_device(h->usb, fd, &h->handle) < 0)
                die("%s: no usbfs", node);
        usb_endpoints(h);
        free(TAKE_PTR(h->data));
        h->depth = MIN(depth, (unsigned)TRANSFERS_MAX);
        for (unsigned i = 0; i < h->depth; i++) {
                h->transfers[i] = libusb_alloc_transfer(0);
                libusb_fill_bulk_transfer(h->transfers[i], h->handle, h->in, malloc(size),
                        (int)size, on_in, &h->complete[i], 0);
                usb_submit(h, i);
        }
        return h;
}

static bool usb_events(Host *h, unsigned ms)
{
        struct timeval t = { .tv_sec = ms / 1000, .tv_usec = (ms % 1000) * 1000 };
        return libusb_handle_events_timeout_completed(h->usb, &t, NULL) == 0;
}

static void usb_receive(Host *h, unsigned ms)
{
        uint64_t end = stream_now() + ms * UINT64_C(1000);
        struct libusb_transfer *t = h->transfers[h->next];
        if (h->data) { /* the oldest transfer was read: round it goes */
                h->data = NULL;
                h->pos = h->size = 0;
                usb_submit(h, h->next);
                h->next = (h->next + 1) % h->depth;
                t = h->transfers[h->next];
        }
        while (!h->complete[h->next] && !h->gone && stream_now() < end)
                usb_events(h, ms);
        if (!h->complete[h->next])
                return;
        if (t->status == LIBUSB_TRANSFER_NO_DEVICE || t->status == LIBUSB_TRANSFER_ERROR)
                h->gone = true;
        h->data = t->buffer;
        h->size = (size_t)t->actual_length;
}

static void usb_write(Host *h, const uint8_t *data, size_t size)
{
        struct libusb_transfer *t = libusb_alloc_transfer(0);
        bool complete = false;
        libusb_fill_bulk_transfer(t, h->handle, h->out, (uint8_t *)(uintptr_t)data, (int)size,
                on_in, &complete, 5000);
        if (libusb_submit_transfer(t) < 0)
                h->gone = true;
        while (!h->gone && !complete)
                usb_events(h, 100);
        h->gone |= t->status != LIBUSB_TRANSFER_COMPLETED;
        libusb_free_transfer(t);
}

static void usb_close(Host *h)
{
        h->gone = true;
        for (unsigned i = 0; i < h->depth; i++)
                libusb_cancel_transfer(h->transfers[i]);
        for (unsigned i = 0; i < h->depth; i++)
                for (int k = 0; k < 100 && !h->complete[i]; k++)
                        usb_events(h, 10);
        for (unsigned i = 0; i < h->depth; i++) {
                free(h->transfers[i]->buffer);
                libusb_free_transfer(h->transfers[i]);
        }
        h->data = NULL;
        libusb_close(h->handle);
        libusb_exit(h->usb);
}

/* ---- either ---- */

Host *host_free(Host *h)
{
        if (!h)
                return NULL;
        if (h->handle)
                usb_close(h);
        free(h->data);
        fd_close(h->socket);
        free(h);
        return NULL;
}

void host_write(Host *h, const void *data, size_t size)
{
        if (h->handle)
                usb_write(h, data, size);
        else
                stream_write(h, data, size);
}

/* At least one byte in the window. */
static bool host_fill(Host *h, unsigned ms)
{
        uint64_t end = stream_now() + ms * UINT64_C(1000);
        while (h->pos == h->size) {
                uint64_t now = stream_now();
                if (h->gone || now >= end)
                        return false;
                unsigned left = (unsigned)((end - now) / 1000 + 1);
                if (h->handle)
                        usb_receive(h, left);
                else
                        stream_receive(h, left);
        }
        return true;
}

bool host_try_read(Host *h, void *data, size_t size, unsigned ms)
{
        uint8_t *to = data;
        while (size) {
                if (!host_fill(h, ms))
                        return false;
                size_t n = MIN(size, h->size - h->pos);
                memcpy(to, h->data + h->pos, n);
                h->pos += n;
                to += n;
                size -= n;
        }
        return true;
}

void host_read(Host *h, void *data, size_t size)
{
        if (!host_try_read(h, data, size, 20000))
                die("%s while %zu bytes were due", h->gone ? "gone" : "silent", size);
}

void host_drain(Host *h, size_t n)
{
        while (n) {
                if (!host_fill(h, 20000))
                        die("no data");
                size_t k = MIN(n, h->size - h->pos);
                h->pos += k;
                n -= k;
        }
}

void host_compare(Host *h, size_t n, int fd, uint64_t offset)
{
        _cleanup_free_ uint8_t *want = malloc(1024 * 1024);
        while (n) {
                if (!host_fill(h, 20000))
                        die("no data");
                size_t k = MIN(MIN(n, h->size - h->pos), (size_t)1024 * 1024);
                if (fd_pread_full(fd, want, k, offset) < 0)
                        die("cannot read the flash to compare");
                if (memcmp(want, h->data + h->pos, k) != 0)
                        die("data differs within %zu bytes at %llu", k, (unsigned long long)offset);
                h->pos += k;
                offset += k;
                n -= k;
        }
}

bool host_wait_gone(Host *h, unsigned ms)
{
        host_fill(h, ms);
        return h->gone;
}

bool host_wait_closed(Host *h, unsigned ms)
{
        struct pollfd p = { h->socket, 0, 0 };
        return poll(&p, 1, (int)ms) > 0 && p.revents & POLLHUP;
}
