/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/message.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>

#include "basic/bytes.h"

/* While a message is built, text holds the wire form: lines separated by '\n', the last without
 * one. After parsing, the same bytes with a zero at the end of each key and value. */

void message_done(Message *m)
{
        for (size_t i = 0; i < m->n_fds; i++)
                fd_close(m->fds[i]);
        m->n_fds = m->n_keys = m->size = 0;
        m->text[0] = 0;
}

static void append(Message *m, const char *data, size_t size)
{
        if (size > MESSAGE_SIZE_MAX - m->size) {
                m->overflow = true;
                return;
        }
        memcpy(m->text + m->size, data, size);
        m->size += size;
        m->text[m->size] = 0;
}

void message_start(Message *m, const char *type)
{
        m->size = m->n_fds = m->n_keys = 0;
        m->overflow = false;
        m->text[0] = 0;
        append(m, type, strlen(type));
}

void message_add(Message *m, const char *key, const char *value)
{
        size_t start;

        append(m, "\n", 1);
        append(m, key, strlen(key));
        append(m, "=", 1);
        start = m->size;
        append(m, value, strlen(value));
        for (size_t i = start; i < m->size; i++)
                if ((unsigned char)m->text[i] < 0x20 || m->text[i] == 0x7f)
                        m->text[i] = ' ';
}

void message_addf(Message *m, const char *key, const char *format, ...)
{
        char value[1024];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(value, sizeof value, format, arguments);
        va_end(arguments);
        message_add(m, key, value);
}

void message_add_u64(Message *m, const char *key, uint64_t value)
{
        message_addf(m, key, "%llu", (unsigned long long)value);
}

void message_add_hex(Message *m, const char *key, const void *data, size_t size)
{
        char value[1025];

        if (2 * size >= sizeof value) {
                m->overflow = true;
                return;
        }
        hex_encode(data, size, value);
        message_add(m, key, value);
}

void message_add_failure(Message *m, const Failure *f)
{
        const char *name = error_to_string(f->id);

        message_add(m, "ERROR", name ? name : error_to_string(ERROR_FAILED));
        message_add(m, "PHASE", f->phase);
        message_addf(m, "STATUS", "0x%x", f->status);
        message_add(m, "TEXT", f->text);
        message_add(m, "HINT", f->hint);
}

void message_add_fd(Message *m, int fd)
{
        if (m->n_fds == MESSAGE_FDS_MAX)
                m->overflow = true;
        else
                m->fds[m->n_fds++] = fd;
}

int message_send(int socket, const Message *m)
{
        union {
                struct cmsghdr align;
                char bytes[CMSG_SPACE(MESSAGE_FDS_MAX * sizeof(int))];
        } control = {};
        struct iovec iov = { .iov_base = (void *)(uintptr_t)m->text, .iov_len = m->size };
        struct msghdr header = { .msg_iov = &iov, .msg_iovlen = 1 };
        ssize_t n;

        if (m->overflow)
                return -EMSGSIZE;
        if (m->n_fds > 0) {
                struct cmsghdr *c;

                header.msg_control = control.bytes;
                header.msg_controllen = CMSG_SPACE(m->n_fds * sizeof(int));
                c = CMSG_FIRSTHDR(&header);
                c->cmsg_level = SOL_SOCKET;
                c->cmsg_type = SCM_RIGHTS;
                c->cmsg_len = CMSG_LEN(m->n_fds * sizeof(int));
                memcpy(CMSG_DATA(c), m->fds, m->n_fds * sizeof(int));
        }
        do
                n = sendmsg(socket, &header, MSG_NOSIGNAL);
        while (n < 0 && errno == EINTR);
        return n < 0 ? -errno : 0;
}

static bool key_valid(const char *key, size_t size)
{
        if (size == 0 || size > MESSAGE_KEY_MAX)
                return false;
        for (size_t i = 0; i < size; i++)
                if (!((key[i] >= 'A' && key[i] <= 'Z') || (key[i] >= '0' && key[i] <= '9') ||
                            key[i] == '_'))
                        return false;
        return true;
}

/* cuts m->text into type, keys and values */
static int parse(Message *m)
{
        char *line = m->text, *end = m->text + m->size;

        m->n_keys = 0;
        for (size_t i = 0; i < m->size; i++)
                if (((unsigned char)m->text[i] < 0x20 && m->text[i] != '\n') || m->text[i] == 0x7f)
                        return -EBADMSG;
        for (bool first = true; line <= end; first = false) {
                char *next = memchr(line, '\n', (size_t)(end - line));
                char *stop = next ? next : end;

                *stop = 0;
                if (first) {
                        if (!key_valid(line, (size_t)(stop - line)))
                                return -EBADMSG;
                } else {
                        char *equals = memchr(line, '=', (size_t)(stop - line));

                        if (!equals || !key_valid(line, (size_t)(equals - line)) ||
                                m->n_keys == MESSAGE_KEYS_MAX)
                                return -EBADMSG;
                        *equals = 0;
                        m->keys[m->n_keys].key = (uint16_t)(line - m->text);
                        m->keys[m->n_keys++].value = (uint16_t)(equals + 1 - m->text);
                }
                line = stop + 1;
        }
        return 0;
}

int message_parse(const void *data, size_t size, Message *ret)
{
        int r;

        ret->n_fds = ret->n_keys = ret->size = 0;
        ret->overflow = false;
        ret->text[0] = 0;
        if (size == 0 || size > MESSAGE_SIZE_MAX)
                return -EBADMSG;
        memcpy(ret->text, data, size);
        ret->text[size] = 0;
        ret->size = size;
        r = parse(ret);
        if (r < 0)
                message_done(ret);
        return r;
}

static void take_descriptors(struct msghdr *header, Message *m)
{
        for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
                size_t n;

                if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
                        continue;
                n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
                for (size_t i = 0; i < n; i++) {
                        int fd;

                        memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
                        if (m->n_fds < MESSAGE_FDS_MAX)
                                m->fds[m->n_fds++] = fd;
                        else
                                fd_close(fd);
                }
        }
}

int message_receive(int socket, int flags, Message *ret)
{
        union {
                struct cmsghdr align;
                char bytes[CMSG_SPACE(MESSAGE_FDS_MAX * sizeof(int))];
        } control;
        struct iovec iov = { .iov_base = ret->text, .iov_len = MESSAGE_SIZE_MAX };
        struct msghdr header = {
                .msg_iov = &iov,
                .msg_iovlen = 1,
                .msg_control = control.bytes,
                .msg_controllen = sizeof control.bytes,
        };
        ssize_t n;

        ret->n_fds = ret->n_keys = ret->size = 0;
        ret->overflow = false;
        /* ECONNRESET is said once about a peer that died with messages of ours unread; its own last
         * words are still there behind it */
        do
                n = recvmsg(socket, &header, flags | MSG_CMSG_CLOEXEC);
        while (n < 0 && (errno == EINTR || errno == ECONNRESET));
        if (n < 0) {
                ret->text[0] = 0;
                return -errno;
        }
        ret->text[n] = 0;
        ret->size = (size_t)n;
        take_descriptors(&header, ret);
        if (n == 0)
                return 0;
        if ((header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) || parse(ret) < 0) {
                message_done(ret);
                return -EBADMSG;
        }
        return 1;
}

bool message_is(const Message *m, const char *type)
{
        return strcmp(m->text, type) == 0;
}

const char *message_get(const Message *m, const char *key)
{
        for (size_t i = 0; i < m->n_keys; i++)
                if (strcmp(m->text + m->keys[i].key, key) == 0)
                        return m->text + m->keys[i].value;
        return NULL;
}

const char *message_text(const Message *m, const char *key)
{
        const char *value = message_get(m, key);

        return value ? value : "";
}

int message_get_u64(const Message *m, const char *key, uint64_t max, uint64_t *ret)
{
        const char *value = message_get(m, key);
        unsigned long long number;
        char *end;

        if (!value)
                return -ENOENT;
        /* strtoull alone would take blanks and signs */
        if (value[0] < '0' || value[0] > '9')
                return -EBADMSG;
        errno = 0;
        number = strtoull(value, &end, value[0] == '0' && value[1] == 'x' ? 16 : 10);
        if (errno > 0 || *end || number > max)
                return -EBADMSG;
        *ret = number;
        return 0;
}

ssize_t message_get_hex_max(const Message *m, const char *key, void *data, size_t max)
{
        const char *value = message_get(m, key);
        size_t digits;

        if (!value)
                return -ENOENT;
        digits = strlen(value);
        if (digits % 2 || digits / 2 > max || hex_decode(value, data, digits / 2) < 0)
                return -EBADMSG;
        return (ssize_t)(digits / 2);
}

int message_get_hex(const Message *m, const char *key, void *data, size_t size)
{
        ssize_t n = message_get_hex_max(m, key, data, size);

        if (n < 0)
                return (int)n;
        return (size_t)n == size ? 0 : -EBADMSG;
}

void message_get_failure(const Message *m, Failure *ret)
{
        uint64_t status = 0;

        *ret = (Failure){};
        failure_set(
                ret, 0, error_from_string(message_text(m, "ERROR")), "%s", message_text(m, "TEXT"));
        failure_phase(ret, message_text(m, "PHASE"));
        failure_hint(ret, "%s", message_text(m, "HINT"));
        if (message_get_u64(m, "STATUS", UINT32_MAX, &status) == 0)
                failure_status(ret, (uint32_t)status);
}

int message_take_fd(Message *m, size_t i)
{
        return i < m->n_fds ? TAKE_FD(m->fds[i]) : -1;
}
