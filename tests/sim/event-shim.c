/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The part of fd-shim.so for the process that simulates the bus: its uevents reach the programs that
 * listen as a kernel's do.
 *
 * umockdev passes each event to a socket of every listener, and gives its own process up when one
 * does not take it: because the program has just ended, or because it had no time yet to read those
 * before (net.unix.max_dgram_qlen, which is ten by default). A kernel does not care for the first,
 * and has room for thousands. */

#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "event-shim.h"

/* for a listener that does not read, and whose event is lost then */
enum { PATIENCE_MS = 60 * 1000 };

/* Sockets of listeners lie in the testbed and have a number in their names. */
static bool is_listener(const void *address, socklen_t size)
{
        const struct sockaddr_un *a = address;
        const char *root = getenv("UMOCKDEV_DIR");
        size_t n = root ? strlen(root) : 0;

        return root && a && size > sizeof(a->sun_family) && a->sun_family == AF_UNIX &&
                n + strlen("/event") < sizeof(a->sun_path) && strncmp(a->sun_path, root, n) == 0 &&
                strncmp(a->sun_path + n, "/event", strlen("/event")) == 0;
}

static bool is_gone(int error)
{
        return error == ENOENT || error == ECONNREFUSED || error == ECONNRESET || error == ENOTCONN;
}

/* A listener that has ended: umockdev would remove its socket, which by now may be the next one's. */
int connect(int fd, const struct sockaddr *address, socklen_t size)
{
        int (*next)(int, const struct sockaddr *, socklen_t) = dlsym(RTLD_NEXT, "connect");
        int r = next(fd, address, size);

        return r < 0 && is_gone(errno) && is_listener(address, size) ? 0 : r;
}

bool event_shim_is_event(const struct msghdr *m)
{
        return is_listener(m->msg_name, sizeof(struct sockaddr_un));
}

ssize_t event_shim_send(SendMessage *next, int fd, const struct msghdr *m, int flags)
{
        struct pollfd p = { fd, POLLOUT, 0 };
        ssize_t size = 0;

        for (size_t i = 0; i < m->msg_iovlen; i++)
                size += (ssize_t)m->msg_iov[i].iov_len;
        for (;;) {
                ssize_t r = next(fd, m, flags);

                if (r >= 0)
                        return r;
                if (is_gone(errno))
                        return size; /* nobody is there to hear it */
                if (errno != EAGAIN && errno != EINTR)
                        return r;
                if (errno == EAGAIN && poll(&p, 1, PATIENCE_MS) == 0) {
                        fprintf(stderr, "usb bus: a listener does not read: an event is lost\n");
                        return size;
                }
        }
}
