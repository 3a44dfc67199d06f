/* SPDX-License-Identifier: GPL-3.0-or-later */

/* An external device model behind a SEQPACKET socket, in the form front-stream.h describes, seen
 * from the host's side. */

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "basic/bytes.h"
#include "device.h"
#include "front-stream.h"
#include "usb.h"

enum { BATCH = 256, SLOT = 1024, RETRY_US = 50000, CHUNK = FRONT_MESSAGE_MAX };

typedef struct Backend {
        Device device;
        char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
        UsbIdentity usb;
        UsbKind kind;
        int fd;
        bool cable;  /* a person has put it in */
        bool closed; /* the other side has closed; what it had sent is still to be read */
        bool spoken; /* the host has sent something since it appeared */
        uint64_t again_us, closed_at, retry_at, now;

        uint8_t slots[BATCH][SLOT]; /* received packets */
        struct mmsghdr messages[BATCH];
        struct iovec parts[BATCH];
        size_t sizes[BATCH];
        size_t n, first;
} Backend;

static Backend *backend(Device *d)
{
        return (Backend *)d;
}

static void hang_up(Backend *b)
{
        b->fd = fd_close(b->fd);
        b->n = b->first = 0;
        b->closed = false;
        b->closed_at = b->now;
        b->retry_at = b->now + RETRY_US;
}

static void receive(Backend *b)
{
        if (b->fd < 0 || b->closed || b->first < b->n)
                return;
        int n = recvmmsg(b->fd, b->messages, BATCH, MSG_DONTWAIT, NULL);
        b->first = b->n = 0;
        if (n < 0) {
                b->closed = errno != EAGAIN && errno != EINTR;
                return;
        }
        for (int i = 0; i < n && !b->closed; i++) {
                if (!b->messages[i].msg_len)
                        b->closed = true; /* an empty datagram is the end of the line */
                else
                        b->sizes[b->n++] = b->messages[i].msg_len;
        }
        b->closed |= n == 0;
}

static void try_connect(Backend *b)
{
        struct sockaddr_un a = { .sun_family = AF_UNIX };
        int size = 4 * 1024 * 1024;
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
        b->retry_at = b->now + RETRY_US;
        strcpy(a.sun_path, b->path);
        if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
                return;
        if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) < 0)
                setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
        b->fd = TAKE_FD(fd);
        b->spoken = false;
        b->usb.enumeration++;
}

static void backend_run(Device *d, uint64_t now)
{
        Backend *b = backend(d);
        b->now = MAX(b->now, now);
        receive(b);
        if (b->closed && b->first == b->n) {
                hang_up(b);
                /* a device that nobody spoke to has gone its own way */
                if (b->again_us != MODEL_NEVER && !b->spoken)
                        b->cable = false;
        }
        if (b->fd < 0 && b->cable && b->retry_at <= b->now) {
                if (b->closed_at && b->again_us != MODEL_NEVER &&
                        b->now - b->closed_at > b->again_us)
                        b->cable = false;
                else
                        try_connect(b);
        }
}

static uint64_t backend_deadline(Device *d)
{
        const Backend *b = backend(d);
        return b->fd < 0 && b->cable ? b->retry_at : MODEL_NEVER;
}

static bool backend_attached(Device *d)
{
        return backend(d)->fd >= 0;
}

static const UsbIdentity *backend_usb(Device *d)
{
        return &backend(d)->usb;
}

static int backend_out(Device *d, const void *data, size_t size, size_t *ret_taken)
{
        Backend *b = backend(d);
        const uint8_t *p = data;
        size_t pos = 0;
        *ret_taken = 0;
        if (b->fd < 0)
                return -ENODEV;
        b->spoken = true;
        do {
                bool zlp = !size;
                size_t n = zlp ? sizeof(stream_zlp) : MIN(size - pos, (size_t)CHUNK);
                if (send(b->fd, zlp ? stream_zlp : p + pos, n, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
                        if (errno == EAGAIN)
                                return pos ? 0 : -EAGAIN;
                        b->closed = true;
                        return -ENODEV;
                }
                if (!zlp)
                        pos += n;
                *ret_taken = pos;
        } while (pos < size);
        return 0;
}

static ssize_t backend_in(Device *d, void *data, size_t room, bool *ret_end)
{
        Backend *b = backend(d);
        uint8_t *to = data;
        size_t got = 0, max = b->usb.max_packet;
        *ret_end = false;
        if (b->fd < 0)
                return -ENODEV;
        while (!*ret_end) {
                if (b->first == b->n)
                        receive(b);
                if (b->first == b->n)
                        break;
                uint8_t *packet = b->slots[b->first];
                size_t n = b->sizes[b->first];
                if (n == sizeof(stream_zlp) && !memcmp(packet, stream_zlp, n))
                        n = 0;
                if (n > room - got) {
                        if (got)
                                return (ssize_t)got;
                        b->first++;
                        return -EOVERFLOW;
                }
                memcpy(to + got, packet, n);
                got += n;
                b->first++;
                *ret_end = !n || n % max;
        }
        return got || *ret_end ? (ssize_t)got : -EAGAIN;
}

static void backend_clear_halt(Device *d)
{
}

static ssize_t backend_control(
        Device *d, const uint8_t setup[8], uint8_t *data, size_t size, uint64_t *ret_when)
{
        Backend *b = backend(d);
        unsigned request = get_be16(setup);
        *ret_when = b->now;
        if (b->fd < 0)
                return -ENODEV;
        size = MIN(size, (size_t)get_le16(setup + 6));
        if (request == 0x8006)
                return usb_get_descriptor(&b->usb, b->kind, get_le16(setup + 2), data, size);
        if (setup[0] & 0x80) {
                memset(data, 0, size);
                return (ssize_t)size;
        }
        return (ssize_t)size;
}

static void backend_plug(Device *d)
{
        Backend *b = backend(d);
        b->cable = true;
        b->closed_at = 0;
        b->retry_at = 0;
        backend_run(d, b->now);
}

static void backend_unplug(Device *d)
{
        Backend *b = backend(d);
        b->cable = false;
        hang_up(b);
}

static int backend_fd(Device *d)
{
        const Backend *b = backend(d);
        return b->first == b->n && !b->closed ? b->fd : -1;
}

static unsigned backend_breaches(Device *d)
{
        return 0;
}

static Device *backend_free(Device *d)
{
        fd_close(backend(d)->fd);
        free(d);
        return NULL;
}

static const DeviceOps backend_ops = {
        .run = backend_run,
        .deadline = backend_deadline,
        .attached = backend_attached,
        .usb = backend_usb,
        .out = backend_out,
        .in = backend_in,
        .clear_halt = backend_clear_halt,
        .control = backend_control,
        .plug = backend_plug,
        .unplug = backend_unplug,
        .fd = backend_fd,
        .breaches = backend_breaches,
        .free = backend_free,
};

int device_of_socket(
        const char *path, uint16_t vendor, uint16_t product, uint64_t again_us, Device **ret)
{
        Backend *b = calloc(1, sizeof(*b));
        if (!b)
                return -ENOMEM;
        if (strlen(path) >= sizeof(b->path)) {
                free(b);
                return -ENAMETOOLONG;
        }
        strcpy(b->path, path);
        b->device.ops = &backend_ops;
        b->fd = -1;
        b->again_us = again_us;
        b->kind = product == 0x0003 ? USB_BROM : product == 0x2001 ? USB_AGENT : USB_PRELOADER;
        usb_identity(b->kind, &b->usb);
        b->usb.vendor = vendor;
        b->usb.product = product;
        for (size_t i = 0; i < BATCH; i++) {
                b->parts[i] = (struct iovec){ b->slots[i], SLOT };
                b->messages[i].msg_hdr =
                        (struct msghdr){ .msg_iov = &b->parts[i], .msg_iovlen = 1 };
        }
        put_le16(b->usb.device + 8, vendor);
        put_le16(b->usb.device + 10, product);
        *ret = &b->device;
        return 0;
}
