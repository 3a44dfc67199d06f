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

int node_open_gate(UsbNode *n, const char *path)
{
        if (mkfifo(path, 0600) < 0)
                return -errno;
        n->gate = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
        if (n->gate < 0 || fcntl(n->gate, F_SETPIPE_SZ, 4096) < 0)
                return -errno;
        return 0;
}

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

/* ---- requests ----
 *
 * umockdev copies the whole of a program's buffer for each request, both ways. A request for 1 MiB
 * that gets one byte would cost 2 MiB, so the buffer of a bulk IN is looked at only when it is
 * reaped, and only as much of it as was received. */

static void list_add(UrbList *l, Urb *u)
{
        u->next = NULL;
        *l->last = u;
        l->last = &u->next;
}

static Urb *list_take(UrbList *l, Urb **place)
{
        Urb *u = *place;
        *place = u->next;
        if (!*place)
                l->last = place;
        return u;
}

static struct usbdevfs_urb *urb(const Urb *u)
{
        return (struct usbdevfs_urb *)u->request->data;
}

static uint8_t *data_new(UsbNode *n, size_t size)
{
        if (size <= SPARE_SIZE && n->n_spare)
                return n->spare[--n->n_spare];
        return g_malloc(MAX(size, (size_t)SPARE_SIZE));
}

static void urb_free(UsbNode *n, Urb *u)
{
        if (u->data && n->n_spare < SPARE_MAX && urb(u)->buffer_length <= SPARE_SIZE)
                n->spare[n->n_spare++] = g_steal_pointer(&u->data);
        g_free(u->data);
        g_clear_object(&u->request);
        g_clear_object(&u->buffer);
        g_free(u);
}

static void finish(UsbNode *n, Urb *u, int status, size_t actual)
{
        urb(u)->status = status;
        urb(u)->actual_length = (int)actual;
        list_add(&n->done, u);
        gate_set(n, false);
}

void node_vanish(UsbNode *n)
{
        n->gone = true;
        while (n->pending.first) {
                Urb *u = list_take(&n->pending, &n->pending.first);
                finish(n, u, -ESHUTDOWN, u->done);
        }
        gate_set(n, false);
}

/* Each of these returns 1 when the request is complete with *status, 0 when it stays queued. */
static int move_control(UsbNode *n, Urb *u, uint64_t now, int *status)
{
        Device *d = n->port->device;
        if (!u->started) {
                uint8_t *b = (uint8_t *)u->buffer->data;
                u->started = true;
                u->result =
                        d->ops->control(d, b, b + 8, (size_t)urb(u)->buffer_length - 8, &u->when);
        }
        if (u->when > now)
                return 0;
        *status = u->result < 0 ? (int)u->result : 0;
        u->done = u->result > 0 ? (size_t)u->result : 0;
        return 1;
}

static int move_out(UsbNode *n, Urb *u, uint64_t now, int *status)
{
        Device *d = n->port->device;
        size_t size = (size_t)urb(u)->buffer_length, taken;
        const uint8_t *b = u->buffer ? (const uint8_t *)u->buffer->data : NULL;
        if (!n->spoken) {
                n->spoken = true;
                fprintf(n->port->log, "port%u %llu.%06llu first-out %llu us after add\n",
                        n->port->number, (unsigned long long)(now / 1000000),
                        (unsigned long long)(now % 1000000),
                        (unsigned long long)(n->added_at ? now - n->added_at : 0));
                fflush(n->port->log);
        }
        int r = d->ops->out(d, b + u->done, size - u->done, &taken);
        u->done += taken;
        if (r == -EAGAIN || (!r && u->done < size))
                return 0;
        *status = r;
        return 1;
}

static int move_in(UsbNode *n, Urb *u, int *status)
{
        Device *d = n->port->device;
        size_t size = (size_t)urb(u)->buffer_length;
        while (u->done < size) {
                bool end;
                ssize_t r = d->ops->in(d, u->data + u->done, size - u->done, &end);
                if (r == -EAGAIN)
                        return 0;
                if (r < 0) {
                        n->in_halted = r == -EPIPE;
                        *status = (int)r;
                        return 1;
                }
                u->done += (size_t)r;
                if (end)
                        break;
        }
        *status = 0;
        return 1;
}

/* True when something was moved that may let another request go on. */
static bool pump_once(UsbNode *n, uint64_t now)
{
        bool again = false, in_waits = n->in_halted, out_waits = false;
        for (Urb **p = &n->pending.first; *p;) {
                Urb *u = *p;
                struct usbdevfs_urb *q = urb(u);
                bool control = q->type == USBDEVFS_URB_TYPE_CONTROL;
                bool in = !control && q->endpoint & 0x80;
                bool other = q->type != USBDEVFS_URB_TYPE_BULK && !control;
                int status = 0, r;
                size_t before = u->done;
                if (other || (in ? in_waits : !control && out_waits))
                        r = 0;
                else if (control)
                        r = move_control(n, u, now, &status);
                else if (in)
                        r = move_in(n, u, &status);
                else
                        r = move_out(n, u, now, &status);
                again |= !in && (r || u->done != before);
                if (status == -ENODEV)
                        return false;
                if (!r) {
                        in_waits |= in;
                        out_waits |= !in && !control;
                        p = &u->next;
                        continue;
                }
                in_waits |= n->in_halted;
                finish(n, list_take(&n->pending, p), status, u->done);
        }
        return again;
}

void node_pump(UsbNode *n, uint64_t now)
{
        if (n->gone)
                return;
        while (pump_once(n, now))
                ;
}

uint64_t node_deadline(const UsbNode *n)
{
        uint64_t t = MODEL_NEVER;
        for (const Urb *u = n->pending.first; u; u = u->next)
                if (u->started)
                        t = MIN(t, u->when);
        if (n->driver_at)
                t = MIN(t, n->driver_at);
        return t;
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

static Answer submit(UsbNode *n, UMockdevIoctlData *d, uint64_t now)
{
        struct usbdevfs_urb *q = (struct usbdevfs_urb *)d->data;
        Urb *u = g_new0(Urb, 1);
        u->request = g_object_ref(d);
        u->when = MODEL_NEVER;
        if (q->type == USBDEVFS_URB_TYPE_BULK && q->endpoint & 0x80)
                u->data = data_new(n, (size_t)q->buffer_length);
        else if (q->buffer_length > 0)
                u->buffer = umockdev_ioctl_data_resolve(
                        d, offsetof(struct usbdevfs_urb, buffer), (size_t)q->buffer_length, NULL);
        list_add(&n->pending, u);
        node_pump(n, now);
        return (Answer){};
}

static Answer discard(UsbNode *n, gulong address)
{
        for (Urb **p = &n->pending.first; *p; p = &(*p)->next)
                if ((*p)->request->client_addr == address) {
                        Urb *u = list_take(&n->pending, p);
                        finish(n, u, -ENOENT, u->done); /* what had come stays */
                        return (Answer){};
                }
        return fail(EINVAL);
}

static Answer reap(UsbNode *n, UMockdevIoctlData *d)
{
        Answer a = {};
        if (n->done.first) {
                Urb *u = list_take(&n->done, &n->done.first);
                if (u->data && u->done)
                        u->buffer = umockdev_ioctl_data_resolve(
                                u->request, offsetof(struct usbdevfs_urb, buffer), u->done, NULL);
                if (u->data && u->buffer)
                        memcpy(u->buffer->data, u->data, u->done);
                umockdev_ioctl_data_set_ptr(d, 0, u->request);
                urb_free(n, u);
        } else
                a = fail(n->gone ? ENODEV : EAGAIN);
        if (!n->done.first && !n->gone)
                gate_set(n, true);
        return a;
}

static Answer claim(UsbNode *n, unsigned interface, bool disconnect)
{
        if (interface >= INTERFACES_MAX)
                return fail(ENOENT);
        if (n->port->faults & PORT_CLAIM_BUSY)
                return fail(EBUSY);
        if (n->driver[interface] && !disconnect)
                return fail(EBUSY);
        n->driver[interface] = false;
        n->claimed[interface] = true;
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

static Answer answer(
        UsbNode *n, gulong request, void *data, UMockdevIoctlData *d, gulong argument, uint64_t now)
{
        bool late = request == USBDEVFS_REAPURBNDELAY || request == USBDEVFS_REAPURB ||
                request == USBDEVFS_DISCARDURB;
        if (n->gone && !late)
                return fail(ENODEV);
        switch (request) {
        case USBDEVFS_GET_CAPABILITIES:
                *(uint32_t *)data = USBDEVFS_CAP_ZERO_PACKET | USBDEVFS_CAP_BULK_CONTINUATION |
                        USBDEVFS_CAP_NO_PACKET_SIZE_LIM | USBDEVFS_CAP_BULK_SCATTER_GATHER |
                        USBDEVFS_CAP_REAP_AFTER_DISCONNECT;
                return (Answer){};
        case USBDEVFS_CONNECTINFO:
                *(struct usbdevfs_connectinfo *)data =
                        (struct usbdevfs_connectinfo){ .devnum = n->devnum };
                return (Answer){};
        case USBDEVFS_GET_SPEED: return (Answer){ n->usb.speed == 12 ? 2 : 3, 0 };
        case USBDEVFS_GETDRIVER: return get_driver(n, data);
        case USBDEVFS_CLAIMINTERFACE: return claim(n, *(unsigned *)data, false);
        case USBDEVFS_DISCONNECT_CLAIM:
                return claim(n, ((struct usbdevfs_disconnect_claim *)data)->interface, true);
        case USBDEVFS_RELEASEINTERFACE:
                if (*(unsigned *)data < INTERFACES_MAX)
                        n->claimed[*(unsigned *)data] = false;
                return (Answer){};
        case USBDEVFS_IOCTL: return driver_control(n, data);
        case USBDEVFS_SETCONFIGURATION:
        case USBDEVFS_SETINTERFACE:
        case USBDEVFS_RESET: return (Answer){};
        case USBDEVFS_CLEAR_HALT:
        case USBDEVFS_RESETEP:
                n->in_halted = false;
                n->port->device->ops->clear_halt(n->port->device);
                node_pump(n, now);
                return (Answer){};
        case USBDEVFS_SUBMITURB: return submit(n, d, now);
        case USBDEVFS_DISCARDURB: return discard(n, argument);
        case USBDEVFS_REAPURB:
        case USBDEVFS_REAPURBNDELAY: return reap(n, d);
        default: return fail(ENOTTY);
        }
}

static gboolean on_ioctl(UMockdevIoctlBase *handler, UMockdevIoctlClient *client, gpointer userdata)
{
        UsbNode *n = userdata;
        gulong request = umockdev_ioctl_client_get_request(client);
        UMockdevIoctlData *arg = umockdev_ioctl_client_get_arg(client), *d = NULL;
        size_t size = request >> _IOC_SIZESHIFT & ((1 << _IOC_SIZEBITS) - 1);
        gulong argument;
        memcpy(&argument, arg->data, sizeof(argument));
        /* the structure of a discarded request is not looked at, only its address */
        if (size && request != USBDEVFS_DISCARDURB &&
                !(d = umockdev_ioctl_data_resolve(arg, 0, size, NULL)))
                return FALSE;
        pthread_mutex_lock(&n->port->lock);
        uint64_t now = stream_now();
        n->read_pos = 0; /* the next read starts over: stands in for the seek */
        if (!n->gone)
                n->port->device->ops->run(n->port->device, now);
        Answer a = answer(n, request, d ? d->data : NULL, d, argument, now);
        port_changed(n->port);
        pthread_mutex_unlock(&n->port->lock);
        umockdev_ioctl_client_complete(client, a.value, a.error);
        g_clear_object(&d);
        return TRUE;
}

/* Descriptors, for libusb_wrap_sys_device(). */
static gboolean on_read(UMockdevIoctlBase *handler, UMockdevIoctlClient *client, gpointer userdata)
{
        UsbNode *n = userdata;
        UMockdevIoctlData *arg = umockdev_ioctl_client_get_arg(client);
        uint8_t all[sizeof(n->usb.device) + sizeof(n->usb.config)];
        size_t size = sizeof(n->usb.device) + n->usb.n_config;
        memcpy(all, n->usb.device, sizeof(n->usb.device));
        memcpy(all + sizeof(n->usb.device), n->usb.config, n->usb.n_config);
        pthread_mutex_lock(&n->port->lock);
        size_t k = MIN(size - n->read_pos, (size_t)arg->data_len);
        memcpy(arg->data, all + n->read_pos, k);
        n->read_pos += k;
        pthread_mutex_unlock(&n->port->lock);
        umockdev_ioctl_client_complete(client, (glong)k, 0);
        return TRUE;
}

void node_attach(UsbNode *n, UMockdevTestbed *testbed)
{
        n->pending.last = &n->pending.first;
        n->done.last = &n->done.first;
        n->handler = umockdev_ioctl_base_new();
        g_signal_connect(n->handler, "handle-ioctl", G_CALLBACK(on_ioctl), n);
        g_signal_connect(n->handler, "handle-read", G_CALLBACK(on_read), n);
        umockdev_testbed_attach_ioctl(testbed, n->name, n->handler, NULL);
        gate_set(n, true);
}

static void list_free(UsbNode *n, UrbList *l)
{
        while (l->first)
                urb_free(n, list_take(l, &l->first));
}

void node_free(UsbNode *n)
{
        if (n->handler)
                umockdev_testbed_detach_ioctl(n->port->bus->testbed, n->name, NULL);
        list_free(n, &n->pending);
        list_free(n, &n->done);
        while (n->n_spare)
                g_free(n->spare[--n->n_spare]);
        g_clear_object(&n->handler);
        fd_close(n->gate);
        for (size_t i = 0; i < n->n_paths; i++)
                g_free(n->paths[i]);
        free(n);
}
