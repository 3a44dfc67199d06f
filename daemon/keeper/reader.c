/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/keeper/reader.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "basic/log.h"

void reader_init(Reader *r, Feed *feed, Session *session, const Plan *plan, Control *control)
{
        *r = (Reader){ .feed = feed,
                .session = session,
                .plan = plan,
                .control = control,
                .total = plan->bytes + plan->critical_bytes };
}

void reader_done(Reader *r)
{
        free(r->runs);
        r->runs = NULL;
}

static const PlanPart *part_of(const Reader *r, size_t run)
{
        return r->plan->parts + r->runs[run].part;
}

int reader_add(Reader *r, size_t part, unsigned pass, Failure *f)
{
        if (r->n_runs == r->runs_size) {
                size_t size = MAX(2 * r->runs_size, (size_t)64);
                ReaderRun *bigger = realloc(r->runs, size * sizeof *bigger);

                if (!bigger)
                        return failure_set(f, -ENOMEM, ERROR_FAILED, "There is not enough memory.");
                r->runs = bigger;
                r->runs_size = size;
        }
        r->runs[r->n_runs++] = (ReaderRun){ .part = part, .pass = pass };
        if (pass > 1)
                r->total += r->plan->parts[part].partition->size;
        return 0;
}

int reader_ask(Reader *r, Failure *f)
{
        while (r->ask.run < r->n_runs && !feed_full(r->feed)) {
                const PlanPart *part = part_of(r, r->ask.run);
                const Partition *p = part->partition;
                uint64_t size = MIN(p->size - r->ask.offset, (uint64_t)FEED_READ_MAX);
                int e;

                e = feed_request(r->feed, part->region_name, p->offset + r->ask.offset, size, f);
                if (e < 0)
                        return e;
                r->ask.offset += size;
                if (r->ask.offset == p->size) {
                        r->ask.run++;
                        r->ask.offset = 0;
                }
        }
        return 0;
}

static void report(Reader *r, bool now)
{
        control_bytes(r->control, r->done, r->total, session_durable(r->session), now);
}

static void announce(Reader *r)
{
        const PlanPart *part = part_of(r, r->get.run);
        Message m;

        message_start(&m, VERB_ITEM);
        message_add_u64(&m, "INDEX", r->get.run);
        message_add(&m, "NAME", part->file);
        message_add_u64(&m, "SIZE", part->partition->size);
        control_send(r->control, &m);
        report(r, true);
}

/* Hands the chunk at `get` over, whose bytes are in the session's buffer. */
static int push(Reader *r, size_t size, Failure *f)
{
        ReaderRun *run = r->runs + r->get.run;
        int e;

        e = session_push(r->session, run->part, run->pass, r->get.offset / CHUNK_SIZE, f);
        if (e < 0)
                return e;
        r->tries = 0;
        r->done += size;
        r->get.offset += size;
        if (r->get.offset == part_of(r, r->get.run)->partition->size) {
                r->get.run++;
                r->get.offset = 0;
        }
        report(r, false);
        return 0;
}

static int take_chunk(Reader *r, const FeedEvent *e, Failure *f)
{
        const Partition *p = part_of(r, r->get.run)->partition;
        uint8_t *buffer;
        int err;

        /* the beginning of a chunk whose rest failed: it is read again as a whole */
        if (e->size != MIN(p->size - r->get.offset, (uint64_t)CHUNK_SIZE))
                return feed_release(r->feed, e, f);
        if (r->get.offset == 0)
                announce(r);
        err = session_buffer(r->session, &buffer, f);
        if (err < 0)
                return err;
        /* from here on the bytes hold still; the slot goes back at once */
        memcpy(buffer, e->data, e->size);
        err = feed_release(r->feed, e, f);
        return err < 0 ? err : push(r, e->size, f);
}

/* ---- what cannot be read ---- */

/* Everything behind `get` is asked for anew. */
static int rewind_requests(Reader *r, Failure *f)
{
        int e = feed_abort(r->feed, f);

        r->ask.run = r->get.run;
        r->ask.offset = r->get.offset;
        return e;
}

static bool worth_retrying(const Failure *why)
{
        return why->id == ERROR_DEVICE_REFUSED || why->id == ERROR_CHECKSUM_MISMATCH ||
                why->id == ERROR_OUT_OF_RANGE;
}

static int give_up(const Failure *why, Failure *f)
{
        if (f && !failure_is_set(f))
                *f = *why;
        return -EIO;
}

/* One request of at most a chunk, alone. 1 read, 0 failed and *why says how. */
static int read_alone(
        Reader *r, uint64_t offset, size_t size, uint8_t *out, Failure *why, Failure *f)
{
        const PlanPart *part = part_of(r, r->get.run);
        bool got = false;
        FeedEvent e;
        int err;

        err = feed_request(r->feed, part->region_name, part->partition->offset + offset, size, f);
        if (err < 0)
                return err;
        for (;;) {
                err = feed_next(r->feed, &e, f);
                if (err < 0)
                        return err;
                if (e.kind == FEED_DONE)
                        return got;
                if (e.kind == FEED_FAIL)
                        break;
                memcpy(out, e.data, e.size);
                got = true;
                err = feed_release(r->feed, &e, f);
                if (err < 0)
                        return err;
        }
        *why = e.failure;
        if (!worth_retrying(why) || ++r->faults > READER_FAULTS_MAX)
                return give_up(why, f);
        return 0;
}

static int note_bad(Reader *r, uint64_t offset, size_t size, const Failure *why, Failure *f)
{
        const ReaderRun *run = r->runs + r->get.run;
        ManifestBad bad = { .offset = offset, .size = size, .tries = READER_TRIES };

        snprintf(bad.error, sizeof bad.error, "%.40s 0x%x", error_to_string(why->id), why->status);
        control_log(r->control, LOG_WARNING, "%s: %zu bytes at 0x%" PRIx64 " cannot be read: %s",
                part_of(r, r->get.run)->file, size, offset, why->text);
        return session_bad(r->session, run->part, run->pass, &bad, f);
}

/* Reads [offset, offset + size) of the part into out: three tries, then each half by itself. */
static int rescue(
        Reader *r, uint64_t offset, size_t size, uint8_t *out, unsigned *budget, Failure *f)
{
        size_t block = MAX(r->plan->layout->block_size, (uint32_t)512), half;
        Failure why = {};
        int e = 0;

        for (unsigned i = 0; i < READER_TRIES && e == 0 && *budget > 0; i++) {
                e = read_alone(r, offset, size, out, &why, f);
                *budget -= e == 0;
        }
        if (e != 0)
                return MIN(e, 0);
        half = size / 2 / block * block;
        if (half == 0 || *budget == 0) {
                if (!failure_is_set(&why))
                        failure_set(&why, 0, ERROR_DEVICE_REFUSED, "too many errors around it");
                memset(out, 0, size);
                return note_bad(r, offset, size, &why, f);
        }
        e = rescue(r, offset, half, out, budget, f);
        return e < 0 ? e : rescue(r, offset + half, size - half, out + half, budget, f);
}

/* Does the phone refuse this part wherever it is asked? 1 yes, 0 no. */
static int is_refused(Reader *r, Failure *why, Failure *f)
{
        const Partition *p = part_of(r, r->get.run)->partition;
        uint64_t block = MIN((uint64_t)MAX(r->plan->layout->block_size, (uint32_t)512), p->size);
        uint64_t places[] = { 0, p->size / 2 / block * block, (p->size - block) / block * block };
        uint8_t *buffer;
        int e;

        e = session_buffer(r->session, &buffer, f);
        for (size_t i = 0; i < ELEMENTS(places) && e == 0; i++) {
                e = read_alone(r, places[i], (size_t)block, buffer, why, f);
                if (e > 0)
                        return 0;
        }
        return e < 0 ? e : 1;
}

static void skip_part(Reader *r, const Failure *why)
{
        const PlanPart *part = part_of(r, r->get.run);
        size_t number = r->runs[r->get.run].part;
        char error[MANIFEST_TEXT_MAX];

        snprintf(error, sizeof error, "%.40s 0x%x: %.80s", error_to_string(why->id), why->status,
                why->text);
        control_log(r->control, LOG_WARNING, "%s cannot be read at all: %s", part->file, why->text);
        session_unreadable(r->session, number, error);
        /* nor in a later pass */
        for (size_t i = r->get.run + 1; i < r->n_runs; i++)
                if (r->runs[i].part == number) {
                        memmove(r->runs + i, r->runs + i + 1,
                                (r->n_runs - i - 1) * sizeof *r->runs);
                        r->n_runs--;
                        r->done += part->partition->size;
                        break;
                }
        r->done += part->partition->size;
        r->get.run++;
        r->tries = 0;
}

static int read_hard(Reader *r, Failure *why, Failure *f)
{
        const Partition *p = part_of(r, r->get.run)->partition;
        size_t size = (size_t)MIN(p->size - r->get.offset, (uint64_t)CHUNK_SIZE);
        unsigned budget = READER_CHUNK_FAULTS_MAX;
        uint8_t *buffer;
        int e;

        if (r->get.offset == 0 && r->runs[r->get.run].pass == 0) {
                e = is_refused(r, why, f);
                if (e < 0)
                        return e;
                if (e > 0) {
                        skip_part(r, why);
                        return 0;
                }
        }
        if (r->get.offset == 0)
                announce(r);
        e = session_buffer(r->session, &buffer, f);
        if (e == 0)
                e = rescue(r, r->get.offset, size, buffer, &budget, f);
        return e < 0 ? e : push(r, size, f);
}

static int take_fault(Reader *r, FeedEvent *event, Failure *f)
{
        int e;

        if (!worth_retrying(&event->failure) || ++r->faults > READER_FAULTS_MAX)
                return give_up(&event->failure, f);
        control_log(r->control, LOG_NOTICE, "%s: reading at 0x%" PRIx64 " failed: %s",
                part_of(r, r->get.run)->file, r->get.offset, event->failure.text);
        e = rewind_requests(r, f);
        if (e < 0)
                return e;
        if (++r->tries < READER_TRIES)
                return 0;
        e = read_hard(r, &event->failure, f);
        if (e < 0)
                return e;
        r->ask.run = r->get.run;
        r->ask.offset = r->get.offset;
        return 0;
}

int reader_run(Reader *r, Failure *f)
{
        while (r->get.run < r->n_runs) {
                FeedEvent event;
                int e = reader_ask(r, f);

                if (e == 0)
                        e = feed_next(r->feed, &event, f);
                if (e == 0 && event.kind == FEED_CHUNK)
                        e = take_chunk(r, &event, f);
                else if (e == 0 && event.kind == FEED_FAIL)
                        e = take_fault(r, &event, f);
                if (e < 0)
                        return e;
        }
        /* the last words of the last requests */
        while (!feed_idle(r->feed)) {
                FeedEvent event;
                int e = feed_next(r->feed, &event, f);

                if (e < 0)
                        return e;
                if (event.kind == FEED_FAIL)
                        return give_up(&event.failure, f);
        }
        return 0;
}
