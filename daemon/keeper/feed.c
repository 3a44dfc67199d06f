/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/keeper/feed.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

int feed_open(Feed *feed, int socket, int ring, Control *control, Failure *f)
{
        int r;

        *feed = (Feed){ .socket = socket, .control = control, .next_tag = 1 };
        r = ring_map(ring, false, &feed->ring);
        if (r < 0)
                return failure_set(f, r, ERROR_FAILED,
                        "The memory shared with the worker cannot be used: %s.",
                        strerrordesc_np(-r));
        return 0;
}

static int send_message(Feed *feed, const Message *m, Failure *f)
{
        int r;

        while ((r = message_send(feed->socket, m)) == -EAGAIN) {
                struct pollfd p = { .fd = feed->socket, .events = POLLOUT };

                if (control_stopped(feed->control))
                        return -ECANCELED;
                (void)poll(&p, 1, 1000);
        }
        if (r == 0)
                return 0;
        failure_set(f, -EPIPE, ERROR_INTERRUPTED,
                "The connection to the process that reads the phone ended.");
        return -EPIPE;
}

void feed_close(Feed *feed)
{
        Message m;

        message_start(&m, VERB_ABORT);
        if (feed->socket >= 0 && feed->n > 0)
                (void)message_send(feed->socket, &m);
        feed->socket = fd_close(feed->socket);
        ring_unmap(&feed->ring);
        feed->n = 0;
}

/* ---- waiting ---- */

static time_t now(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return t.tv_sec;
}

static int violation(Failure *f, const char *what)
{
        return failure_set(f, -EBADMSG, ERROR_PROTOCOL_VIOLATION,
                "The process that reads the phone broke its protocol: %s.", what);
}

/* One message, or an error; never waits longer than until `deadline`. */
static int receive(Feed *feed, time_t deadline, Message *m, Failure *f)
{
        /* the caller lets go of it also when none came */
        m->n_fds = 0;
        for (;;) {
                struct pollfd p[] = { { .fd = feed->socket, .events = POLLIN },
                        { .fd = feed->control->wake, .events = POLLIN } };
                int r;

                if (control_stopped(feed->control))
                        return -ECANCELED;
                r = feed->tick ? feed->tick(feed->userdata, f) : 0;
                if (r < 0)
                        return r;
                r = message_receive(feed->socket, MSG_DONTWAIT, m);
                if (r > 0)
                        return 0;
                if (r == -EBADMSG)
                        return violation(f, "a message cannot be parsed");
                if (r != -EAGAIN)
                        return failure_set(f, -EPIPE, ERROR_INTERRUPTED,
                                "The connection to the process that reads the phone ended.");
                if (now() >= deadline)
                        return failure_set(f, -ETIMEDOUT, ERROR_INTERRUPTED,
                                "The process that reads the phone was silent for too long.");
                if (poll(p, ELEMENTS(p), 1000) < 0 && errno != EINTR)
                        return failure_set(f, -errno, ERROR_FAILED,
                                "Waiting for the phone failed: %s.", strerrordesc_np(errno));
        }
}

int feed_facts(Feed *feed, Facts *facts, Failure *f)
{
        time_t deadline = now() + FEED_FACTS_SECONDS;

        for (;;) {
                _cleanup_message_ Message m;
                int r = receive(feed, deadline, &m, f);

                if (r == 0)
                        r = facts_take(facts, &m, f);
                if (r != 0)
                        return MIN(r, 0);
        }
}

/* ---- requests ---- */

int feed_request(Feed *feed, const char *region, uint64_t offset, uint64_t size, Failure *f)
{
        FeedRead *read = feed->reads + (feed->first + feed->n) % VERB_READS_MAX;
        Message m;
        int r;

        *read = (FeedRead){ .tag = feed->next_tag++, .next = offset, .end = offset + size };
        message_start(&m, VERB_READ);
        message_add_u64(&m, "TAG", read->tag);
        message_add(&m, "REGION", region);
        message_add_u64(&m, "OFFSET", offset);
        message_add_u64(&m, "LENGTH", size);
        r = send_message(feed, &m, f);
        if (r < 0)
                return r;
        feed->n++;
        return 0;
}

static void drop_first(Feed *feed)
{
        feed->first = (feed->first + 1) % VERB_READS_MAX;
        feed->n--;
}

static int take_chunk(Feed *feed, FeedRead *read, const Message *m, FeedEvent *ret, Failure *f)
{
        uint64_t slot, offset, length, whole;

        if (message_get_u64(m, "SLOT", feed->ring.slots - 1, &slot) < 0 ||
                message_get_u64(m, "OFFSET", UINT64_MAX, &offset) < 0 ||
                message_get_u64(m, "LENGTH", RING_SLOT_SIZE, &length) < 0)
                return violation(f, "a number is missing or out of range");
        whole = MIN(read->end - read->next, (uint64_t)RING_SLOT_SIZE);
        if (read->cut || offset != read->next || length > whole || length == 0)
                return violation(f, "a piece has the wrong place or length");
        read->cut = length < whole;
        read->next += length;
        feed->held = true;
        *ret = (FeedEvent){ .kind = FEED_CHUNK,
                .data = ring_slot(&feed->ring, slot),
                .slot = (uint32_t)slot,
                .offset = offset,
                .size = (size_t)length };
        return 0;
}

static int take_done(Feed *feed, FeedRead *read, const Message *m, FeedEvent *ret, Failure *f)
{
        if (read->next != read->end)
                return violation(f, "it says done before everything came");
        *ret = (FeedEvent){ .kind = FEED_DONE, .offset = read->end };
        drop_first(feed);
        return 0;
}

static int take_fail(Feed *feed, FeedRead *read, const Message *m, FeedEvent *ret, Failure *f)
{
        uint64_t offset = read->next;

        if (message_get_u64(m, "OFFSET", UINT64_MAX, &offset) == -EBADMSG || offset < read->next ||
                offset > read->end)
                return violation(f, "it failed at a place that was not asked for");
        *ret = (FeedEvent){ .kind = FEED_FAIL, .offset = offset };
        message_get_failure(m, &ret->failure);
        if (!failure_is_set(&ret->failure))
                failure_set(&ret->failure, 0, ERROR_FAILED, "The phone could not be read.");
        drop_first(feed);
        return 0;
}

int feed_next(Feed *feed, FeedEvent *ret, Failure *f)
{
        static const struct {
                const char *type;
                int (*take)(
                        Feed *feed, FeedRead *read, const Message *m, FeedEvent *ret, Failure *f);
        } types[] = {
                { VERB_CHUNK, take_chunk },
                { VERB_READ_DONE, take_done },
                { VERB_READ_FAIL, take_fail },
        };
        FeedRead *read = feed->reads + feed->first;
        _cleanup_message_ Message m;
        uint64_t tag;
        int r;

        r = receive(feed, now() + FEED_SILENCE_SECONDS, &m, f);
        if (r < 0)
                return r;
        if (message_get_u64(&m, "TAG", UINT32_MAX, &tag) < 0 || tag != read->tag)
                return violation(f, "an answer has the wrong tag");
        for (size_t i = 0; i < ELEMENTS(types); i++)
                if (message_is(&m, types[i].type))
                        return types[i].take(feed, read, &m, ret, f);
        return violation(f, "a message is not expected now");
}

int feed_release(Feed *feed, const FeedEvent *e, Failure *f)
{
        Message m;

        if (!feed->held)
                return 0;
        feed->held = false;
        message_start(&m, VERB_FREE);
        message_add_u64(&m, "SLOT", e->slot);
        return send_message(feed, &m, f);
}

int feed_abort(Feed *feed, Failure *f)
{
        Message m;
        int r;

        if (feed_idle(feed))
                return 0;
        message_start(&m, VERB_ABORT);
        r = send_message(feed, &m, f);
        while (r == 0 && !feed_idle(feed)) {
                FeedEvent e;

                r = feed_next(feed, &e, f);
                if (r == 0 && e.kind == FEED_CHUNK)
                        r = feed_release(feed, &e, f);
        }
        return r;
}
