/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Connections of programs to nodes: usb-wire.h. */

#include <errno.h>
#include <linux/usbdevice_fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "basic/fd.h"
#include "front-stream.h"
#include "usb-bus-private.h"

static bool receive(int fd, void *data, size_t size)
{
        uint8_t *p = data;
        while (size) {
                ssize_t n = recv(fd, p, size, MSG_WAITALL);
                if (n <= 0)
                        return false;
                p += n;
                size -= (size_t)n;
        }
        return true;
}

static bool say(int fd, UsbSaid *said, const void *data, size_t size)
{
        struct iovec parts[] = { { said, sizeof(*said) }, { (void *)(uintptr_t)data, size } };
        struct msghdr m = { .msg_iov = parts, .msg_iovlen = size ? 2 : 1 };
        size_t whole = sizeof(*said) + size;
        said->size = (uint32_t)size;
        while (whole) {
                ssize_t n = sendmsg(fd, &m, MSG_NOSIGNAL);
                if (n <= 0)
                        return false;
                whole -= (size_t)n;
                while (n) { /* a part of it was taken */
                        size_t k = MIN((size_t)n, m.msg_iov->iov_len);
                        m.msg_iov->iov_base = (uint8_t *)m.msg_iov->iov_base + k;
                        m.msg_iov->iov_len -= k;
                        n -= (ssize_t)k;
                        if (!m.msg_iov->iov_len && m.msg_iovlen > 1) {
                                m.msg_iov++;
                                m.msg_iovlen--;
                        }
                }
        }
        return true;
}

/* Descriptors, as a read from a node gives them. */
static bool answer_read(UsbFile *f, const UsbAsk *ask)
{
        const UsbIdentity *u = &f->node->usb;
        uint8_t all[sizeof(u->device) + sizeof(u->config)];
        size_t size = sizeof(u->device) + u->n_config;
        memcpy(all, u->device, sizeof(u->device));
        memcpy(all + sizeof(u->device), u->config, u->n_config);
        size_t n = (size_t)MIN((uint64_t)(size - f->read_pos), ask->argument);
        UsbSaid said = { .value = (int32_t)n };
        bool ok = say(f->socket, &said, all + f->read_pos, n);
        f->read_pos += n;
        return ok;
}

static bool answer_ioctl(UsbFile *f, const UsbAsk *ask)
{
        UsbNode *n = f->node;
        UsbSaid said = {};
        Urb *u = NULL;
        bool ok;
        f->read_pos = 0; /* the next read starts over: stands in for the seek */
        pthread_mutex_lock(&n->port->lock);
        uint64_t now = stream_now();
        if (!n->gone)
                n->port->device->ops->run(n->port->device, now);
        node_ioctl(n, f, ask, f->room, &said, &u, now);
        port_changed(n->port);
        pthread_mutex_unlock(&n->port->lock);
        if (!u) {
                size_t size = ask->request >> _IOC_SIZESHIFT & ((1 << _IOC_SIZEBITS) - 1);
                bool back = said.value >= 0 && ask->request != USBDEVFS_SUBMITURB;
                return say(f->socket, &said, f->room, back ? MIN(size, ask->size) : 0);
        }
        said.urb = u->id;
        said.status = u->status;
        said.actual = (int32_t)u->done;
        /* what a control request received stands behind its eight bytes of set-up */
        bool control = u->kind == URB_CONTROL,
             in = control ? u->data[0] & 0x80 : u->endpoint & 0x80;
        said.offset = control ? 8 : 0;
        ok = say(f->socket, &said, u->data + said.offset, in ? u->done : 0);
        pthread_mutex_lock(&n->port->lock);
        urb_free(&n->queue, u);
        pthread_mutex_unlock(&n->port->lock);
        return ok;
}

static void *file_thread(void *userdata)
{
        UsbFile *f = userdata;
        char name[USB_WIRE_NAME];
        UsbAsk ask;
        bool ok = receive(f->socket, name, sizeof(name));
        name[sizeof(name) - 1] = 0;
        f->node = ok ? bus_find_node(f->bus, name) : NULL;
        while (f->node && receive(f->socket, &ask, sizeof(ask))) {
                if (ask.size > USB_WIRE_MAX || !receive(f->socket, f->room, ask.size))
                        break;
                if (!(ask.what == USB_ASK_READ ? answer_read(f, &ask) : answer_ioctl(f, &ask)))
                        break;
        }
        if (f->node) {
                pthread_mutex_lock(&f->node->port->lock);
                node_close(f->node, f);
                pthread_mutex_unlock(&f->node->port->lock);
        }
        shutdown(f->socket, SHUT_RDWR);
        free(TAKE_PTR(f->room));
        return NULL;
}

static void *server_thread(void *userdata)
{
        UsbBus *b = userdata;
        int size = 4 * 1024 * 1024;
        for (;;) {
                int fd = accept4(b->server, NULL, NULL, SOCK_CLOEXEC);
                if (fd < 0 && errno == EINTR)
                        continue;
                if (fd < 0)
                        return NULL;
                UsbFile *f = calloc(1, sizeof(*f));
                if (!f || !(f->room = malloc(USB_WIRE_MAX)))
                        abort();
                f->bus = b;
                f->socket = fd;
                if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) < 0)
                        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
                pthread_mutex_lock(&b->lock);
                f->next = b->files;
                b->files = f;
                if (pthread_create(&f->thread, NULL, file_thread, f) != 0)
                        abort();
                pthread_mutex_unlock(&b->lock);
        }
}

int server_start(UsbBus *b)
{
        struct sockaddr_un a = { .sun_family = AF_UNIX };
        int n = snprintf(a.sun_path, sizeof(a.sun_path), "%s/" USB_WIRE_SOCKET, b->root);
        if (n < 0 || (size_t)n >= sizeof(a.sun_path))
                return -ENAMETOOLONG;
        b->server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (b->server < 0 || bind(b->server, (struct sockaddr *)&a, sizeof(a)) < 0 ||
                listen(b->server, 64) < 0)
                return -errno;
        b->has_server_thread = pthread_create(&b->server_thread, NULL, server_thread, b) == 0;
        return b->has_server_thread ? 0 : -EAGAIN;
}

void server_stop(UsbBus *b)
{
        if (b->has_server_thread) {
                shutdown(b->server, SHUT_RDWR);
                pthread_join(b->server_thread, NULL);
        }
        while (b->files) {
                UsbFile *f = b->files;
                shutdown(f->socket, SHUT_RDWR);
                pthread_join(f->thread, NULL);
                b->files = f->next;
                fd_close(f->socket);
                free(f);
        }
        b->server = fd_close(b->server);
}
