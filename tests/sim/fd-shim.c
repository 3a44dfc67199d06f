/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A preload for tests: descriptors of simulated usbfs nodes, however a process came by them.
 *
 * The daemon opens a node by path, a worker gets the descriptor at its start or later in a message.
 * What both hold is a FIFO. This preload gives every such descriptor a connection to the bus (the
 * process that simulates the devices) and turns ioctl and read calls into questions on it, see
 * usb-wire.h. poll(2) is left alone: the FIFO is writable exactly when something can be reaped.
 *
 *   opened     connected at the first use
 *   inherited  connected before main(), so before any cage
 *   sent       a connected socket goes along behind each node in an SCM_RIGHTS message
 *   received   that socket is taken out again: nothing has to be opened in a caged process
 *
 * Seeking to the start is pretended, since a FIFO cannot. It stands before umockdev in LD_PRELOAD,
 * in every process that holds a node. Private sockets lie at PRIVATE and above. */

#undef _FILE_OFFSET_BITS /* the plain and the 64-bit names are both defined here */
#undef _FORTIFY_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/usbdevice_fs.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "event-shim.h"
#include "usb-wire.h"

enum { DESCRIPTORS = 1024, PRIVATE = 600, NODES_IN_MESSAGE = 8, RIGHTS_MAX = 253 };

typedef enum Kind { UNKNOWN, PLAIN, ADOPTED } Kind;

typedef struct Entry {
        Kind kind;
        int socket;
        dev_t dev; /* which file the kind was found for */
        ino_t ino;
        pthread_mutex_t lock;
} Entry;

static Entry entries[DESCRIPTORS];
static const char nodes[] = "/dev/bus/usb/";

/* the same function further on: umockdev's or the C library's */
#define NEXT(name) ((typeof(&name))next_symbol(#name))
static void *next_symbol(const char *name)
{
        void *p = dlsym(RTLD_NEXT, name);
        if (!p)
                abort();
        return p;
}

static const char *testbed(void)
{
        return getenv("UMOCKDEV_DIR");
}

/* past umockdev, which changes what stat says */
static bool plain_stat(int fd, struct stat *ret)
{
        return syscall(SYS_newfstatat, fd, "", ret, AT_EMPTY_PATH) == 0;
}

static bool may_be_node(const struct stat *st)
{
        return S_ISFIFO(st->st_mode);
}

/* The node's name as programs know it, or NULL. */
static const char *node_name(int fd, char *buffer, size_t size)
{
        const char *root = testbed();
        char link[64];
        if (!root)
                return NULL;
        snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
        ssize_t n = syscall(SYS_readlinkat, AT_FDCWD, link, buffer, size - 1);
        if (n < 0)
                return NULL;
        buffer[n] = 0;
        size_t skip = strlen(root);
        if (strncmp(buffer, root, skip) != 0 || strncmp(buffer + skip, nodes, strlen(nodes)) != 0)
                return NULL;
        return buffer + skip;
}

static int connect_bus(const char *node)
{
        struct sockaddr_un a = { .sun_family = AF_UNIX };
        char name[USB_WIRE_NAME] = "";
        int size = 4 * 1024 * 1024;
        int n = snprintf(a.sun_path, sizeof(a.sun_path), "%s/" USB_WIRE_SOCKET, testbed());
        if (n < 0 || (size_t)n >= sizeof(a.sun_path) || strlen(node) >= sizeof(name))
                return -1;
        strcpy(name, node);
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return -1;
        if (connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0 ||
                send(fd, name, sizeof(name), MSG_NOSIGNAL) != sizeof(name)) {
                NEXT(close)(fd);
                return -1;
        }
        if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) < 0)
                setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
        return fd;
}

static void adopt(int fd, int server, const struct stat *st)
{
        int high = fcntl(server, F_DUPFD_CLOEXEC, PRIVATE);
        if (high >= 0) {
                NEXT(close)(server);
                server = high;
        }
        Entry *e = &entries[fd];
        e->socket = server;
        e->dev = st->st_dev;
        e->ino = st->st_ino;
        e->kind = ADOPTED;
}

static void forget(int fd)
{
        if (fd < 0 || fd >= DESCRIPTORS)
                return;
        if (entries[fd].kind == ADOPTED)
                NEXT(close)(entries[fd].socket);
        entries[fd].kind = UNKNOWN;
}

/* What a descriptor is; a node that nobody knows yet is connected now. */
static Kind kind_of(int fd)
{
        struct stat st;
        char buffer[4200];
        int before = errno;
        Kind kind = PLAIN;
        if (fd < 0 || fd >= DESCRIPTORS || !testbed())
                return PLAIN;
        if (plain_stat(fd, &st) && may_be_node(&st)) {
                Entry *e = &entries[fd];
                if (e->kind != UNKNOWN && (e->dev != st.st_dev || e->ino != st.st_ino))
                        forget(fd);
                if (e->kind == UNKNOWN) {
                        const char *node = node_name(fd, buffer, sizeof(buffer));
                        int server = node ? connect_bus(node) : -1;
                        if (server >= 0)
                                adopt(fd, server, &st);
                        else
                                *e = (Entry){ .kind = PLAIN,
                                        .dev = st.st_dev,
                                        .ino = st.st_ino,
                                        .lock = PTHREAD_MUTEX_INITIALIZER };
                }
                kind = e->kind;
        }
        errno = before;
        return kind;
}

__attribute__((constructor)) static void adopt_inherited(void)
{
        for (int i = 0; i < DESCRIPTORS; i++)
                pthread_mutex_init(&entries[i].lock, NULL);
        for (int i = 0; testbed() && i < PRIVATE; i++)
                kind_of(i);
}

/* ---- questions to the bus ---- */

static bool send_parts(int fd, struct iovec *parts, size_t n)
{
        for (;;) {
                struct msghdr m = { .msg_iov = parts, .msg_iovlen = n };
                ssize_t k = NEXT(sendmsg)(fd, &m, MSG_NOSIGNAL);
                if (k <= 0)
                        return false;
                while (n && (size_t)k >= parts->iov_len) {
                        k -= (ssize_t)parts->iov_len;
                        parts++;
                        n--;
                }
                if (!n)
                        return true;
                parts->iov_base = (char *)parts->iov_base + k;
                parts->iov_len -= (size_t)k;
        }
}

static bool receive(int fd, void *data, size_t size)
{
        char *p = data;
        while (size) {
                ssize_t n = recv(fd, p, size, MSG_WAITALL);
                if (n <= 0)
                        return false;
                p += n;
                size -= (size_t)n;
        }
        return true;
}

/* Asks and takes the answer; `back` gets what comes with it, unless that belongs to a request. */
static bool converse(int server, struct iovec *parts, size_t n, UsbSaid *said, void *back)
{
        if (!send_parts(server, parts, n) || !receive(server, said, sizeof(*said)))
                return false;
        struct usbdevfs_urb *urb = (struct usbdevfs_urb *)said->urb;
        if (urb) {
                urb->status = said->status;
                urb->actual_length = said->actual;
                back = (char *)urb->buffer + said->offset;
        }
        return receive(server, back, said->size);
}

static long ask(int fd, UsbAsk *a, const void *first, size_t n_first, const void *second,
        size_t n_second, void *back)
{
        Entry *e = &entries[fd];
        struct iovec parts[] = { { a, sizeof(*a) }, { (void *)(uintptr_t)first, n_first },
                { (void *)(uintptr_t)second, n_second } };
        UsbSaid said = {};
        sigset_t all, before;
        a->size = (uint32_t)(n_first + n_second);
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        pthread_mutex_lock(&e->lock);
        /* a bus that is gone: as after an unplug */
        if (!converse(e->socket, parts, 3, &said, back))
                said = (UsbSaid){ .value = -1, .error = ENODEV };
        pthread_mutex_unlock(&e->lock);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        if (said.urb)
                *(void **)back = (void *)said.urb;
        if (said.value == -1)
                errno = said.error;
        return said.value;
}

static int usb_ioctl(int fd, unsigned long request, void *argument)
{
        size_t size = request >> _IOC_SIZESHIFT & ((1 << _IOC_SIZEBITS) - 1);
        UsbAsk a = { .what = USB_ASK_IOCTL, .request = request, .argument = (uintptr_t)argument };
        const struct usbdevfs_urb *urb = argument;
        bool out;
        switch (request) {
        case USBDEVFS_SUBMITURB:
                out = urb->type == USBDEVFS_URB_TYPE_CONTROL || !(urb->endpoint & 0x80);
                return (int)ask(fd, &a, urb, sizeof(*urb), urb->buffer,
                        out ? (size_t)urb->buffer_length : 0, argument);
        case USBDEVFS_DISCARDURB:
        case USBDEVFS_REAPURB:
        case USBDEVFS_REAPURBNDELAY: return (int)ask(fd, &a, NULL, 0, NULL, 0, argument);
        default: return (int)ask(fd, &a, argument, size, NULL, 0, argument);
        }
}

/* ---- opening ---- */

/* A node without any right is one that no rule granted: root, who may open everything, is told so
 * as well. */
static bool may_open(const char *path)
{
        char real[4200];
        struct stat st;
        const char *root = testbed();
        if (!root || strncmp(path, nodes, strlen(nodes)) != 0)
                return true;
        snprintf(real, sizeof(real), "%s%s", root, path);
        if (syscall(SYS_newfstatat, AT_FDCWD, real, &st, 0) < 0 || (st.st_mode & 0777) != 0)
                return true;
        errno = EACCES;
        return false;
}

static mode_t mode_of(int flags, va_list ap)
{
        return flags & (O_CREAT | __O_TMPFILE) ? va_arg(ap, mode_t) : 0;
}

int open(const char *path, int flags, ...)
{
        va_list ap;
        va_start(ap, flags);
        mode_t mode = mode_of(flags, ap);
        va_end(ap);
        return may_open(path) ? NEXT(open)(path, flags, mode) : -1;
}

int open64(const char *path, int flags, ...)
{
        va_list ap;
        va_start(ap, flags);
        mode_t mode = mode_of(flags, ap);
        va_end(ap);
        return may_open(path) ? NEXT(open64)(path, flags, mode) : -1;
}

/* ---- calls on descriptors ---- */

int ioctl(int fd, unsigned long request, ...)
{
        va_list ap;
        va_start(ap, request);
        void *argument = va_arg(ap, void *);
        va_end(ap);
        if (kind_of(fd) == ADOPTED)
                return usb_ioctl(fd, (unsigned)request, argument);
        return NEXT(ioctl)(fd, request, argument);
}

ssize_t read(int fd, void *data, size_t size)
{
        UsbAsk a = { .what = USB_ASK_READ, .argument = size };
        if (kind_of(fd) == ADOPTED)
                return ask(fd, &a, NULL, 0, NULL, 0, data);
        return NEXT(read)(fd, data, size);
}

off_t lseek(int fd, off_t offset, int whence)
{
        off_t r = NEXT(lseek)(fd, offset, whence);
        if (r == -1 && errno == ESPIPE && !offset && whence == SEEK_SET && kind_of(fd) == ADOPTED) {
                errno = 0;
                r = 0;
        }
        return r;
}

off64_t lseek64(int fd, off64_t offset, int whence)
{
        return lseek(fd, offset, whence);
}

int close(int fd)
{
        forget(fd);
        return NEXT(close)(fd);
}

int dup2(int from, int to)
{
        if (from != to)
                forget(to);
        return NEXT(dup2)(from, to);
}

int dup3(int from, int to, int flags)
{
        if (from != to)
                forget(to);
        return NEXT(dup3)(from, to, flags);
}

/* ---- descriptors in messages ---- */

static bool only_rights(const struct msghdr *m)
{
        struct cmsghdr *c = m->msg_controllen ? CMSG_FIRSTHDR(m) : NULL;
        struct msghdr copy = *m;
        return c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
                !CMSG_NXTHDR(&copy, c);
}

ssize_t sendmsg(int fd, const struct msghdr *m, int flags)
{
        int in[RIGHTS_MAX], out[RIGHTS_MAX + NODES_IN_MESSAGE], sockets[NODES_IN_MESSAGE];
        union {
                char bytes[CMSG_SPACE(sizeof(out))];
                struct cmsghdr align;
        } control = {};
        size_t n, n_out = 0, n_sockets = 0;
        char buffer[4200];
        if (event_shim_is_event(m))
                return event_shim_send(NEXT(sendmsg), fd, m, flags);
        if (!testbed() || !only_rights(m))
                return NEXT(sendmsg)(fd, m, flags);
        struct cmsghdr *c = CMSG_FIRSTHDR(m);
        n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        if (n > RIGHTS_MAX)
                return NEXT(sendmsg)(fd, m, flags);
        memcpy(in, CMSG_DATA(c), n * sizeof(int));
        for (size_t i = 0; i < n; i++) {
                out[n_out++] = in[i];
                const char *node = n_sockets < NODES_IN_MESSAGE
                        ? node_name(in[i], buffer, sizeof(buffer))
                        : NULL;
                int server = node ? connect_bus(node) : -1;
                if (server >= 0)
                        out[n_out++] = sockets[n_sockets++] = server;
        }
        struct msghdr longer = *m;
        longer.msg_control = control.bytes;
        longer.msg_controllen = CMSG_SPACE(n_out * sizeof(int));
        struct cmsghdr *d = CMSG_FIRSTHDR(&longer);
        d->cmsg_level = SOL_SOCKET;
        d->cmsg_type = SCM_RIGHTS;
        d->cmsg_len = CMSG_LEN(n_out * sizeof(int));
        memcpy(CMSG_DATA(d), out, n_out * sizeof(int));
        ssize_t r = NEXT(sendmsg)(fd, &longer, flags);
        int before = errno;
        while (n_sockets)
                NEXT(close)(sockets[--n_sockets]);
        errno = before;
        return r;
}

/* Takes the sockets out of a block of received descriptors; how many are left. */
static size_t take_sockets(int *fds, size_t n)
{
        size_t kept = 0;
        for (size_t i = 0; i < n; i++) {
                int fd = fds[i];
                struct stat a, b;
                forget(fd);
                if (i + 1 < n && fd < DESCRIPTORS && plain_stat(fd, &a) && may_be_node(&a) &&
                        plain_stat(fds[i + 1], &b) && S_ISSOCK(b.st_mode))
                        adopt(fd, fds[++i], &a);
                fds[kept++] = fd;
        }
        return kept;
}

ssize_t recvmsg(int fd, struct msghdr *m, int flags)
{
        if (!m->msg_controllen || !testbed())
                return NEXT(recvmsg)(fd, m, flags);
        size_t room = m->msg_controllen, used = 0;
        size_t longer = room + CMSG_SPACE(NODES_IN_MESSAGE * sizeof(int));
        char *user = m->msg_control, *control = calloc(1, longer);
        if (!control) {
                errno = ENOMEM;
                return -1;
        }
        m->msg_control = control;
        m->msg_controllen = longer;
        ssize_t r = NEXT(recvmsg)(fd, m, flags);
        int before = errno;
        for (struct cmsghdr *c = r >= 0 ? CMSG_FIRSTHDR(m) : NULL; c; c = CMSG_NXTHDR(m, c)) {
                size_t size = c->cmsg_len;
                if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS) {
                        int *fds = (int *)CMSG_DATA(c);
                        size_t n = take_sockets(fds, (size - CMSG_LEN(0)) / sizeof(int));
                        size_t most = room > used + CMSG_LEN(0)
                                ? (room - used - CMSG_LEN(0)) / sizeof(int)
                                : 0;
                        while (n > most) { /* the caller's buffer decides */
                                close(fds[--n]);
                                m->msg_flags |= MSG_CTRUNC;
                        }
                        if (!n)
                                continue;
                        size = CMSG_LEN(n * sizeof(int));
                } else if (used + size > room) {
                        m->msg_flags |= MSG_CTRUNC;
                        continue;
                }
                memcpy(user + used, c, size);
                ((struct cmsghdr *)(void *)(user + used))->cmsg_len = size;
                used += CMSG_ALIGN(size);
                if (used > room)
                        used = room;
        }
        free(control);
        m->msg_control = user;
        m->msg_controllen = r < 0 ? room : used;
        errno = before;
        return r;
}
