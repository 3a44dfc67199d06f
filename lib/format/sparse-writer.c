/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "format/sparse-writer.h"

#include <errno.h>

#include "basic/bytes.h"
#include "format/crc32.h"

/* longest run of one FILL or DONT_CARE chunk, so that its bytes stay far below any 32-bit field */
#define RUN_BYTES_MAX GiB

struct SparseWriter {
        Sink *out;
        SparseOptions options;
        uint64_t size, added; /* bytes of the plain image */
        uint32_t chunks, crc;

        SparseType type; /* of the run that is being collected; 0 none */
        uint32_t value;
        uint64_t run; /* its length in bytes */
        uint64_t raw_max;
        uint8_t *raw; /* of a RAW run */

        uint8_t *block; /* a block of which only a part has come yet */
        size_t partial;
};

void sparse_make_header(
        uint64_t size, uint32_t block_size, uint32_t chunks, uint8_t ret[static SPARSE_HEADER_SIZE])
{
        put_le32(ret, SPARSE_MAGIC);
        put_le16(ret + 4, 1);
        put_le16(ret + 6, 0);
        put_le16(ret + 8, SPARSE_HEADER_SIZE);
        put_le16(ret + 10, SPARSE_CHUNK_HEADER_SIZE);
        put_le32(ret + 12, block_size);
        put_le32(ret + 16, (uint32_t)((size + block_size - 1) / block_size));
        put_le32(ret + 20, chunks);
        put_le32(ret + 24, 0);
}

static int put(SparseWriter *w, const void *data, size_t size)
{
        return w->out ? sink_write(w->out, data, size) : 0;
}

int sparse_writer_new(Sink *out, uint64_t size, const SparseOptions *options, SparseWriter **ret)
{
        _cleanup_(sparse_writer_freep) SparseWriter *w = NULL;
        uint8_t header[SPARSE_HEADER_SIZE];
        uint32_t block;
        int r;

        w = calloc(1, sizeof(*w));
        if (!w)
                return -ENOMEM;
        w->out = out;
        w->options = *options;
        if (w->options.block_size == 0)
                w->options.block_size = SPARSE_BLOCK_DEFAULT;
        block = w->options.block_size;
        if (block % 4 != 0 || block > SPARSE_BLOCK_MAX)
                return -EINVAL;
        if (size > (uint64_t)UINT32_MAX * block)
                return -EFBIG;
        w->size = size;
        w->raw_max = block > SPARSE_RUN_MAX ? block : SPARSE_RUN_MAX / block * block;
        w->raw = malloc(w->raw_max);
        w->block = malloc(block);
        if (!w->raw || !w->block)
                return -ENOMEM;
        sparse_make_header(size, block, w->options.chunks, header);
        r = put(w, header, sizeof(header));
        if (r < 0)
                return r;
        *ret = TAKE_PTR(w);
        return 0;
}

SparseWriter *sparse_writer_free(SparseWriter *w)
{
        if (!w)
                return NULL;
        free(w->raw);
        free(w->block);
        free(w);
        return NULL;
}

static int put_chunk(
        SparseWriter *w, SparseType type, uint64_t output, const void *payload, size_t size)
{
        uint8_t head[SPARSE_CHUNK_HEADER_SIZE];
        int r;

        if (w->chunks == UINT32_MAX)
                return -EFBIG;
        put_le16(head, (uint16_t)type);
        put_le16(head + 2, 0);
        put_le32(head + 4, (uint32_t)(output / w->options.block_size));
        put_le32(head + 8, (uint32_t)(sizeof(head) + size));
        r = put(w, head, sizeof(head));
        if (r < 0)
                return r;
        w->chunks++;
        return put(w, payload, size);
}

static int end_run(SparseWriter *w)
{
        uint8_t word[4];
        uint64_t run = w->run;

        w->run = 0;
        if (run == 0)
                return 0;
        put_le32(word, w->value);
        if (w->type == SPARSE_RAW)
                return put_chunk(w, SPARSE_RAW, run, w->raw, (size_t)run);
        return put_chunk(w, w->type, run, word, w->type == SPARSE_FILL ? sizeof(word) : 0);
}

/* Adds a stretch of whole blocks of one kind, which may join the run before it. */
static int add_run(
        SparseWriter *w, SparseType type, uint32_t value, const uint8_t *data, uint64_t size)
{
        uint64_t max = type == SPARSE_RAW
                ? w->raw_max
                : RUN_BYTES_MAX / w->options.block_size * w->options.block_size;
        int r;

        if (w->run > 0 && (w->type != type || w->value != value)) {
                r = end_run(w);
                if (r < 0)
                        return r;
        }
        w->type = type;
        w->value = value;
        while (size > 0) {
                uint64_t n = MIN(size, max - w->run);

                if (type == SPARSE_RAW) {
                        memcpy(w->raw + w->run, data, (size_t)n);
                        data += n;
                }
                w->run += n;
                size -= n;
                if (w->run == max) {
                        r = end_run(w);
                        if (r < 0)
                                return r;
                }
        }
        return 0;
}

static int add_zero_blocks(SparseWriter *w, uint64_t size)
{
        return add_run(
                w, w->options.zeros_dont_matter ? SPARSE_DONT_CARE : SPARSE_FILL, 0, NULL, size);
}

/* offset: of the block in the plain image */
static bool block_is_free(const SparseWriter *w, uint64_t offset)
{
        return w->options.is_free &&
                w->options.is_free(w->options.userdata, offset, w->options.block_size);
}

static int add_block(SparseWriter *w, const uint8_t *p, uint64_t offset)
{
        uint32_t size = w->options.block_size, first = get_le32(p);
        int r;

        if (block_is_free(w, offset)) {
                if (w->options.crc)
                        w->crc = crc32_add_zeros(w->crc, size);
                return add_run(w, SPARSE_DONT_CARE, 0, NULL, size);
        }
        if (w->options.crc)
                w->crc = crc32_add(w->crc, p, size);
        if (memcmp(p, p + 4, size - 4) != 0)
                r = add_run(w, SPARSE_RAW, 0, p, size);
        else if (first == 0)
                r = add_zero_blocks(w, size);
        else
                r = add_run(w, SPARSE_FILL, first, NULL, size);
        return r;
}

int sparse_writer_add(SparseWriter *w, const void *data, size_t size)
{
        const uint8_t *p = data;
        uint32_t block = w->options.block_size;
        int r;

        if (size > w->size - w->added)
                return -EINVAL;
        while (size > 0) {
                size_t n = MIN(size, block - w->partial);
                const uint8_t *whole = p;

                if (n < block) {
                        memcpy(w->block + w->partial, p, n);
                        w->partial += n;
                        whole = w->block;
                }
                w->added += n;
                p += n;
                size -= n;
                if (n < block && w->partial < block)
                        break;
                w->partial = 0;
                r = add_block(w, whole, w->added - block);
                if (r < 0)
                        return r;
        }
        return 0;
}

int sparse_writer_add_zeros(SparseWriter *w, uint64_t size)
{
        static const uint8_t zeros[4096];
        uint32_t block = w->options.block_size;
        uint64_t whole;
        int r;

        if (size > w->size - w->added)
                return -EINVAL;
        while (size > 0) {
                if (w->partial == 0 && size >= block && !w->options.is_free) {
                        whole = size / block * block;
                        if (w->options.crc)
                                w->crc = crc32_add_zeros(w->crc, whole);
                        r = add_zero_blocks(w, whole);
                        w->added += whole;
                } else {
                        whole = MIN(size, sizeof(zeros));
                        r = sparse_writer_add(w, zeros, (size_t)whole);
                }
                if (r < 0)
                        return r;
                size -= whole;
        }
        return 0;
}

int sparse_writer_finish(SparseWriter *w, uint32_t *ret_chunks)
{
        uint8_t word[4];
        int r;

        if (w->added != w->size)
                return -EINVAL;
        if (w->partial > 0) {
                memset(w->block + w->partial, 0, w->options.block_size - w->partial);
                r = add_block(w, w->block, w->added - w->partial);
                w->partial = 0;
                if (r < 0)
                        return r;
        }
        r = end_run(w);
        if (r < 0)
                return r;
        if (w->options.crc) {
                put_le32(word, w->crc);
                r = put_chunk(w, SPARSE_CRC32, 0, word, sizeof(word));
                if (r < 0)
                        return r;
        }
        *ret_chunks = w->chunks;
        return 0;
}

/* a writer as a sink, for sink_copy() */
typedef struct WriterSink {
        Sink sink;
        SparseWriter *writer;
} WriterSink;

static int writer_write(Sink *s, const void *data, size_t size)
{
        return sparse_writer_add(((WriterSink *)s)->writer, data, size);
}

static int writer_hole(Sink *s, uint64_t size)
{
        return sparse_writer_add_zeros(((WriterSink *)s)->writer, size);
}

int sparse_compress(Source *s, Sink *out, const SparseOptions *options, const Progress *progress,
        uint32_t *ret_chunks)
{
        _cleanup_(sparse_writer_freep) SparseWriter *w = NULL;
        WriterSink sink = { .sink = { .write = writer_write, .hole = writer_hole } };
        int r;

        r = sparse_writer_new(out, s->size, options, &w);
        if (r < 0)
                return r;
        sink.writer = w;
        r = sink_copy(&sink.sink, s, 0, s->size, progress);
        if (r < 0)
                return r;
        return sparse_writer_finish(w, ret_chunks);
}
