/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The other side of a conversation, for protocol tests: a Transport without a wire.
 *
 * What the host writes goes to `hear`, one call a transfer; what the peer says lies in the FIFO in
 * packets of the wanted size. Time does not pass: when the peer has nothing to say, a wait ends as
 * if its time were over. Most tests are scripts, one line a step:
 *
 *   > a0          the host must send exactly this transfer
 *   > *16         … one of 16 bytes, whatever they are
 *   < 5f          then the peer says this; several lines may follow each other
 *   < *16 00      16 times 00
 *   ! gone        the phone is unplugged
 */

#include <errno.h>
#include <string.h>

#include "basic/bytes.h"
#include "test.h"
#include "transport/transport.h"

typedef struct Peer Peer;
struct Peer {
        Transport transport; /* first */
        void (*hear)(Peer *p, const uint8_t *data, size_t size);
        size_t packet; /* bytes a peek shows at most; 0: as it was said */
        uint8_t *fifo;
        size_t head, tail, capacity;
        size_t borders[8192], n_borders, next_border; /* where what was said ended */
        bool gone;                                    /* -ENODEV once the FIFO is empty */
        int fault;                                    /* instead of a time-out */
        size_t hang_up; /* gone after so many bytes were read; 0 never */
        size_t n_read;
        const char *script; /* what is left of it */
        unsigned line;
        const char *problem;  /* the script was left; a test that wants more than this sets it */
        unsigned timeout_max; /* longest wait the host asked for, ms */
        void *model;
};

static inline void peer_say(Peer *p, const void *data, size_t size)
{
        if (p->tail + size > p->capacity) {
                p->capacity = (p->tail + size) * 2;
                p->fifo = realloc(p->fifo, p->capacity);
                assert_non_null(p->fifo);
        }
        if (size > 0)
                memcpy(p->fifo + p->tail, data, size);
        p->tail += size;
        if (p->n_borders < ELEMENTS(p->borders))
                p->borders[p->n_borders++] = p->tail;
}

static inline size_t script_hex(const char *text, uint8_t *out, size_t max)
{
        size_t n = 0;
        unsigned v;
        int used;

        while (sscanf(text, " %2x%n", &v, &used) == 1) {
                assert_true(n < max);
                out[n++] = (uint8_t)v;
                text += used;
        }
        return n;
}

/* Plays what the peer says from here to the next line of the host. */
static inline void script_talk(Peer *p)
{
        uint8_t data[512];
        size_t times;
        int used;

        while (p->script && *p->script) {
                const char *line = p->script + strspn(p->script, " ");
                const char *end = strchrnul(line, '\n');
                char text[1600];

                if (*line == '>')
                        return;
                p->script = *end ? end + 1 : end;
                p->line++;
                snprintf(text, sizeof(text), "%.*s", (int)(end - line), line);
                if (*line == '!') {
                        p->gone = true;
                } else if (*line == '<' && sscanf(text + 1, " *%zu%n", &times, &used) == 1) {
                        uint8_t *run = malloc(times);

                        script_hex(text + 1 + used, data, 1);
                        assert_non_null(run);
                        memset(run, data[0], times);
                        peer_say(p, run, times);
                        free(run);
                } else if (*line == '<') {
                        peer_say(p, data, script_hex(text + 1, data, sizeof(data)));
                }
        }
}

static inline void script_hear(Peer *p, const uint8_t *data, size_t size)
{
        const char *line = p->script ? p->script + strspn(p->script, " ") : "";
        const char *end = strchrnul(line, '\n');
        uint8_t expected[512];
        char text[1600];
        size_t any;

        if (*line != '>') {
                p->problem = "the host says more than the script knows";
                return;
        }
        snprintf(text, sizeof(text), "%.*s", (int)(end - line), line);
        p->script = *end ? end + 1 : end;
        p->line++;
        if (sscanf(text + 1, " *%zu", &any) == 1) {
                if (any != size)
                        p->problem = "a transfer of another length";
        } else if (script_hex(text + 1, expected, sizeof(expected)) != size ||
                memcmp(expected, data, size) != 0) {
                p->problem = "another transfer than the script's";
        }
        if (p->problem) {
                print_message("line %u: script says \"%s\", host", p->line, text);
                for (size_t i = 0; i < MIN(size, 32U); i++)
                        print_message(" %02x", data[i]);
                print_message(" (%zu)\n", size);
                return;
        }
        script_talk(p);
}

static inline int peer_write(
        Transport *t, const struct iovec *pieces, size_t n, unsigned timeout_ms)
{
        Peer *p = (Peer *)t;

        if (p->gone)
                return -ENODEV;
        for (size_t i = 0; i < n; i++)
                p->hear(p, pieces[i].iov_base, pieces[i].iov_len);
        return 0;
}

static inline int peer_fill(Transport *t, unsigned timeout_ms)
{
        Peer *p = (Peer *)t;
        int r;

        p->timeout_max = MAX(p->timeout_max, timeout_ms);
        if (t->tick) {
                r = t->tick(t->userdata);
                if (r < 0)
                        return r;
        }
        if (p->hang_up && p->n_read >= p->hang_up)
                p->gone = true;
        if (p->head < p->tail && !(p->hang_up && p->gone))
                return 1;
        if (p->gone)
                return -ENODEV;
        return p->fault ? p->fault : -ETIMEDOUT;
}

static inline struct iovec peer_peek(Transport *t)
{
        Peer *p = (Peer *)t;
        size_t n = p->tail - p->head;

        if (p->hang_up)
                n = MIN(n, p->hang_up - MIN(p->n_read, p->hang_up));
        while (p->next_border < p->n_borders && p->borders[p->next_border] <= p->head)
                p->next_border++;
        if (p->packet)
                n = MIN(n, p->packet);
        else if (p->next_border < p->n_borders)
                n = MIN(n, p->borders[p->next_border] - p->head);
        return (struct iovec){ .iov_base = p->fifo + p->head, .iov_len = n };
}

static inline void peer_consume(Transport *t, size_t size)
{
        Peer *p = (Peer *)t;

        assert_true(size <= p->tail - p->head);
        p->head += size;
        p->n_read += size;
        if (p->head == p->tail)
                p->head = p->tail = p->n_borders = p->next_border = 0;
}

static inline Transport *peer_free(Transport *t)
{
        Peer *p = (Peer *)t;

        free(p->fifo);
        return NULL;
}

static inline Transport *peer_init(Peer *p, void (*hear)(Peer *p, const uint8_t *data, size_t size))
{
        static const TransportOps ops = { .write = peer_write,
                .fill = peer_fill,
                .peek = peer_peek,
                .consume = peer_consume,
                .free = peer_free };

        memset(p, 0, sizeof(*p));
        p->fifo = malloc(p->capacity = 4096);
        assert_non_null(p->fifo);
        transport_init(&p->transport, &ops);
        p->hear = hear;
        return &p->transport;
}

static inline Transport *peer_script(Peer *p, const char *script)
{
        Transport *t = peer_init(p, script_hear);

        p->script = script;
        script_talk(p);
        return t;
}

/* The conversation is over: everything of the script was said and heard. */
static inline void peer_done(Peer *p)
{
        if (p->problem)
                fail_msg("line %u: %s", p->line, p->problem);
        if (p->script && *p->script)
                fail_msg("the conversation ended before line %u: %.60s", p->line + 1, p->script);
        if (p->head != p->tail)
                fail_msg("%zu bytes were not read", p->tail - p->head);
        peer_free(&p->transport);
}
