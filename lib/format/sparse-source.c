/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "format/sparse.h"

#include <errno.h>

#include "basic/bytes.h"

/* A bounded index: the cursor before every stride-th chunk. A read starts from the nearest one, or
 * from where the last read ended, which makes reading in order cheap. */

enum { INDEX_MAX = 32 * 1024 };

struct SparseSource {
        Source source;
        Source *image;
        SparseHeader header;
        uint32_t stride;
        size_t n_index;
        SparseCursor last; /* before the chunk that was used last */
        SparseCursor index[];
};

/* The chunk that makes the byte at offset. */
static int find_chunk(SparseSource *x, uint64_t offset, SparseChunk *ret)
{
        size_t low = 0, high = x->n_index;
        SparseCursor c, before;
        int r;

        while (high - low > 1) {
                size_t middle = (low + high) / 2;

                if (x->index[middle].offset <= offset)
                        low = middle;
                else
                        high = middle;
        }
        c = x->index[low];
        if (x->last.offset <= offset && x->last.offset >= c.offset && x->last.done > c.done)
                c = x->last;
        do {
                before = c;
                r = sparse_next(x->image, &x->header, &c, ret);
                if (r < 0)
                        return r == -ENODATA ? -EBADMSG : r;
        } while (ret->size == 0 || offset >= ret->offset + ret->size);
        x->last = before;
        return 0;
}

static int chunk_read(
        SparseSource *x, const SparseChunk *k, uint8_t *out, size_t n, uint64_t inside)
{
        uint8_t word[4];

        if (k->type == SPARSE_RAW)
                return source_read(x->image, out, n, k->data_offset + inside);
        put_le32(word, k->type == SPARSE_FILL ? k->value : 0);
        for (size_t i = 0; i < n; i++)
                out[i] = word[(inside + i) % 4];
        return 0;
}

static int sparse_source_read(Source *s, void *data, size_t size, uint64_t offset)
{
        SparseSource *x = (SparseSource *)s;
        uint8_t *out = data;
        SparseChunk k;
        int r;

        while (size > 0) {
                size_t n;

                r = find_chunk(x, offset, &k);
                if (r < 0)
                        return r;
                n = (size_t)MIN(k.offset + k.size - offset, size);
                r = chunk_read(x, &k, out, n, offset - k.offset);
                if (r < 0)
                        return r;
                out += n;
                offset += n;
                size -= n;
        }
        return 0;
}

static int sparse_source_extent(Source *s, uint64_t offset, uint64_t *ret_start, uint64_t *ret_end)
{
        SparseSource *x = (SparseSource *)s;
        SparseChunk k;
        int r;

        while (offset < s->size) {
                r = find_chunk(x, offset, &k);
                if (r < 0)
                        return r;
                if (k.type == SPARSE_RAW || (k.type == SPARSE_FILL && k.value != 0)) {
                        *ret_start = offset;
                        *ret_end = k.offset + k.size;
                        return 0;
                }
                offset = k.offset + k.size;
        }
        return -ENXIO;
}

static const SourceOps sparse_source_ops = {
        .read = sparse_source_read,
        .extent = sparse_source_extent,
};

int sparse_source_new(Source *image, SparseSource **ret)
{
        _cleanup_(sparse_source_freep) SparseSource *x = NULL;
        SparseHeader h;
        SparseCursor c;
        SparseChunk k;
        int r;

        r = sparse_read_header(image, &h);
        if (r < 0)
                return r;
        x = calloc(1, sizeof(*x) + INDEX_MAX * sizeof(x->index[0]));
        if (!x)
                return -ENOMEM;
        x->source = (Source){ .ops = &sparse_source_ops, .size = sparse_size(&h) };
        x->image = image;
        x->header = h;
        x->stride = h.chunks / INDEX_MAX + 1;
        sparse_cursor_init(&c, &h);
        x->last = x->index[0] = c;
        x->n_index = 1;
        while ((r = sparse_next(image, &h, &c, &k)) == 0)
                if (c.done % x->stride == 0 && x->n_index < INDEX_MAX)
                        x->index[x->n_index++] = c;
        if (r != -ENODATA)
                return r;
        if (c.offset != sparse_size(&h))
                return -EBADMSG;
        *ret = TAKE_PTR(x);
        return 0;
}

SparseSource *sparse_source_free(SparseSource *x)
{
        free(x);
        return NULL;
}

Source *sparse_source(SparseSource *x)
{
        return &x->source;
}
