/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "usb-queue.h"

#include <errno.h>
#include <string.h>

#include "basic/bytes.h"

/* ---- lists ---- */

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

static void finish(UsbQueue *q, Urb **place, int status)
{
        Urb *u = list_take(&q->pending, place);
        u->status = status;
        list_add(&q->done, u);
}

/* ---- transfers ---- */

static uint8_t *data_new(UsbQueue *q, size_t size)
{
        if (size <= SPARE_SIZE && q->n_spare)
                return q->spare[--q->n_spare];
        uint8_t *data = malloc(MAX(size, (size_t)SPARE_SIZE));
        if (!data)
                abort();
        return data;
}

Urb *queue_add(UsbQueue *q, UrbKind kind, size_t size)
{
        Urb *u = calloc(1, sizeof(*u));
        if (!u)
                abort();
        u->kind = kind;
        u->when = MODEL_NEVER;
        u->size = size;
        u->data = data_new(q, size);
        list_add(&q->pending, u);
        return u;
}

void urb_free(UsbQueue *q, Urb *u)
{
        if (q->n_spare < SPARE_MAX && u->size <= SPARE_SIZE)
                q->spare[q->n_spare++] = TAKE_PTR(u->data);
        free(u->data);
        free(u);
}

Urb *queue_cancel(UsbQueue *q, const void *owner, uint64_t id)
{
        for (Urb **p = &q->pending.first; *p; p = &(*p)->next)
                if ((*p)->owner == owner && (*p)->id == id) {
                        Urb *u = *p;
                        finish(q, p, -ENOENT);
                        return u;
                }
        return NULL;
}

void queue_vanish(UsbQueue *q)
{
        while (q->pending.first)
                finish(q, &q->pending.first, -ESHUTDOWN);
}

Urb *queue_take(UsbQueue *q, const void *owner)
{
        for (Urb **p = &q->done.first; *p; p = &(*p)->next)
                if ((*p)->owner == owner)
                        return list_take(&q->done, p);
        return NULL;
}

static void drop_of(UsbQueue *q, UrbList *l, const void *owner)
{
        for (Urb **p = &l->first; *p;)
                if (!owner || (*p)->owner == owner)
                        urb_free(q, list_take(l, p));
                else
                        p = &(*p)->next;
}

void queue_drop(UsbQueue *q, const void *owner)
{
        drop_of(q, &q->pending, owner);
        drop_of(q, &q->done, owner);
}

void queue_init(UsbQueue *q)
{
        *q = (UsbQueue){};
        q->pending.last = &q->pending.first;
        q->done.last = &q->done.first;
}

void queue_done(UsbQueue *q)
{
        queue_drop(q, NULL);
        while (q->n_spare)
                free(q->spare[--q->n_spare]);
}

void queue_clear_halt(UsbQueue *q, Device *d)
{
        q->in_halted = false;
        d->ops->clear_halt(d);
}

/* ---- packets ---- */

/* Each of these returns 1 when the transfer is complete with *status, 0 when it stays queued. */
static int move_control(Device *d, Urb *u, uint64_t now, int *status)
{
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

static int move_out(Device *d, Urb *u, int *status)
{
        size_t taken;
        int r = d->ops->out(d, u->data + u->done, u->size - u->done, &taken);
        u->done += taken;
        if (r == -EAGAIN || (!r && u->done < u->size))
                return 0;
        *status = r;
        return 1;
}

static int move_in(UsbQueue *q, Device *d, Urb *u, int *status)
{
        while (u->done < u->size) {
                bool end;
                ssize_t r = d->ops->in(d, u->data + u->done, u->size - u->done, &end);
                if (r == -EAGAIN)
                        return 0;
                if (r < 0) {
                        q->in_halted = r == -EPIPE;
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

/* True when something was moved that may let another transfer go on. */
static bool pump_once(UsbQueue *q, Device *d, uint64_t now)
{
        bool again = false, in_waits = q->in_halted, out_waits = false;
        for (Urb **p = &q->pending.first; *p;) {
                Urb *u = *p;
                bool control = u->kind == URB_CONTROL;
                bool in = !control && u->endpoint & 0x80;
                int status = 0, r;
                size_t before = u->done;
                if (u->kind == URB_OTHER || (in ? in_waits : !control && out_waits))
                        r = 0;
                else if (control)
                        r = move_control(d, u, now, &status);
                else if (in)
                        r = move_in(q, d, u, &status);
                else {
                        if (!q->first_out)
                                q->first_out = now;
                        r = move_out(d, u, &status);
                }
                again |= !in && (r || u->done != before);
                if (status == -ENODEV)
                        return false;
                if (!r) {
                        in_waits |= in;
                        out_waits |= !in && !control;
                        p = &u->next;
                        continue;
                }
                in_waits |= q->in_halted;
                finish(q, p, status);
        }
        return again;
}

void queue_pump(UsbQueue *q, Device *d, uint64_t now)
{
        while (pump_once(q, d, now))
                ;
}

uint64_t queue_deadline(const UsbQueue *q)
{
        uint64_t t = MODEL_NEVER;
        for (const Urb *u = q->pending.first; u; u = u->next)
                if (u->started)
                        t = MIN(t, u->when);
        return t;
}
