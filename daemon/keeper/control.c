/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/keeper/control.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <sys/eventfd.h>
#include <time.h>

#include "basic/log.h"
#include "wire/verbs.h"

enum { BYTES_INTERVAL_MS = 100 };

int control_open(Control *c, int socket)
{
        *c = (Control){ .socket = socket };
        c->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        return c->wake < 0 ? -errno : 0;
}

void control_close(Control *c)
{
        c->wake = fd_close(c->wake);
}

void control_stop(Control *c, Stop why)
{
        static const uint64_t one = 1;

        if ((int)why > atomic_load(&c->stop))
                atomic_store(&c->stop, (int)why);
        /* cannot fail but for being readable already */
        (void)!write(c->wake, &one, sizeof one);
}

void control_send(Control *c, const Message *m)
{
        int r;

        while ((r = message_send(c->socket, m)) == -EAGAIN) {
                struct pollfd p = { .fd = c->socket, .events = POLLOUT };

                (void)poll(&p, 1, 1000);
        }
        if (r == -EMSGSIZE)
                log_error("A message %s is too long to be sent", message_type(m));
}

void control_phase(Control *c, const char *phase)
{
        Message m;

        message_start(&m, VERB_PHASE);
        message_add(&m, "PHASE", phase);
        control_send(c, &m);
}

void control_log(Control *c, int level, const char *format, ...)
{
        char text[FAILURE_TEXT_MAX];
        va_list arguments;
        Message m;

        va_start(arguments, format);
        vsnprintf(text, sizeof text, format, arguments);
        va_end(arguments);
        message_start(&m, VERB_LOG);
        message_add_u64(&m, "LEVEL", (uint64_t)level);
        message_add(&m, "TEXT", text);
        control_send(c, &m);
}

static uint64_t milliseconds(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

void control_bytes(Control *c, uint64_t done, uint64_t total, uint64_t durable, bool now)
{
        uint64_t ms = milliseconds();
        Message m;

        if (!now && ms - c->told_at < BYTES_INTERVAL_MS)
                return;
        c->told_at = ms;
        message_start(&m, VERB_BYTES);
        message_add_u64(&m, "BYTES", done);
        message_add_u64(&m, "TOTAL", total);
        message_add_u64(&m, "DURABLE", durable);
        control_send(c, &m);
}
