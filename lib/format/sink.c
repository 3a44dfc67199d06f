/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "format/sink.h"

#include <errno.h>

#include "basic/bytes.h"

enum { HOLE_UNIT = 4096 };

static const uint8_t zeros[64 * 1024];

int sink_write(Sink *s, const void *data, size_t size)
{
        int r;

        if (size == 0)
                return 0;
        r = s->write(s, data, size);
        if (r < 0)
                return r;
        s->position += size;
        return 0;
}

int sink_hole(Sink *s, uint64_t size)
{
        int r;

        if (s->hole) {
                r = s->hole(s, size);
                if (r < 0)
                        return r;
                s->position += size;
                return 0;
        }
        while (size > 0) {
                size_t n = (size_t)MIN(size, sizeof(zeros));

                r = sink_write(s, zeros, n);
                if (r < 0)
                        return r;
                size -= n;
        }
        return 0;
}

int progress_report(const Progress *p, uint64_t done)
{
        return p && p->function ? p->function(p->userdata, done) : 0;
}

/* Length of the stretch at the start of data that is all zero or has none, in whole units except
 * at the end; `unit` bytes are left up to the next aligned place of the output. */
static size_t stretch(const uint8_t *data, size_t size, size_t unit, bool *ret_zero)
{
        size_t n = MIN(size, unit);
        bool zero = bytes_all(data, n, 0);

        while (n < size) {
                size_t next = MIN(size - n, (size_t)HOLE_UNIT);

                if (bytes_all(data + n, next, 0) != zero)
                        break;
                n += next;
        }
        *ret_zero = zero;
        return n;
}

static int copy_data(Sink *s, const uint8_t *data, size_t size)
{
        int r;

        while (size > 0) {
                bool zero;
                size_t n = stretch(data, size, HOLE_UNIT - s->position % HOLE_UNIT, &zero);

                r = zero && s->hole ? sink_hole(s, n) : sink_write(s, data, n);
                if (r < 0)
                        return r;
                data += n;
                size -= n;
        }
        return 0;
}

int sink_copy(Sink *s, Source *from, uint64_t offset, uint64_t size, const Progress *progress)
{
        _cleanup_free_ uint8_t *buffer = NULL;
        uint64_t end, begin = offset;
        int r;

        if (!range_fits(offset, size, from->size))
                return -ERANGE;
        end = offset + size;
        buffer = malloc(COPY_BUFFER);
        if (!buffer)
                return -ENOMEM;
        while (offset < end) {
                uint64_t data, data_end;

                r = source_extent(from, offset, &data, &data_end);
                if (r == -ENXIO)
                        data = data_end = end;
                else if (r < 0)
                        return r;
                if (data > offset) {
                        data = MIN(data, end);
                        r = sink_hole(s, data - offset);
                        if (r < 0)
                                return r;
                        offset = data;
                }
                data_end = MIN(data_end, end);
                while (offset < data_end) {
                        size_t n = (size_t)MIN(data_end - offset, COPY_BUFFER);

                        r = source_read(from, buffer, n, offset);
                        if (r < 0)
                                return r;
                        r = copy_data(s, buffer, n);
                        if (r < 0)
                                return r;
                        offset += n;
                        r = progress_report(progress, offset - begin);
                        if (r < 0)
                                return r;
                }
        }
        return 0;
}

static int memory_write(Sink *s, const void *data, size_t size)
{
        MemorySink *m = (MemorySink *)s;
        size_t want;
        uint8_t *bigger;

        if (size > m->limit - m->size)
                return -EFBIG;
        if (size > m->allocated - m->size) {
                want = MIN(m->limit, MAX(m->size + size, m->allocated * 2));
                bigger = realloc(m->data, want);
                if (!bigger)
                        return -ENOMEM;
                m->data = bigger;
                m->allocated = want;
        }
        memcpy(m->data + m->size, data, size);
        m->size += size;
        return 0;
}

Sink *memory_sink_init(MemorySink *m, size_t limit)
{
        *m = (MemorySink){ .sink = { .write = memory_write }, .limit = limit };
        return &m->sink;
}

void memory_sink_done(MemorySink *m)
{
        free(m->data);
        *m = (MemorySink){ 0 };
}
