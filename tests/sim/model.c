/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "chips.h"
#include "model-private.h"

static const char *const breach_texts[_BREACH_MAX] = {
        [BREACH_ZLP] = "zlp: zero-length packet to a program that stumbles over it",
        [BREACH_JOINED] = "joined: header and payload in one packet overrun the receiver",
        [BREACH_EARLY] = "early: bytes before the device wants them",
        [BREACH_MAGIC] = "magic: a frame must start with FEEEEEEF",
        [BREACH_FRAME] = "frame: type or length the receiver does not take",
        [BREACH_ORDER] = "order: not possible here",
        [BREACH_WRITE] = "write: nothing may change the phone",
        [BREACH_RANGE] = "range: more than the device can take",
        [BREACH_TOKEN] = "token: handshake byte out of place",
        [BREACH_SYNC] = "sync: SYNC was due",
        [BREACH_REGISTER] = "register: access that is not allowed",
        [TOLERATED_ZLP] = "tolerated zlp: zero-length packet while an agent is sent",
        [TOLERATED_HOST_OS] = "tolerated host-os: Linux (1) costs speed",
        [TOLERATED_OK_NULS] = "tolerated ok-nuls: OK with another number of NULs",
        [TOLERATED_PROBE] = "tolerated probe: unknown command",
};

_printf_(2, 0) static void log_line(Model *m, const char *format, va_list ap)
{
        fprintf(m->log, "phone%u %" PRIu64 ".%06" PRIu64 " ", m->config.number, m->now / 1000000,
                m->now % 1000000);
        vfprintf(m->log, format, ap);
        fputc('\n', m->log);
        fflush(m->log);
}

void model_event(Model *m, const char *format, ...)
{
        va_list ap;
        va_start(ap, format);
        flockfile(m->log);
        log_line(m, format, ap);
        funlockfile(m->log);
        va_end(ap);
}

void model_breach(Model *m, Breach rule, const char *format, ...)
{
        bool tolerated = rule >= TOLERATED_ZLP;
        char text[200];
        va_list ap;
        va_start(ap, format);
        vsnprintf(text, sizeof(text), format, ap);
        va_end(ap);
        if (tolerated && m->told[rule]++)
                return;
        m->breaches += !tolerated;
        model_event(m, "%s%s (%s; step %" PRIu64 " %s, %" PRIu64 " bytes in, %" PRIu64 " out)",
                tolerated ? "" : "breach ", breach_texts[rule], text, m->steps, m->step,
                m->bytes_out, m->bytes_in);
}

unsigned model_breaches(const Model *m)
{
        return m->breaches;
}

unsigned model_boots(const Model *m)
{
        return m->boots;
}

/* ---- making and ending ---- */

int model_new(const PhoneConfig *config, Model **ret)
{
        _cleanup_(model_freep) Model *m = calloc(1, sizeof(*m));
        int r;
        if (!m)
                return -ENOMEM;
        m->config = *config;
        m->last = &m->first;
        m->leave_at = m->return_at = MODEL_NEVER;
        m->random = (config->split ^ config->zlps << 32) * 0x9e3779b97f4a7c15 + 1;
        m->log = config->log[0] ? fopen(config->log, "ae") : stderr;
        if (!m->log) {
                r = -errno;
                fprintf(stderr, "%s: %s\n", config->log, strerror(-r));
                return r;
        }
        r = flash_open(config->flash, config->chip->ufs, config->writable, &m->flash);
        if (r < 0) {
                fprintf(stderr, "flash in %s: %s\n", config->flash, strerror(-r));
                return r;
        }
        *ret = TAKE_PTR(m);
        return 0;
}

static void stage_end(Model *m)
{
        if (m->stage && m->stage->ops->leave)
                m->stage->ops->leave(m->stage);
        free(TAKE_PTR(m->stage));
}

Model *model_free(Model *m)
{
        if (!m)
                return NULL;
        stage_end(m);
        model_drop(m);
        free(m->agent);
        flash_free(m->flash);
        if (m->log && m->log != stderr)
                fclose(m->log);
        free(m);
        return NULL;
}

/* ---- programs on the phone ---- */

static void stage_start(Model *m, const StageOps *ops)
{
        Stage *s = calloc(1, ops->size);
        if (!s)
                abort();
        stage_end(m);
        *s = (Stage){
                .ops = ops,
                .model = m,
                .chip = m->config.chip,
                .config = &m->config,
                .timer = MODEL_NEVER,
        };
        m->stage = s;
        ops->enter(s);
}

static void left(Model *m);

/* after every call into a stage: what it asked for; it may be gone then */
void model_settle(Model *m)
{
        if (m->leaving)
                left(m);
        while (m->next) {
                const StageOps *next = m->next;
                m->next = NULL;
                stage_start(m, next);
        }
}

void model_next(Model *m, const StageOps *next)
{
        m->next = next;
}

static void android_enter(Stage *s)
{
        /* class, subclass and protocol of its interface */
        static const struct {
                uint16_t vendor, product;
                uint8_t kind[3];
        } forms[_ON_MAX] = {
                [ON_ADB] = { 0x0e8d, 0x201d, { 0xff, 0x42, 0x01 } },
                [ON_FASTBOOT] = { 0x0e8d, 0x201c, { 0xff, 0x42, 0x03 } },
                [ON_CHARGING] = { 0x0e8d, 0x2009, { 0x08, 0x06, 0x50 } },
                [ON_OTHER] = { 0x18d1, 0x4ee7, { 0xff, 0x42, 0x01 } },
        };
        uint64_t on = s->config->on;

        model_set_usb(s->model, USB_ANDROID);
        if (forms[on].vendor) {
                model_set_ids(s->model, forms[on].vendor, forms[on].product);
                memcpy(s->model->usb.config + 9 + 5, forms[on].kind, 3);
        }
}

static void android_packet(Stage *s, const uint8_t *data, size_t size)
{
}

/* Only something to see on the bus: it answers nothing. */
static const StageOps android_ops = {
        .name = "android",
        .size = sizeof(Stage),
        .enter = android_enter,
        .packet = android_packet,
};

void model_set_usb(Model *m, UsbKind kind)
{
        unsigned n = m->usb.enumeration;
        m->usb_kind = kind;
        usb_identity(kind, &m->usb);
        if (m->config.speed != SPEED_CHIP && kind != USB_AGENT)
                usb_set_packets(&m->usb, m->config.speed == SPEED_FULL ? 64 : 1024);
        m->usb.enumeration = n;
}

void model_set_ids(Model *m, uint16_t vendor, uint16_t product)
{
        m->usb.vendor = vendor;
        put_le16(m->usb.device + 8, vendor);
        model_set_product(m, product);
}

void model_set_product(Model *m, uint16_t product)
{
        m->usb.product = product;
        put_le16(m->usb.device + 10, product);
}

static void attach(Model *m)
{
        m->attached = true;
        m->halted = false;
        m->usb.enumeration++;
        m->return_at = m->leave_at = MODEL_NEVER;
        model_event(m, "attached %04x:%04x", m->usb.vendor, m->usb.product);
}

static void detach(Model *m, const char *why)
{
        if (!m->attached)
                return;
        m->attached = false;
        m->leave_at = MODEL_NEVER;
        model_drop(m);
        if (m->data_sent)
                model_event(m, "%" PRIu64 " turns for %" PRIu64 " bytes of data", m->turns,
                        m->data_sent);
        model_event(m, "detached %s", why);
}

static void power_on(Model *m, const StageOps *program)
{
        stage_end(m);
        m->hung = m->hung_for_ever = m->stuck = false;
        m->leaving = false;
        m->leave_at = MODEL_NEVER;
        m->not_before = m->slow_us = m->slow_until = 0;
        m->data_sent = m->turns = 0;
        m->n_agent = 0;
        memset(m->scratch, 0, sizeof(m->scratch));
        m->steps = 0;
        m->step[0] = 0;
        m->wire_fault = _FAULT_MAX;
        stage_start(m, program);
        attach(m);
        model_settle(m);
}

void model_power_on(Model *m)
{
        m->attached = m->came_back = false;
        model_drop(m);
        power_on(m, m->config.on ? &android_ops : m->config.chip->boot);
}

void model_unplug(Model *m)
{
        detach(m, "cable pulled");
        m->return_at = MODEL_NEVER;
}

void model_replug(Model *m)
{
        if (m->attached)
                return;
        if (m->stage && (!m->stage->ops->outlives || m->stage->ops->outlives(m->stage)))
                attach(m);
        else
                model_power_on(m);
}

bool model_attached(const Model *m)
{
        return m->attached;
}

bool model_returns(const Model *m)
{
        return !m->attached && m->return_at != MODEL_NEVER;
}

const UsbIdentity *model_usb(const Model *m)
{
        return &m->usb;
}

void model_leave(Model *m, uint64_t microseconds, After after)
{
        m->leave_at = m->now + microseconds;
        m->after = after;
}

void model_leave_now(Model *m)
{
        static const char *const why[] = { "reset", "booted android", "off", "speed switch" };
        detach(m, why[m->after]);
        m->leaving = true;
}

static void left(Model *m)
{
        uint64_t pause = m->config.reboot_ms * MODEL_MS;
        m->leaving = false;
        m->next = NULL;
        switch (m->after) {
        case AFTER_ANDROID:
                m->boots++;
                stage_end(m);
                model_event(m, "booted %u", m->boots);
                if (!m->config.android)
                        return;
                break;
        case AFTER_OFF: stage_end(m); return;
        case AFTER_SPEED: pause = MIN(pause, 250 * MODEL_MS); break;
        case AFTER_RESET: stage_end(m); break;
        }
        m->return_at = m->now + pause;
}

static void do_return(Model *m)
{
        m->return_at = MODEL_NEVER;
        m->came_back = true;
        switch (m->after) {
        case AFTER_SPEED: attach(m); return;
        case AFTER_ANDROID: power_on(m, &android_ops); return;
        default: power_on(m, m->config.chip->boot);
        }
}

void model_halt(Model *m, const char *why)
{
        m->stuck = true;
        model_event(m, "stuck: %s", why);
}

/* ---- time ---- */

void model_run(Model *m, uint64_t now)
{
        m->now = MAX(m->now, now);
        if (m->attached && m->leave_at <= m->now)
                model_leave_now(m);
        model_settle(m);
        if (!m->attached && m->return_at <= m->now)
                do_return(m);
        if (m->hung && !m->hung_for_ever && m->hung_until <= m->now)
                m->hung = false;
        /* a stage that always asks for the past would never let go */
        for (int i = 0; i < 1000 && m->attached && m->stage && m->stage->timer <= m->now; i++) {
                m->stage->timer = MODEL_NEVER;
                m->stage->ops->timer(m->stage);
                model_settle(m);
                if (m->attached && m->leave_at <= m->now)
                        model_leave_now(m);
                model_settle(m);
        }
}

static uint64_t wire_due(const Model *m)
{
        uint64_t due = m->first->due;
        if (m->config.pace && m->wire > m->now * m->config.pace)
                due = MAX(due, m->wire / m->config.pace + 1);
        if (m->hung)
                due = m->hung_for_ever ? MODEL_NEVER : MAX(due, m->hung_until);
        return MAX(due, m->slow_until);
}

uint64_t model_deadline(const Model *m)
{
        uint64_t t = MODEL_NEVER;
        if (!m->attached)
                return m->return_at;
        t = MIN(t, m->leave_at);
        if (m->stage)
                t = MIN(t, m->stage->timer);
        if (m->hung && !m->hung_for_ever)
                t = MIN(t, m->hung_until);
        if (m->first && wire_due(m) > m->now)
                t = MIN(t, wire_due(m));
        return t;
}

bool model_came_back(const Model *m)
{
        return m->came_back;
}

int model_change(Model *m, const char *word)
{
        return config_set(&m->config, word);
}

void model_go_on(Model *m)
{
        m->hung = m->hung_for_ever = false;
        m->slow_us = m->slow_until = 0;
}

uint64_t model_now(const Model *m)
{
        return m->now;
}

/* ---- the host's side ---- */

int model_out(Model *m, const void *data, size_t size, size_t *ret_taken)
{
        const uint8_t *p = data;
        size_t pos = 0;
        *ret_taken = 0;
        if (!m->attached)
                return -ENODEV;
        if (m->hung || m->stuck || !m->stage)
                return -EAGAIN;
        do {
                size_t n = MIN(size - pos, (size_t)m->usb.max_packet);
                if (!m->attached || m->hung || m->stuck)
                        break;
                if (m->stage->ops->accepts && !m->stage->ops->accepts(m->stage)) {
                        if (!pos)
                                return -EAGAIN;
                        break;
                }
                m->bytes_in += n;
                m->asked = true;
                m->stage->ops->packet(m->stage, p + pos, n);
                model_settle(m);
                pos += n;
        } while (pos < size);
        *ret_taken = pos;
        return 0;
}

void model_clear_halt(Model *m)
{
        m->halted = false;
}

ssize_t model_control(
        Model *m, const uint8_t setup[8], uint8_t *data, size_t size, uint64_t *ret_when)
{
        unsigned request = get_be16(setup), value = get_le16(setup + 2);
        static const uint8_t coding[7] = { 0x00, 0x10, 0x0e, 0x00, 0x00, 0x00, 0x08 };
        *ret_when = m->now;
        if (!m->attached)
                return -ENODEV;
        size = MIN(size, (size_t)get_le16(setup + 6));
        if (m->stage->ops->control_due)
                *ret_when = m->stage->ops->control_due(m->stage);
        switch (request) {
        case 0x8006: return usb_get_descriptor(&m->usb, m->usb_kind, value, data, size);
        case 0x8000:
        case 0x8100:
        case 0x8200: /* GET_STATUS */
                if (size < 2)
                        return -EPIPE;
                data[0] = request == 0x8200 && m->halted;
                data[1] = 0;
                return 2;
        case 0x8008: /* GET_CONFIGURATION */
                if (size < 1)
                        return -EPIPE;
                data[0] = 1;
                return 1;
        case 0x0009: /* SET_CONFIGURATION */
                if (m->stage->ops->configured)
                        m->stage->ops->configured(m->stage);
                model_settle(m);
                return 0;
        case 0x0005:
        case 0x010b: return 0;
        case 0x0201: model_clear_halt(m); return 0;
        case 0x2120: /* SET_LINE_CODING: the values do not matter */
                if (m->stage->ops->line_coding)
                        m->stage->ops->line_coding(m->stage);
                model_settle(m);
                return (ssize_t)size;
        case 0x2122:
        case 0x2123: return 0;
        case 0xa121:
                memcpy(data, coding, MIN(size, sizeof(coding)));
                return (ssize_t)MIN(size, sizeof(coding));
        default: return -EPIPE;
        }
}

/* ---- received agent ---- */

void *model_agent_buffer(Model *m, size_t size)
{
        free(m->agent);
        m->agent = malloc(MAX(size, (size_t)1));
        m->n_agent = m->agent ? size : 0;
        return m->agent;
}

const uint8_t *model_agent(const Model *m, size_t *ret_size)
{
        *ret_size = m->n_agent;
        return m->agent;
}

void *model_scratch(Model *m)
{
        return m->scratch;
}

void model_set_in_flight(Model *m, bool in_flight)
{
        m->in_flight = in_flight;
}

bool model_collected(const Model *m)
{
        return !m->first && !m->in_flight;
}

Flash *model_flash(Model *m)
{
        return m->flash;
}
