/* SPDX-License-Identifier: GPL-3.0-or-later */

/* An open usbfs node, as far as libusb uses one. */

#include <errno.h>
#include <fcntl.h>
#include <linux/usbdevice_fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "basic/bytes.h"
#include "front-stream.h"
#include "usb-bus-private.h"

/* ---- the gate: writable means that something can be reaped ---- */

static void gate_set(UsbNode *n, bool full)
{
        static const char slot[4096];
        char drop[4096];
        if (n->gate < 0 || n->gate_full == full)
                return;
        /* one page is the whole pipe, and any byte in it stops POLLOUT on a pipe of one buffer */
        /* not through the preload, which would take the gate for an open node */
        ssize_t r = full ? write(n->gate, slot, 1) : syscall(SYS_read, n->gate, drop, sizeof(drop));
        if (r > 0)
                n->gate_full = full;
}

int node_open_gate(UsbNode *n, const char *path)
{
        if (mkfifo(path, 0600) < 0)
                return -errno;
        n->gate = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
        if (n->gate < 0 || fcntl(n->gate, F_SETPIPE_SZ, 4096) < 0)
                return -errno;
        queue_init(&n->queue);
        gate_set(n, true);
        return 0;
}

/* ---- requests ---- */

static void node_settle(UsbNode *n)
{
        gate_set(n, !n->queue.done.first && !n->gone);
}

void node_vanish(UsbNode *n)
{
        n->gone = true;
        queue_vanish(&n->queue);
        node_settle(n);
}

void node_pump(UsbNode *n, uint64_t now)
{
        bool spoken = n->queue.first_out;
        if (n->gone)
                return;
        queue_pump(&n->queue, n->port->device, now);
        node_settle(n);
        if (!spoken && n->queue.first_out) {
                fprintf(n->port->log, "port%u %llu.%06llu first-out %llu us after add\n",
                        n->port->number, (unsigned long long)(now / 1000000),
                        (unsigned long long)(now % 1000000),
                        (unsigned long long)(n->added_at ? now - n->added_at : 0));
                fflush(n->port->log);
        }
}

uint64_t node_deadline(const UsbNode *n)
{
        uint64_t t = queue_deadline(&n->queue);
        return n->driver_at ? MIN(t, n->driver_at) : t;
}

/* What cdc_acm does when it is bound: from then on the phone says READY. */
void node_bind_driver(UsbNode *n, uint64_t now)
{
        static const uint8_t coding[8] = { 0x21, 0x20, 0, 0, 1, 0, 7, 0 };
        uint8_t data[7] = { 0x80, 0x25, 0x00, 0x00, 0x00, 0x00, 0x08 };
        uint64_t when;
        n->driver_at = 0;
        for (size_t i = 0; i < INTERFACES_MAX; i++)
                if (n->claimed[i])
                        return;
        for (size_t i = 0; i < 2; i++)
                n->driver[i] = true;
        n->port->device->ops->control(n->port->device, coding, data, sizeof(data), &when);
}

/* ---- ioctls ---- */

typedef struct Answer {
        long value;
        int error;
} Answer;

static Answer fail(int error)
{
        return (Answer){ -1, error };
}

static Answer submit(UsbNode *n, UsbFile *f, const UsbAsk *ask, const uint8_t *data, uint64_t now)
{
        struct usbdevfs_urb q;
        if (ask->size < sizeof(q))
                return fail(EFAULT);
        memcpy(&q, data, sizeof(q));
        bool control = q.type == USBDEVFS_URB_TYPE_CONTROL, in = q.endpoint & 0x80;
        size_t sent = ask->size - sizeof(q);
        if (q.buffer_length < (control ? 8 : 0) || q.buffer_length > USB_WIRE_MAX ||
                (sent && sent != (size_t)q.buffer_length) || (!sent && !in && q.buffer_length))
                return fail(EINVAL);
        UrbKind kind = control                     ? URB_CONTROL
                : q.type == USBDEVFS_URB_TYPE_BULK ? URB_BULK
                                                   : URB_OTHER;
        Urb *u = queue_add(&n->queue, kind, (size_t)q.buffer_length);
        u->owner = f;
        u->id = ask->argument;
        u->endpoint = q.endpoint;
        memcpy(u->data, data + sizeof(q), sent);
        node_pump(n, now);
        return (Answer){};
}

static Answer discard(UsbNode *n, const UsbFile *f, uint64_t address)
{
        if (!queue_cancel(&n->queue, f, address))
                return fail(EINVAL);
        node_settle(n);
        return (Answer){};
}

static Answer reap(UsbNode *n, const UsbFile *f, Urb **ret)
{
        *ret = queue_take(&n->queue, f);
        node_settle(n);
        return *ret ? (Answer){} : fail(n->gone ? ENODEV : EAGAIN);
}

static Answer claim(UsbNode *n, UsbFile *f, unsigned interface, bool disconnect)
{
        if (interface >= INTERFACES_MAX)
                return fail(ENOENT);
        if (n->port->faults & PORT_CLAIM_BUSY)
                return fail(EBUSY);
        if ((n->driver[interface] && !disconnect) ||
                (n->claimed[interface] && n->claimed[interface] != f))
                return fail(EBUSY);
        n->driver[interface] = false;
        n->claimed[interface] = f;
        return (Answer){};
}

static Answer driver_control(UsbNode *n, const struct usbdevfs_ioctl *q)
{
        if (q->ifno < 0 || q->ifno >= INTERFACES_MAX)
                return fail(EINVAL);
        if (q->ioctl_code == (int)USBDEVFS_DISCONNECT) {
                if (!n->driver[q->ifno])
                        return fail(ENODATA);
                n->driver[q->ifno] = false;
                return (Answer){};
        }
        if (q->ioctl_code == (int)USBDEVFS_CONNECT) {
                if (n->driver[q->ifno] || n->claimed[q->ifno])
                        return fail(EBUSY);
                n->driver[q->ifno] = n->port->cdc_acm_ms;
                return (Answer){ n->driver[q->ifno], 0 };
        }
        return fail(ENOTTY);
}

static Answer get_driver(UsbNode *n, struct usbdevfs_getdriver *q)
{
        if (q->interface >= INTERFACES_MAX)
                return fail(ENODATA);
        if (!n->driver[q->interface] && !n->claimed[q->interface])
                return fail(ENODATA);
        strcpy(q->driver, n->claimed[q->interface] ? "usbfs" : "cdc_acm");
        return (Answer){};
}

/* `data` is a copy of the program's structure, with room for the largest. */
static Answer answer(UsbNode *n, UsbFile *f, const UsbAsk *ask, void *data, uint64_t now)
{
        unsigned interface = ask->size >= sizeof(unsigned) ? *(unsigned *)data : INTERFACES_MAX;
        switch (ask->request) {
        case USBDEVFS_GET_CAPABILITIES:
                *(uint32_t *)data = USBDEVFS_CAP_ZERO_PACKET | USBDEVFS_CAP_BULK_CONTINUATION |
                        USBDEVFS_CAP_NO_PACKET_SIZE_LIM | USBDEVFS_CAP_BULK_SCATTER_GATHER |
                        USBDEVFS_CAP_REAP_AFTER_DISCONNECT;
                return (Answer){};
        case USBDEVFS_CONNECTINFO:
                *(struct usbdevfs_connectinfo *)data =
                        (struct usbdevfs_connectinfo){ .devnum = n->devnum };
                return (Answer){};
        case USBDEVFS_GET_SPEED:
                return (Answer){ n->usb.speed == 12 ? 2 : n->usb.speed == 480 ? 3 : 5, 0 };
        case USBDEVFS_GETDRIVER: return get_driver(n, data);
        case USBDEVFS_CLAIMINTERFACE: return claim(n, f, interface, false);
        case USBDEVFS_DISCONNECT_CLAIM: return claim(n, f, interface, true);
        case USBDEVFS_RELEASEINTERFACE:
                if (interface < INTERFACES_MAX && n->claimed[interface] == f)
                        n->claimed[interface] = NULL;
                return (Answer){};
        case USBDEVFS_IOCTL: return driver_control(n, data);
        case USBDEVFS_SETCONFIGURATION:
        case USBDEVFS_SETINTERFACE:
        case USBDEVFS_RESET: return (Answer){};
        case USBDEVFS_CLEAR_HALT:
        case USBDEVFS_RESETEP:
                queue_clear_halt(&n->queue, n->port->device);
                node_pump(n, now);
                return (Answer){};
        case USBDEVFS_SUBMITURB: return submit(n, f, ask, data, now);
        default: return fail(ENOTTY);
        }
}

void node_ioctl(UsbNode *n, UsbFile *f, const UsbAsk *ask, uint8_t *data, UsbSaid *said,
        Urb **ret_urb, uint64_t now)
{
        Answer a;
        /* these work on what is left after the device has gone */
        if (ask->request == USBDEVFS_DISCARDURB)
                a = discard(n, f, ask->argument);
        else if (ask->request == USBDEVFS_REAPURB || ask->request == USBDEVFS_REAPURBNDELAY)
                a = reap(n, f, ret_urb);
        else
                a = n->gone ? fail(ENODEV) : answer(n, f, ask, data, now);
        said->value = (int32_t)a.value;
        said->error = a.error;
}

void node_close(UsbNode *n, UsbFile *f)
{
        queue_drop(&n->queue, f);
        node_settle(n);
        for (size_t i = 0; i < INTERFACES_MAX; i++)
                if (n->claimed[i] == f)
                        n->claimed[i] = NULL;
}

UsbNode *node_free(UsbNode *n)
{
        queue_done(&n->queue);
        fd_close(n->gate);
        for (size_t i = 0; i < n->n_paths; i++)
                g_free(n->paths[i]);
        free(n);
        return NULL;
}
