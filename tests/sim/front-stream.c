/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "front-stream.h"

#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>

const uint8_t stream_zlp[8] = { 0x00, 'Z', 'L', 'P', 0xff, 'Z', 'L', 'P' };

enum { BATCH = 256, BATCH_BYTES = 128 * 1024 };

/* one connection */
typedef struct Line {
        StreamFront *front;
        int fd;
        /* packets that wait for room in the socket */
        uint8_t out[BATCH_BYTES];
        struct iovec packets[BATCH];
        size_t n_out, sent_out;
        bool hung_up; /* the host has closed */
        /* a message that waits for the device */
        uint8_t in[FRONT_MESSAGE_MAX];
        size_t in_size, in_pos;
        bool in_full;
} Line;

uint64_t stream_now(void)
{
        struct timespec t;
        clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

int stream_listen(const char *path)
{
        struct sockaddr_un a = { .sun_family = AF_UNIX };
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        struct stat st;
        if (fd < 0)
                return -errno;
        /* it appears under its name when it listens: who waits for it may connect at once */
        if ((size_t)snprintf(a.sun_path, sizeof(a.sun_path), "%s~", path) >= sizeof(a.sun_path))
                return -ENAMETOOLONG;
        if (lstat(path, &st) == 0 && !S_ISSOCK(st.st_mode))
                return -EADDRINUSE;
        unlink(a.sun_path);
        if (bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(fd, 8) < 0 ||
                rename(a.sun_path, path) < 0)
                return -errno;
        return TAKE_FD(fd);
}

static void add_packet(Line *l, const void *data, size_t size)
{
        l->packets[l->n_out++] = (struct iovec){ (void *)(uintptr_t)data, size };
}

/* Fills the batch from the model. 0, or the error that ends the connection. */
static int collect(Line *l)
{
        Model *m = l->front->model;
        size_t max = model_usb(m)->max_packet, used = 0;
        l->n_out = l->sent_out = 0;
        while (l->n_out < BATCH && used < BATCH_BYTES) {
                size_t room = MIN((BATCH - l->n_out) * max, BATCH_BYTES - used);
                bool end;
                ssize_t n = model_in(m, l->out + used, room, &end);
                if (n == -EAGAIN || (n == -EOVERFLOW && l->n_out))
                        break;
                if (n == -EPIPE || n == -EPROTO || n == -EOVERFLOW) {
                        /* no status exists on this line: the packet is lost */
                        model_clear_halt(m);
                        continue;
                }
                if (n < 0)
                        return (int)n;
                if (n == 0 && end)
                        add_packet(l, stream_zlp, sizeof(stream_zlp));
                for (size_t pos = 0; pos < (size_t)n; pos += max)
                        add_packet(l, l->out + used + pos, MIN(max, (size_t)n - pos));
                used += (size_t)n;
        }
        return 0;
}

/* Sends until the socket is full or nothing is left. True: wants POLLOUT. */
static bool push(Line *l)
{
        while (model_attached(l->front->model)) {
                struct mmsghdr messages[BATCH];
                int n = 0;
                if (l->sent_out == l->n_out && (collect(l) < 0 || !l->n_out))
                        return false;
                for (size_t i = l->sent_out; i < l->n_out; i++, n++)
                        messages[n] = (struct mmsghdr){ .msg_hdr = { .msg_iov = &l->packets[i],
                                                                .msg_iovlen = 1 } };
                n = sendmmsg(l->fd, messages, (unsigned)n, MSG_NOSIGNAL | MSG_DONTWAIT);
                if (n < 0 && errno == EAGAIN)
                        return true;
                if (n < 0) {
                        l->hung_up = errno == EPIPE || errno == ECONNRESET;
                        return false;
                }
                l->sent_out += (size_t)n;
        }
        return false;
}

static bool in_flight(int fd)
{
        int unread = 0;
        return ioctl(fd, SIOCOUTQ, &unread) == 0 && unread > 0;
}

/* Gives the device what it takes of the pending message. */
static void offer(Line *l)
{
        while (l->in_full) {
                bool zlp = l->in_size == sizeof(stream_zlp) &&
                        !memcmp(l->in, stream_zlp, sizeof(stream_zlp));
                size_t taken;
                model_set_in_flight(l->front->model, l->sent_out < l->n_out || in_flight(l->fd));
                int r = model_out(l->front->model, l->in + l->in_pos,
                        zlp ? 0 : l->in_size - l->in_pos, &taken);
                l->in_pos += taken;
                if (r == -EAGAIN)
                        return;
                if (r < 0 || zlp || l->in_pos >= l->in_size)
                        l->in_full = false;
        }
}

static int wait_for(Line *l, bool want_out)
{
        Model *m = l->front->model;
        uint64_t deadline = model_deadline(m), now = stream_now();
        uint64_t us = deadline == MODEL_NEVER ? 60 * 1000 * MODEL_MS
                : deadline > now              ? deadline - now
                                              : 0;
        struct timespec t = { .tv_sec = (time_t)(us / 1000000),
                .tv_nsec = (long)(us % 1000000) * 1000 };
        short events = (short)((l->in_full ? 0 : POLLIN) | (want_out ? POLLOUT : 0));
        struct pollfd p[] = { { l->fd, events, 0 }, { l->front->stop_fd, POLLIN, 0 } };
        if (ppoll(p, ELEMENTS(p), &t, NULL) < 0)
                return errno == EINTR ? 0 : -errno;
        if (p[1].revents)
                return -ECANCELED;
        /* a closed line is only seen by reading when nothing is pending */
        if (p[0].revents & POLLHUP && (l->in_full || !(p[0].revents & POLLIN)))
                l->hung_up = true;
        else if (p[0].revents & POLLIN && !l->in_full) {
                ssize_t n = recv(l->fd, l->in, sizeof(l->in), MSG_DONTWAIT | MSG_TRUNC);
                if (n == 0)
                        l->hung_up = true;
                else if (n > 0) {
                        l->in_size = MIN((size_t)n, sizeof(l->in));
                        l->in_pos = 0;
                        l->in_full = true;
                }
        }
        return 0;
}

static void serve_line(Line *l, bool strict, int *ret)
{
        Model *m = l->front->model;
        *ret = 0;
        while (!*ret) {
                model_run(m, stream_now());
                offer(l);
                bool want_out = push(l);
                if (strict && model_breaches(m)) {
                        *ret = 1;
                        return;
                }
                if (!model_attached(m))
                        return;
                *ret = wait_for(l, want_out);
                if (l->hung_up) {
                        model_run(m, stream_now());
                        offer(l);
                        model_unplug(m);
                        return;
                }
        }
}

/* what the host's kernel and driver do to a device that appears */
static void enumerate(Model *m)
{
        static const uint8_t configuration[8] = { 0x00, 0x09, 1 };
        static const uint8_t coding[8] = { 0x21, 0x20, 0, 0, 1, 0, 7, 0 };
        uint8_t data[7] = { 0x00, 0x10, 0x0e, 0x00, 0x00, 0x00, 0x08 };
        uint64_t when;
        model_control(m, configuration, NULL, 0, &when);
        model_control(m, coding, data, sizeof(data), &when);
}

/* Waits for a connection, with the model's clock running. */
static int next_connection(StreamFront *f, int *ret)
{
        *ret = -1;
        for (;;) {
                model_run(f->model, stream_now());
                uint64_t deadline = model_deadline(f->model), now = stream_now();
                int ms = deadline == MODEL_NEVER ? -1
                        : deadline <= now        ? 0
                                          : (int)MIN((deadline - now) / 1000 + 1, UINT64_C(60000));
                bool away = model_returns(f->model);
                struct pollfd p[] = { { f->stop_fd, POLLIN, 0 }, { f->listen_fd, POLLIN, 0 } };
                if (poll(p, away ? 1 : 2, ms) < 0 && errno != EINTR)
                        return -errno;
                if (p[0].revents)
                        return -ECANCELED;
                if (!away && p[1].revents) {
                        *ret = accept4(f->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
                        if (*ret >= 0)
                                return 0;
                }
        }
}

int stream_serve(StreamFront *f, bool strict)
{
        int r = 0;
        bool used = false; /* it was on before */
        while (!r) {
                _cleanup_free_ Line *l = calloc(1, sizeof(*l));
                if (!l)
                        return -ENOMEM;
                l->front = f;
                r = next_connection(f, &l->fd);
                if (r < 0)
                        break;
                int size = 4 * 1024 * 1024;
                if (setsockopt(l->fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) < 0)
                        setsockopt(l->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
                model_run(f->model, stream_now());
                if (!model_attached(f->model)) {
                        if (used && f->keep)
                                model_replug(f->model);
                        else
                                model_power_on(f->model);
                }
                used = true;
                enumerate(f->model);
                serve_line(l, strict, &r);
                fd_close(l->fd);
                if (!r && f->once && !model_returns(f->model))
                        break;
        }
        return r == -ECANCELED ? 0 : r;
}
