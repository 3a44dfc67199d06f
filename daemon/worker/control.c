/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/worker/control.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "basic/clock.h"

static volatile sig_atomic_t terminated;

static void on_terminate(int number)
{
        terminated = 1;
}

static int watch(Control *c, int fd)
{
        struct epoll_event event = { .events = EPOLLIN };

        return epoll_ctl(c->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

int control_open(Control *c, int socket)
{
        struct sigaction action = { .sa_handler = on_terminate };
        int flags;

        *c = (Control){ .socket = socket, .epoll = -1, .listener = -1, .last_sent = clock_usec() };
        terminated = 0;
        flags = fcntl(socket, F_GETFL);
        if (flags < 0 || fcntl(socket, F_SETFL, flags | O_NONBLOCK) < 0 ||
                sigaction(SIGTERM, &action, NULL) < 0)
                return -errno;
        c->epoll = epoll_create1(EPOLL_CLOEXEC);
        return c->epoll < 0 ? -errno : watch(c, socket);
}

void control_close(Control *c)
{
        if (c->has_order)
                message_done(&c->order);
        c->has_order = false;
        c->epoll = fd_close(c->epoll);
}

void control_attach(Control *c, Transport *t)
{
        t->tick = control_tick;
        t->userdata = c;
        t->watch_fd = c->epoll;
}

/* ---- hearing ---- */

static void want_end(Control *c)
{
        if (!c->finish)
                c->end_since = clock_usec();
        c->finish = true;
}

static void daemon_gone(Control *c)
{
        epoll_ctl(c->epoll, EPOLL_CTL_DEL, c->socket, NULL);
        c->socket = -1;
        want_end(c);
}

static void take_order(Control *c, Message *m)
{
        if (message_is(m, VERB_FINISH) || message_is(m, VERB_RELEASE)) {
                c->power_off = strcmp(message_text(m, "ACTION"), "off") == 0;
                want_end(c);
                return;
        }
        if (c->has_order)
                message_done(&c->order);
        c->order = *m;
        c->has_order = true;
        m->n_fds = 0; /* moved */
}

static void hear(Control *c)
{
        int r;

        while (c->socket >= 0) {
                _cleanup_message_ Message m;

                r = message_receive(c->socket, MSG_DONTWAIT, &m);
                if (r == -EAGAIN)
                        break;
                if (r == -EBADMSG)
                        continue;
                if (r <= 0)
                        daemon_gone(c);
                else
                        take_order(c, &m);
        }
        if (c->listener >= 0)
                c->listen(c->userdata);
}

static bool something_to_do(const Control *c)
{
        return c->has_order || c->finish || (c->listener >= 0 && c->ready(c->userdata));
}

int control_tick(void *userdata)
{
        Control *c = userdata;
        bool listening = c->listener >= 0;
        uint64_t now;

        hear(c);
        if (terminated)
                want_end(c);
        now = clock_usec();
        if (now - c->last_sent >= CONTROL_ALIVE_MS * 1000) {
                Message m;

                message_start(&m, VERB_ALIVE);
                control_send(c, &m);
        }
        /* the end of a job's channel is something to do, too */
        if (c->waiting && (something_to_do(c) || (listening && c->listener < 0)))
                return -EINTR;
        if (c->finish && !c->letting_go && now - c->end_since >= CONTROL_PATIENCE_MS * 1000)
                return -ECANCELED;
        return 0;
}

int control_sleep(Control *c)
{
        struct pollfd p = { .fd = c->epoll, .events = POLLIN };

        (void)!poll(&p, 1, TRANSPORT_TICK_MS);
        return control_tick(c);
}

int control_wait(Control *c, Transport *t)
{
        size_t stray = 0;
        int r;

        c->waiting = true;
        do {
                r = transport_fill(t, CONTROL_ALIVE_MS);
                if (r > 0) {
                        struct iovec have = transport_peek(t);

                        stray += have.iov_len;
                        transport_consume(t, have.iov_len);
                        if (stray > CONTROL_STRAY_MAX)
                                r = -EPROTO;
                }
        } while (r > 0 || r == -ETIMEDOUT);
        c->waiting = false;
        return r == -EINTR ? 0 : r;
}

int control_listen(
        Control *c, int fd, void (*listen)(void *), bool (*ready)(void *), void *userdata)
{
        c->listener = fd;
        c->listen = listen;
        c->ready = ready;
        c->userdata = userdata;
        return watch(c, fd);
}

void control_unlisten(Control *c)
{
        if (c->listener >= 0)
                epoll_ctl(c->epoll, EPOLL_CTL_DEL, c->listener, NULL);
        c->listener = -1;
}

/* ---- speaking ---- */

void control_send(Control *c, const Message *m)
{
        uint64_t deadline = deadline_after_ms(CONTROL_SEND_MS);
        int r = -EAGAIN;

        while (c->socket >= 0) {
                struct pollfd p = { .fd = c->socket, .events = POLLOUT };

                r = message_send(c->socket, m);
                if (r != -EAGAIN || clock_usec() >= deadline)
                        break;
                (void)!poll(&p, 1, TRANSPORT_TICK_MS);
        }
        c->last_sent = clock_usec();
        if (r < 0 && c->socket >= 0)
                daemon_gone(c);
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
        char text[512];
        va_list arguments;
        Message m;

        va_start(arguments, format);
        vsnprintf(text, sizeof(text), format, arguments);
        va_end(arguments);
        message_start(&m, VERB_LOG);
        message_add_u64(&m, "LEVEL", (uint64_t)level);
        message_add(&m, "TEXT", text);
        control_send(c, &m);
}
