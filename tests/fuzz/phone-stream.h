/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A phone that says whatever the input says. The boot commands that bring an agent to it are answered
 * as a good phone does; what the agent says afterwards comes from the input, in packets whose length
 * the input decides, too. When it is used up the phone is gone. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "basic/bytes.h"
#include "transport/transport.h"

typedef struct PhoneStream {
        Transport transport; /* first */
        Bytes input;
        size_t packet;
        uint8_t loader[64]; /* its answers that were not read yet */
        size_t n_loader;
        uint8_t op;
        unsigned words;
        bool sending, jumped;
        uint64_t budget; /* reads and writes that are left: the host must come to an end */
} PhoneStream;

static inline void stream_answer(PhoneStream *p, const void *data, size_t size)
{
        size = MIN(size, sizeof p->loader - p->n_loader);
        memcpy(p->loader + p->n_loader, data, size);
        p->n_loader += size;
}

/* SEND_DA and JUMP_DA, echo by echo. */
static inline void stream_load(PhoneStream *p, const uint8_t *data, size_t size)
{
        uint16_t sum = 0;
        uint8_t word[2];

        if (p->sending) {
                for (size_t i = 0; i < size; i++)
                        sum = (uint16_t)(sum ^ (i & 1 ? data[i] << 8 : data[i]));
                put_be16(word, sum);
                stream_answer(p, word, 2);
                stream_answer(p, "\0\0", 2);
                p->sending = false;
                p->op = 0;
                return;
        }
        stream_answer(p, data, size);
        if (p->op == 0) {
                p->op = data[0];
                p->words = 0;
                return;
        }
        p->words++;
        if (p->op == 0xd7 && p->words == 3) {
                stream_answer(p, "\0\0", 2);
                p->sending = true;
        } else if ((p->op == 0xd5 && p->words == 1) || (p->op == 0xde && p->words == 2)) {
                stream_answer(p, "\0\0", 2);
                p->jumped = true;
        }
}

static inline int stream_write(
        Transport *t, const struct iovec *pieces, size_t n, unsigned timeout_ms)
{
        PhoneStream *p = (PhoneStream *)t;

        if (p->budget-- == 0)
                abort();
        for (size_t i = 0; i < n && !p->jumped; i++)
                stream_load(p, pieces[i].iov_base, pieces[i].iov_len);
        return 0;
}

static inline int stream_fill(Transport *t, unsigned timeout_ms)
{
        PhoneStream *p = (PhoneStream *)t;

        if (p->budget-- == 0)
                abort();
        if (p->n_loader > 0)
                return 1;
        if (!p->jumped)
                return -ETIMEDOUT;
        return bytes_left(&p->input) > 0 ? 1 : -ENODEV;
}

static inline struct iovec stream_peek(Transport *t)
{
        PhoneStream *p = (PhoneStream *)t;

        if (p->n_loader > 0)
                return (struct iovec){ p->loader, p->n_loader };
        if (!p->jumped)
                return (struct iovec){};
        return (struct iovec){ (uint8_t *)(uintptr_t)p->input.data + p->input.pos,
                MIN(bytes_left(&p->input), p->packet) };
}

static inline void stream_consume(Transport *t, size_t size)
{
        PhoneStream *p = (PhoneStream *)t;

        if (p->n_loader > 0) {
                memmove(p->loader, p->loader + size, p->n_loader - size);
                p->n_loader -= size;
        } else
                bytes_skip(&p->input, size);
}

static inline Transport *stream_free(Transport *t)
{
        return NULL;
}

static inline Transport *stream_init(
        PhoneStream *p, const uint8_t *data, size_t size, size_t packet)
{
        static const TransportOps ops = { .write = stream_write,
                .fill = stream_fill,
                .peek = stream_peek,
                .consume = stream_consume,
                .free = stream_free };

        *p = (PhoneStream){ .input = bytes_make(data, size), .packet = packet ?: 1 };
        p->budget = 100000 + 64 * size;
        transport_init(&p->transport, &ops);
        return &p->transport;
}
