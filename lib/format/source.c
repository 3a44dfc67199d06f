/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "format/source.h"

#include <errno.h>

#include "basic/bytes.h"

int source_read(Source *s, void *data, size_t size, uint64_t offset)
{
        if (!range_fits(offset, size, s->size))
                return -ERANGE;
        if (size == 0)
                return 0;
        s->bytes_read += size;
        return s->ops->read(s, data, size, offset);
}

int source_read_some(Source *s, void *data, size_t size, uint64_t offset, size_t *ret)
{
        uint64_t left = offset < s->size ? s->size - offset : 0;

        *ret = (size_t)MIN(left, size);
        return source_read(s, data, *ret, MIN(offset, s->size));
}

int source_extent(Source *s, uint64_t offset, uint64_t *ret_start, uint64_t *ret_end)
{
        if (offset >= s->size)
                return -ENXIO;
        if (s->ops->extent)
                return s->ops->extent(s, offset, ret_start, ret_end);
        *ret_start = offset;
        *ret_end = s->size;
        return 0;
}

static int memory_read(Source *s, void *data, size_t size, uint64_t offset)
{
        const MemorySource *m = (const MemorySource *)s;

        memcpy(data, m->data + offset, size);
        return 0;
}

static const SourceOps memory_ops = { .read = memory_read };

Source *memory_source_init(MemorySource *m, const void *data, size_t size)
{
        *m = (MemorySource){ .source = { .ops = &memory_ops, .size = size }, .data = data };
        return &m->source;
}

static int window_read(Source *s, void *data, size_t size, uint64_t offset)
{
        WindowSource *w = (WindowSource *)s;

        return source_read(w->parent, data, size, w->offset + offset);
}

static int window_extent(Source *s, uint64_t offset, uint64_t *ret_start, uint64_t *ret_end)
{
        WindowSource *w = (WindowSource *)s;
        uint64_t start, end;
        int r;

        r = source_extent(w->parent, w->offset + offset, &start, &end);
        if (r < 0)
                return r;
        if (start >= w->offset + s->size)
                return -ENXIO;
        *ret_start = start - w->offset;
        *ret_end = MIN(end - w->offset, s->size);
        return 0;
}

static const SourceOps window_ops = { .read = window_read, .extent = window_extent };

Source *window_source_init(WindowSource *w, Source *parent, uint64_t offset, uint64_t size)
{
        uint64_t begin = MIN(offset, parent->size);

        *w = (WindowSource){
                .source = { .ops = &window_ops, .size = MIN(size, parent->size - begin) },
                .parent = parent,
                .offset = begin,
        };
        return &w->source;
}
