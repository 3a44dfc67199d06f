/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Messages between the daemon and its helpers.
 *
 * One message is one datagram of a SOCK_SEQPACKET pair: its type on the first line, then
 * "KEY=value" lines, in the manner of sd_notify(3); descriptors travel beside it. wire/verbs.h
 * names the types and keys. Keys are upper case ASCII, digits and '_'; values are bytes without
 * control characters (the sender escapes nothing: '\n' and other control characters become a
 * space). Unknown keys are ignored by the receiver; of a repeated key the first counts.
 *
 * A Message is either being built (message_start, then message_add) or was received. It is a plain
 * struct with its bytes inside and owns received descriptors until message_take_fd. */

#include "basic/failure.h"

enum {
        MESSAGE_SIZE_MAX = 16 * 1024,
        MESSAGE_KEYS_MAX = 64,
        MESSAGE_FDS_MAX = 4,
        MESSAGE_KEY_MAX = 32,
};

typedef struct Message {
        size_t size;
        bool overflow; /* something did not fit while it was built */
        size_t n_fds;
        int fds[MESSAGE_FDS_MAX];
        size_t n_keys;
        struct {
                uint16_t key, value; /* offsets in text, both zero-terminated there */
        } keys[MESSAGE_KEYS_MAX];
        char text[MESSAGE_SIZE_MAX + 1];
} Message;

/* Closes descriptors that were not taken; leaves an empty message. */
void message_done(Message *m);
#define _cleanup_message_ _cleanup_(message_done)

/* Begins a new one; what m held is forgotten, not closed. */
void message_start(Message *m, const char *type);
/* What does not fit marks the message, and message_send refuses it. The value of message_addf is cut
 * at 1023 bytes, that of message_add_hex is at most 512. */
void message_add(Message *m, const char *key, const char *value);
void message_addf(Message *m, const char *key, const char *format, ...) _printf_(3, 4);
void message_add_u64(Message *m, const char *key, uint64_t value);
/* lower-case hexadecimal */
void message_add_hex(Message *m, const char *key, const void *data, size_t size);
/* ERROR, PHASE, STATUS, TEXT, HINT; message_get_failure() reads them. */
void message_add_failure(Message *m, const Failure *f);
/* The descriptor stays the caller's; it is duplicated by the kernel when the message is sent. */
void message_add_fd(Message *m, int fd);

/* 0; -EMSGSIZE when it overflowed; -EPIPE or -ECONNRESET when the other side is gone; -EAGAIN when
 * the socket does not block and is full. The message can be sent again. Never raises SIGPIPE. */
int message_send(int socket, const Message *m);

/* Takes one datagram and checks it whole. 1 got one, 0 the other side closed, -EAGAIN none there,
 * -EBADMSG for a malformed one (it is consumed). `flags` are those of recvmsg(2). */
int message_receive(int socket, int flags, Message *ret);
/* The parser alone, for tests and fuzzing; no descriptors. 0 or -EBADMSG. */
int message_parse(const void *data, size_t size, Message *ret);

static inline const char *message_type(const Message *m)
{
        return m->text;
}
bool message_is(const Message *m, const char *type);
/* The value, or NULL; borrowed until message_done. */
const char *message_get(const Message *m, const char *key);
/* The value, or "" */
const char *message_text(const Message *m, const char *key);
/* Decimal or 0x…: 0 and the value, -ENOENT when missing, -EBADMSG when no number or above max. */
int message_get_u64(const Message *m, const char *key, uint64_t max, uint64_t *ret);
/* Exactly size bytes of hexadecimal: 0, -ENOENT, -EBADMSG. */
int message_get_hex(const Message *m, const char *key, void *data, size_t size);
/* Any number of bytes up to max; the count is returned, or -ENOENT, -EBADMSG. */
ssize_t message_get_hex_max(const Message *m, const char *key, void *data, size_t max);
void message_get_failure(const Message *m, Failure *ret);
/* Gives descriptor i to the caller, or -1 when there is none. */
int message_take_fd(Message *m, size_t i);
