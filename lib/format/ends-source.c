/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "format/ends-source.h"

#include <errno.h>

#include "basic/bytes.h"

static int ends_read(Source *s, void *data, size_t size, uint64_t offset)
{
        EndsSource *e = (EndsSource *)s;
        uint64_t tail = s->size - e->tail_size;

        if (range_fits(offset, size, e->head_size))
                memcpy(data, e->head + offset, size);
        else if (offset >= tail)
                memcpy(data, e->tail + (offset - tail), size);
        else
                return -ENODATA;
        return 0;
}

static const SourceOps ends_ops = { .read = ends_read };

Source *ends_source_init(EndsSource *e, uint64_t area_size, const void *head, size_t head_size,
        const void *tail, size_t tail_size)
{
        *e = (EndsSource){ .source = { .ops = &ends_ops, .size = area_size },
                .head = head,
                .head_size = (size_t)MIN(head_size, area_size) };
        if (tail) {
                e->tail_size = (size_t)MIN(tail_size, area_size);
                e->tail = (const uint8_t *)tail + (tail_size - e->tail_size);
        }
        return &e->source;
}
