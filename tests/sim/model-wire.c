/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The way from a stage's answers to packets: the queue, the wire's speed, faults, splitting. */

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "model-private.h"

/* a paced wire carries this much in one go: 500 wake-ups a second */
enum { BURST_US = 2000 };

/* ---- queue ---- */

static Piece *piece_add(Model *m, size_t size, size_t packet, size_t bytes)
{
        Piece *p = calloc(1, sizeof(*p) + bytes);
        if (!p)
                abort();
        p->size = size;
        p->packet = packet;
        p->due = MAX(m->now + m->config.latency_us, m->not_before);
        *m->last = p;
        m->last = &p->next;
        return p;
}

void model_send_packets(Model *m, const void *data, size_t size, size_t packet)
{
        if (!m->attached || !size)
                return;
        memcpy(piece_add(m, size, packet, size)->data, data, size);
}

void model_send(Model *m, const void *data, size_t size)
{
        model_send_packets(m, data, size, m->usb.max_packet);
}

void model_send_flash(Model *m, FlashArea area, uint64_t offset, size_t size)
{
        if (!m->attached || !size)
                return;
        Piece *p = piece_add(m, size, m->usb.max_packet, 0);
        p->flash = true;
        p->area = area;
        p->offset = offset;
}

void model_send_zlp(Model *m)
{
        if (m->attached && !m->config.no_zlps)
                piece_add(m, 0, 0, 0);
}

static void piece_pop(Model *m)
{
        Piece *p = m->first;
        m->first = p->next;
        if (!m->first)
                m->last = &m->first;
        free(p);
}

void model_drop(Model *m)
{
        while (m->first)
                piece_pop(m);
}

bool model_sent(const Model *m)
{
        return !m->first;
}

void model_pause(Model *m, uint64_t microseconds)
{
        m->not_before = MAX(m->now, m->not_before) + microseconds;
}

uint64_t model_data_sent(const Model *m)
{
        return m->data_sent;
}

/* ---- faults ---- */

static void fault_happens(Model *m, Fault *f)
{
        f->done = true;
        model_event(m, "fault %s", fault_name(f->kind));
        switch (f->kind) {
        case FAULT_UNPLUG:
                model_leave(m, 0, f->has_value ? AFTER_RESET : AFTER_OFF);
                if (f->has_value)
                        m->config.reboot_ms = f->value;
                break;
        case FAULT_REBOOT: model_leave(m, 0, AFTER_RESET); break;
        case FAULT_STALL: m->halted = true; break;
        case FAULT_HANG:
                m->hung = true;
                m->hung_for_ever = !f->has_value;
                m->hung_until = m->now + f->value * MODEL_MS;
                break;
        case FAULT_SLOW: m->slow_us = f->has_value ? f->value : 1000; break;
        case FAULT_SHORT:
        case FAULT_LOSE:
        case FAULT_BABBLE:
        case FAULT_LINE:
        case FAULT_ZLP:
        case FAULT_GARBAGE:
                m->wire_fault = f->kind;
                m->wire_value = f->has_value ? f->value : 16;
                break;
        default: f->armed = true; /* the stage asks for it */
        }
        /* gone means gone now, not at the next tick */
        if (m->attached && m->leave_at <= m->now)
                model_leave_now(m);
}

void model_step(Model *m, const char *format, ...)
{
        va_list ap;
        va_start(ap, format);
        vsnprintf(m->step, sizeof(m->step), format, ap);
        va_end(ap);
        m->steps++;
        if (m->config.trace)
                model_event(m, "step %" PRIu64 " %s", m->steps, m->step);
        for (size_t i = 0; i < m->config.n_faults; i++) {
                Fault *f = &m->config.faults[i];
                if (f->done || !f->at_step || f->kind == FAULT_STORAGE)
                        continue;
                if (f->step[0] ? strcmp(f->step, m->step) != 0 : f->place != m->steps)
                        continue;
                if (f->step[0] && ++f->seen != f->place)
                        continue;
                fault_happens(m, f);
        }
}

bool model_fault(Model *m, FaultKind kind, uint64_t *ret_value)
{
        for (size_t i = 0; i < m->config.n_faults; i++) {
                Fault *f = &m->config.faults[i];
                if (f->kind != kind || !f->armed)
                        continue;
                f->armed = false;
                if (f->has_value)
                        *ret_value = f->value;
                return true;
        }
        return false;
}

bool model_storage_fault(Model *m, uint64_t data_offset, uint64_t size, uint64_t *ret_status)
{
        for (size_t i = 0; i < m->config.n_faults; i++) {
                Fault *f = &m->config.faults[i];
                if (f->kind != FAULT_STORAGE || f->at_step || f->place < data_offset ||
                        f->place - data_offset >= size)
                        continue;
                /* a bad place stays bad */
                model_event(m, "fault storage");
                if (f->has_value)
                        *ret_status = f->value;
                return true;
        }
        return false;
}

/* The first fault that lies in the next n bytes of flash contents. */
static Fault *data_fault(Model *m, uint64_t n)
{
        Fault *first = NULL;
        for (size_t i = 0; i < m->config.n_faults; i++) {
                Fault *f = &m->config.faults[i];
                if (f->done || f->at_step || f->kind == FAULT_STORAGE || f->place < m->data_sent ||
                        f->place - m->data_sent >= n)
                        continue;
                if (!first || f->place < first->place)
                        first = f;
        }
        return first;
}

/* ---- packets ---- */

static uint32_t draw(Model *m)
{
        m->random ^= m->random << 13;
        m->random ^= m->random >> 7;
        m->random ^= m->random << 17;
        return (uint32_t)(m->random >> 32);
}

/* Takes n bytes off the first piece. */
static int take(Model *m, uint8_t *data, size_t n)
{
        Piece *p = m->first;
        m->turns += m->asked;
        m->asked = false;
        if (p->flash) {
                uint64_t unused;
                int r = flash_read(m->flash, p->area, p->offset + p->pos, data, n);
                if (r < 0)
                        return r;
                m->data_sent += n;
                if (n && model_fault(m, FAULT_FLIP, &unused))
                        data[0] ^= 0x10;
        } else
                memcpy(data, p->data + p->pos, n);
        p->pos += n;
        m->bytes_out += n;
        if (p->pos == p->size)
                piece_pop(m);
        return 0;
}

/* Random borders: the pieces are one stream that is cut anywhere. */
static ssize_t in_split(Model *m, uint8_t *data, size_t room, bool *ret_end)
{
        size_t n = 1 + draw(m) % m->usb.max_packet, got = 0;
        if (draw(m) % 4 == 0)
                n = m->usb.max_packet;
        n = MIN(n, room);
        while (got < n && m->first && m->first->due <= m->now) {
                size_t k = MIN(n - got, m->first->size - m->first->pos);
                if (!m->first->size) {
                        if (got)
                                break;
                        piece_pop(m);
                        *ret_end = true;
                        return 0;
                }
                if (m->first->flash && data_fault(m, k)) {
                        if (got)
                                break;
                        fault_happens(m, data_fault(m, k));
                        model_settle(m);
                        return -EAGAIN;
                }
                int r = take(m, data + got, k);
                if (r < 0)
                        return r;
                got += k;
        }
        *ret_end = got < m->usb.max_packet;
        return (ssize_t)got;
}

/* A fault that touches the next packet of `packet` bytes. */
static ssize_t in_faulty(Model *m, uint8_t *data, size_t room, size_t packet, bool *ret_end)
{
        FaultKind kind = m->wire_fault;
        uint8_t lost[1024];
        size_t left = m->first ? m->first->size - m->first->pos : 0;
        size_t n = MIN(packet, left), keep = MIN(MIN((size_t)m->wire_value, room), n);
        int r = 0;
        m->wire_fault = _FAULT_MAX;
        *ret_end = true;
        switch (kind) {
        case FAULT_ZLP: return 0;
        case FAULT_GARBAGE:
                n = MIN((size_t)m->wire_value, MIN(room, (size_t)m->usb.max_packet));
                for (size_t i = 0; i < n; i++)
                        data[i] = (uint8_t)draw(m);
                *ret_end = n < m->usb.max_packet;
                return (ssize_t)n;
        case FAULT_SHORT: r = take(m, data, keep); return r < 0 ? r : (ssize_t)keep;
        case FAULT_LOSE:
                r = take(m, lost, n);
                memcpy(data, lost, keep);
                return r < 0 ? r : (ssize_t)keep;
        default: r = take(m, lost, n); return kind == FAULT_LINE ? -EPROTO : -EOVERFLOW;
        }
}

/* How many bytes may leave now. */
static size_t wire_room(Model *m, size_t room)
{
        uint64_t burst = m->config.pace * BURST_US;
        if (!burst || room <= burst)
                return room;
        return (size_t)(burst - burst % m->usb.max_packet);
}

static void wire_used(Model *m, size_t n)
{
        uint64_t now = m->now * m->config.pace, burst = m->config.pace * BURST_US;
        if (m->config.pace)
                m->wire = MAX(m->wire, now > burst ? now - burst : 0) + n;
        if (m->slow_us)
                m->slow_until = m->now + m->slow_us;
}

ssize_t model_in(Model *m, void *data, size_t room, bool *ret_end)
{
        size_t max = m->usb.max_packet;
        ssize_t n;
        *ret_end = false;
        if (!m->attached)
                return -ENODEV;
        if (m->halted)
                return -EPIPE;
        if (m->hung)
                return -EAGAIN;
        if (!m->first || m->first->due > m->now || m->slow_until > m->now ||
                (m->config.pace && m->wire > m->now * m->config.pace))
                return -EAGAIN;
        if (m->config.zlps && draw(m) % 8 == 0) {
                *ret_end = true;
                return 0;
        }
        room = wire_room(m, room);
        Piece *p = m->first;
        size_t left = p->size - p->pos, packet = MIN(p->packet, max);
        if (m->wire_fault != _FAULT_MAX)
                return in_faulty(m, data, room, packet, ret_end);
        if (m->config.split && room >= max) {
                n = in_split(m, data, room, ret_end);
                wire_used(m, n > 0 ? (size_t)n : 0);
                return n;
        }
        if (!p->size) {
                piece_pop(m);
                *ret_end = true;
                return 0;
        }
        size_t take_now = packet < max ? MIN(left, packet) : MIN(left, room);
        if (packet == max && take_now < left)
                take_now -= take_now % max;
        if (!take_now || take_now > room) {
                uint8_t lost[1024];
                take(m, lost, MIN(left, packet));
                return -EOVERFLOW;
        }
        Fault *f = p->flash ? data_fault(m, take_now) : NULL;
        if (f) {
                uint64_t before = f->place - m->data_sent;
                if (before < packet) {
                        fault_happens(m, f);
                        model_settle(m);
                        return model_in(m, data, room, ret_end);
                }
                take_now = (size_t)(before - before % packet);
        }
        int r = take(m, data, take_now);
        if (r < 0)
                return r;
        wire_used(m, take_now);
        *ret_end = take_now % max != 0;
        return (ssize_t)take_now;
}
