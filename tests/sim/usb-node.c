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
        n->pending.last = &n->pending.first;
        n->done.last = &n->done.first;
        gate_set(n, true);
        return 0;
}

/* ---- requests ---- */

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

static uint8_t *data_new(UsbNode *n, size_t size)
{
        if (size <= SPARE_SIZE && n->n_spare)
                return n->spare[--n->n_spare];
        return g_malloc(MAX(size, (size_t)SPARE_SIZE));
}

void node_urb_free(UsbNode *n, Urb *u)
{
        if (n->n_spare < SPARE_MAX && u->size <= SPARE_SIZE)
                n->spare[n->n_spare++] = TAKE_PTR(u->data);
        g_free(u->data);
        g_free(u);
}

static void finish(UsbNode *n, Urb *u, int status)
{
        u->status = status;
        list_add(&n->done, u);
        gate_set(n, false);
}

void node_vanish(UsbNode *n)
{
        n->gone = true;
        while (n->pending.first) {
                Urb *u = list_take(&n->pending, &n->pending.first);
                finish(n, u, -ESHUTDOWN);
        }
        gate_set(n, false);
}

/* Each of these returns 1 when the request is complete with *status, 0 when it stays queued. */
static int move_control(UsbNode *n, Urb *u, uint64_t now, int *status)
{
        Device *d = n->port->device;
        if (!u->started) {
                u->started = true;
                u->result = d->ops->control(d, u->data, u->data + 8, u->size - 8, &u->when);
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
        size_t taken;
        if (!n->spoken) {
                n->spoken = true;
                fprintf(n->port->log, "port%u %llu.%06llu first-out %llu us after add\n",
                        n->port->number, (unsigned long long)(now / 1000000),
                        (unsigned long long)(now % 1000000),
                        (unsigned long long)(n->added_at ? now - n->added_at : 0));
                fflush(n->port->log);
        }
        int r = d->ops->out(d, u->data + u->done, u->size - u->done, &taken);
        u->done += taken;
        if (r == -EAGAIN || (!r && u->done < u->size))
                return 0;
        *status = r;
        return 1;
}

static int move_in(UsbNode *n, Urb *u, int *status)
{
        Device *d = n->port->device;
        while (u->done < u->size) {
                bool end;
                ssize_t r = d->ops->in(d, u->data + u->done, u->size - u->done, &end);
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
                bool control = u->type == USBDEVFS_URB_TYPE_CONTROL;
                bool in = !control && u->endpoint & 0x80;
                bool other = u->type != USBDEVFS_URB_TYPE_BULK && !control;
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
                finish(n, list_take(&n->pending, p), status);
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
        Urb *u = g_new0(Urb, 1);
        u->file = f;
        u->address = ask->argument;
        u->type = q.type;
        u->endpoint = q.endpoint;
        u->when = MODEL_NEVER;
        u->size = (size_t)q.buffer_length;
        u->data = data_new(n, u->size);
        memcpy(u->data, data + sizeof(q), sent);
        list_add(&n->pending, u);
        node_pump(n, now);
        return (Answer){};
}

static Answer discard(UsbNode *n, const UsbFile *f, uint64_t address)
{
        for (Urb **p = &n->pending.first; *p; p = &(*p)->next)
                if ((*p)->file == f && (*p)->address == address) {
                        finish(n, list_take(&n->pending, p), -ENOENT); /* what had come stays */
                        return (Answer){};
                }
        return fail(EINVAL);
}

static Answer reap(UsbNode *n, const UsbFile *f, Urb **ret)
{
        for (Urb **p = &n->done.first; *p && !*ret; p = &(*p)->next)
                if ((*p)->file == f) {
                        *ret = list_take(&n->done, p);
                        break;
                }
        if (!n->done.first && !n->gone)
                gate_set(n, true);
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
        case USBDEVFS_GET_SPEED: return (Answer){ n->usb.speed == 12 ? 2 : 3, 0 };
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
                n->in_halted = false;
                n->port->device->ops->clear_halt(n->port->device);
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

static void drop_of(UsbNode *n, UrbList *l, const UsbFile *f)
{
        for (Urb **p = &l->first; *p;)
                if (!f || (*p)->file == f)
                        node_urb_free(n, list_take(l, p));
                else
                        p = &(*p)->next;
}

void node_close(UsbNode *n, UsbFile *f)
{
        drop_of(n, &n->pending, f);
        drop_of(n, &n->done, f);
        if (!n->done.first && !n->gone)
                gate_set(n, true);
        for (size_t i = 0; i < INTERFACES_MAX; i++)
                if (n->claimed[i] == f)
                        n->claimed[i] = NULL;
}

UsbNode *node_free(UsbNode *n)
{
        drop_of(n, &n->pending, NULL);
        drop_of(n, &n->done, NULL);
        while (n->n_spare)
                g_free(n->spare[--n->n_spare]);
        fd_close(n->gate);
        for (size_t i = 0; i < n->n_paths; i++)
                g_free(n->paths[i]);
        free(n);
        return NULL;
}
