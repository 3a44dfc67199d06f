/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/worker/job.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

#include "protocol/fault.h"

/* ---- the keeper's messages ---- */

static void take_read(Job *j, const Message *m)
{
        JobRead *rd;

        if (j->n_reads == VERB_READS_MAX) {
                j->broken = true;
                return;
        }
        rd = &j->reads[j->n_reads++];
        *rd = (JobRead){ 0 };
        snprintf(rd->region, sizeof(rd->region), "%s", message_text(m, "REGION"));
        if (message_get_u64(m, "TAG", UINT32_MAX, &rd->tag) < 0 ||
                message_get_u64(m, "OFFSET", UINT64_MAX, &rd->offset) < 0 ||
                message_get_u64(m, "LENGTH", UINT64_MAX, &rd->length) < 0)
                j->broken = true;
}

static void take_free(Job *j, const Message *m)
{
        uint64_t slot;

        if (message_get_u64(m, "SLOT", j->ring.slots - 1, &slot) < 0 || !j->busy[slot])
                j->broken = true;
        else
                j->busy[slot] = false;
}

static void take_abort(Job *j, const Message *m)
{
        for (size_t i = 0; i < j->n_reads; i++)
                j->reads[i].aborted = true;
}

static const struct {
        const char *type;
        void (*take)(Job *j, const Message *m);
} verbs[] = {
        { VERB_READ, take_read },
        { VERB_FREE, take_free },
        { VERB_ABORT, take_abort },
};

static void job_end_channel(Job *j)
{
        if (j->channel >= 0)
                control_unlisten(j->control);
        j->channel = fd_close(j->channel);
}

/* Control.listen: takes all that is there. */
static void job_listen(void *userdata)
{
        Job *j = userdata;
        int r;

        while (j->channel >= 0) {
                _cleanup_message_ Message m;

                r = message_receive(j->channel, MSG_DONTWAIT, &m);
                if (r == -EAGAIN)
                        return;
                if (r == -EBADMSG)
                        j->broken = true;
                if (r > 0)
                        for (size_t i = 0; i < ELEMENTS(verbs); i++)
                                if (message_is(&m, verbs[i].type))
                                        verbs[i].take(j, &m);
                if (r <= 0 || j->broken)
                        job_end_channel(j);
        }
}

static bool job_ready(void *userdata)
{
        const Job *j = userdata;

        return j->n_reads > 0;
}

int job_open(Job *j, Control *c, Message *order)
{
        _cleanup_close_ int channel = message_take_fd(order, 0), ring = message_take_fd(order, 1);
        int flags, r;

        *j = (Job){ .control = c, .channel = -1, .slot = -1 };
        if (channel < 0 || ring < 0)
                return -EINVAL;
        r = ring_map(ring, true, &j->ring);
        if (r < 0)
                return r;
        flags = fcntl(channel, F_GETFL);
        if (flags < 0 || fcntl(channel, F_SETFL, flags | O_NONBLOCK) < 0)
                return -errno;
        r = control_listen(c, channel, job_listen, job_ready, j);
        if (r < 0)
                return r;
        j->channel = TAKE_FD(channel);
        return 0;
}

void job_close(Job *j)
{
        if (!j->control)
                return;
        job_end_channel(j);
        ring_unmap(&j->ring);
        *j = (Job){ .channel = -1, .slot = -1 };
}

/* ---- what the keeper is told ---- */

/* True while the keeper is there and nobody wants an end. */
static bool wanted(const Job *j)
{
        return j->channel >= 0 && !j->control->finish;
}

/* Sends, waiting for room. False when nobody wants it any more. */
static bool job_send(Job *j, const Message *m)
{
        int r;

        while (wanted(j)) {
                struct pollfd p = { .fd = j->channel, .events = POLLOUT };

                r = message_send(j->channel, m);
                if (r == 0)
                        return true;
                if (r != -EAGAIN)
                        job_end_channel(j);
                else if (poll(&p, 1, TRANSPORT_TICK_MS) >= 0 && control_tick(j->control) < 0)
                        return false;
        }
        return false;
}

static bool send_facts(Job *j, const Facts *facts)
{
        const Layout *l = facts->table.layout;
        Message m;
        bool ok;

        facts_all(&m, facts);
        ok = job_send(j, &m);
        for (size_t i = 0; ok && i < facts->storage.n_regions; i++) {
                facts_region(&m, facts, &facts->storage.regions[i]);
                ok = job_send(j, &m);
        }
        for (size_t i = 0; ok && i < l->n_parts; i++) {
                facts_part(&m, facts, &l->parts[i]);
                ok = job_send(j, &m);
        }
        for (size_t i = 0; ok && facts_check(&m, facts, i); i++)
                ok = job_send(j, &m);
        message_start(&m, VERB_END);
        return ok && job_send(j, &m);
}

static bool send_chunk(Job *j)
{
        Message m;

        message_start(&m, VERB_CHUNK);
        message_add_u64(&m, "TAG", j->reads[0].tag);
        message_add_u64(&m, "SLOT", (uint64_t)j->slot);
        message_add_u64(&m, "OFFSET", j->next);
        message_add_u64(&m, "LENGTH", j->filled);
        j->busy[j->slot] = true;
        j->next += j->filled;
        j->slot = -1;
        j->filled = 0;
        return job_send(j, &m);
}

/* ---- one read ---- */

static int free_slot(const Job *j)
{
        for (size_t i = 0; i < j->ring.slots; i++)
                if (!j->busy[i])
                        return (int)i;
        return -1;
}

/* Waits until the keeper has given a slot back. The phone waits, too. */
static int wait_for_slot(Job *j)
{
        int r;

        while ((j->slot = free_slot(j)) < 0) {
                if (!wanted(j) || j->reads[0].aborted)
                        return -ECANCELED;
                r = control_sleep(j->control);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* DaSink */
static int job_sink(void *userdata, const uint8_t *data, size_t size)
{
        Job *j = userdata;
        size_t part;
        int r;

        while (size > 0) {
                if (!wanted(j) || j->reads[0].aborted)
                        return -ECANCELED;
                r = j->slot < 0 ? wait_for_slot(j) : 0;
                if (r < 0)
                        return r;
                part = MIN(size, RING_SLOT_SIZE - j->filled);
                memcpy(ring_slot(&j->ring, (size_t)j->slot) + j->filled, data, part);
                j->filled += part;
                data += part;
                size -= part;
                if (j->filled == RING_SLOT_SIZE && !send_chunk(j))
                        return -ECANCELED;
        }
        return 0;
}

static int find_region(const DaSession *s, const JobRead *rd, const Region **ret, Failure *f)
{
        StorageType storage;
        RegionKind kind;
        uint32_t block = s->storage.block_size;

        *ret = NULL;
        if (region_from_name(rd->region, &storage, &kind) == 0 && storage == s->storage.type)
                *ret = storage_region(&s->storage, kind);
        if (!*ret)
                return failure_set(
                        f, -ERANGE, ERROR_OUT_OF_RANGE, "The phone has no %s.", rd->region);
        if (rd->offset % block != 0 || rd->length % block != 0)
                return failure_set(f, -ERANGE, ERROR_OUT_OF_RANGE,
                        "Only whole blocks of %u bytes can be read.", block);
        return 0;
}

static void answer_read(Job *j, const Failure *f)
{
        Message m;

        message_start(&m, f ? VERB_READ_FAIL : VERB_READ_DONE);
        message_add_u64(&m, "TAG", j->reads[0].tag);
        if (f) {
                message_add_u64(&m, "OFFSET", j->next);
                message_add_failure(&m, f);
        }
        job_send(j, &m);
        j->n_reads--;
        memmove(j->reads, j->reads + 1, j->n_reads * sizeof(j->reads[0]));
}

/* Serves the oldest read. 0, also when it failed in a way that leaves the session usable; else its
 * error. */
static int serve(Job *j, DaSession *s, Failure *f)
{
        JobRead *rd = &j->reads[0];
        const Region *region;
        Failure failure = { 0 };
        int r = -ECANCELED;

        j->next = rd->offset;
        j->slot = -1;
        j->filled = 0;
        if (!rd->aborted) {
                r = find_region(s, rd, &region, &failure);
                if (r == 0)
                        r = da_session_read(
                                s, region, rd->offset, rd->length, job_sink, j, &failure);
        }
        /* also what came of a read that failed */
        if (j->slot >= 0 && j->filled > 0)
                send_chunk(j);
        if (r == 0) {
                answer_read(j, NULL);
                return 0;
        }
        if (r == -ECANCELED)
                failure_set(&failure, 0, ERROR_CANCELED, "The read was canceled.");
        answer_read(j, &failure);
        if (!s->lost)
                return 0;
        if (f && !failure_is_set(f))
                *f = failure;
        return r;
}

int job_run(Job *j, DaSession *s, const Facts *facts, Failure *f)
{
        int r = 0;

        if (!send_facts(j, facts))
                return j->control->finish ? -ECANCELED : 0;
        while (r == 0 && wanted(j)) {
                if (j->n_reads > 0)
                        r = serve(j, s, f);
                else
                        r = control_wait(j->control, s->transport);
        }
        if (r < 0)
                return fault_link(f, r, "waiting for the next read");
        return j->control->finish ? -ECANCELED : 0;
}
