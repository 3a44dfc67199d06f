/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "format/sparse.h"

#include <errno.h>

#include "basic/bytes.h"
#include "format/crc32.h"

int sparse_read_header(Source *s, SparseHeader *ret)
{
        uint8_t raw[SPARSE_HEADER_SIZE];
        uint16_t major;
        SparseHeader h;
        Bytes b;
        size_t n;
        int r;

        r = source_read_some(s, raw, sizeof(raw), 0, &n);
        if (r < 0)
                return r;
        b = bytes_make(raw, n);
        if (bytes_le32(&b) != SPARSE_MAGIC)
                return -ENOENT;
        major = bytes_le16(&b);
        h.minor = bytes_le16(&b);
        h.header_size = bytes_le16(&b);
        h.chunk_header_size = bytes_le16(&b);
        h.block_size = bytes_le32(&b);
        h.blocks = bytes_le32(&b);
        h.chunks = bytes_le32(&b);
        h.crc = bytes_le32(&b);
        if (b.bad)
                return -EBADMSG;
        if (major != 1)
                return -EPROTONOSUPPORT;
        if (h.header_size < SPARSE_HEADER_SIZE || h.chunk_header_size < SPARSE_CHUNK_HEADER_SIZE ||
                h.block_size == 0 || h.block_size % 4 != 0 || h.block_size > SPARSE_BLOCK_MAX)
                return -EBADMSG;
        *ret = h;
        return 0;
}

void sparse_cursor_init(SparseCursor *c, const SparseHeader *h)
{
        *c = (SparseCursor){ .at = h->header_size };
}

/* bytes that a chunk of this type carries; UINT64_MAX for an unknown type */
static uint64_t payload_size(SparseType type, uint64_t output)
{
        switch (type) {
        case SPARSE_RAW: return output;
        case SPARSE_FILL:
        case SPARSE_CRC32: return 4;
        case SPARSE_DONT_CARE: return 0;
        }
        return UINT64_MAX;
}

int sparse_next(Source *s, const SparseHeader *h, SparseCursor *c, SparseChunk *ret)
{
        uint8_t raw[SPARSE_CHUNK_HEADER_SIZE], word[4] = { 0 };
        SparseChunk k = { 0 };
        uint64_t total, payload;
        int r;

        if (c->done == h->chunks)
                return -ENODATA;
        if (!range_fits(c->at, h->chunk_header_size, s->size))
                return -EBADMSG;
        r = source_read(s, raw, sizeof(raw), c->at);
        if (r < 0)
                return r;
        k.type = (SparseType)get_le16(raw);
        k.size = (uint64_t)get_le32(raw + 4) * h->block_size;
        k.offset = c->offset;
        k.data_offset = c->at + h->chunk_header_size;
        total = get_le32(raw + 8);
        payload = payload_size(k.type, k.size);
        if (payload == UINT64_MAX || total != h->chunk_header_size + payload ||
                !range_fits(c->at, total, s->size) || (k.type == SPARSE_CRC32 && k.size != 0) ||
                !range_fits(k.offset, k.size, sparse_size(h)))
                return -EBADMSG;
        if (payload == 4 && k.type != SPARSE_RAW) {
                r = source_read(s, word, sizeof(word), k.data_offset);
                if (r < 0)
                        return r;
                k.value = get_le32(word);
        }
        c->at += total;
        c->offset += k.size;
        c->done++;
        *ret = k;
        return 0;
}

int sparse_survey(Source *s, const SparseHeader *h, SparseSurvey *ret)
{
        SparseCursor c;
        SparseChunk k;
        int r;

        *ret = (SparseSurvey){ 0 };
        sparse_cursor_init(&c, h);
        while ((r = sparse_next(s, h, &c, &k)) == 0) {
                ret->raw += k.type == SPARSE_RAW;
                ret->fill += k.type == SPARSE_FILL;
                ret->dont_care += k.type == SPARSE_DONT_CARE;
                ret->crc += k.type == SPARSE_CRC32;
                if (k.type == SPARSE_RAW)
                        ret->raw_bytes += k.size;
                if (k.type == SPARSE_FILL)
                        ret->fill_bytes += k.size;
                if (k.type == SPARSE_DONT_CARE)
                        ret->dont_care_bytes += k.size;
                ret->length = c.at;
        }
        ret->complete = r == -ENODATA && c.offset == sparse_size(h);
        return r == -ENODATA ? 0 : r;
}

/* state of one sparse_expand() */
typedef struct Expansion {
        Source *image;
        Sink *out;
        const Progress *progress;
        uint8_t *buffer; /* COPY_BUFFER bytes */
        uint32_t crc;
        bool crc_wanted, crc_bad;
} Expansion;

static void fill_words(uint8_t *p, size_t size, uint32_t value)
{
        for (size_t i = 0; i < size; i += 4)
                put_le32(p + i, value);
}

static int expand_zeros(Expansion *x, uint64_t size)
{
        if (x->crc_wanted)
                x->crc = crc32_add_zeros(x->crc, size);
        return sink_hole(x->out, size);
}

static int expand_bytes(Expansion *x, const SparseChunk *k)
{
        int r;

        if (k->type == SPARSE_FILL)
                fill_words(x->buffer, COPY_BUFFER, k->value);
        for (uint64_t done = 0; done < k->size;) {
                size_t n = (size_t)MIN(k->size - done, COPY_BUFFER);

                if (k->type == SPARSE_RAW) {
                        r = source_read(x->image, x->buffer, n, k->data_offset + done);
                        if (r < 0)
                                return r;
                }
                if (x->crc_wanted)
                        x->crc = crc32_add(x->crc, x->buffer, n);
                r = sink_write(x->out, x->buffer, n);
                if (r < 0)
                        return r;
                done += n;
                r = progress_report(x->progress, k->offset + done);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int expand_chunk(Expansion *x, const SparseChunk *k)
{
        if (k->type == SPARSE_CRC32) {
                x->crc_bad = x->crc_bad || (x->crc_wanted && k->value != x->crc);
                return 0;
        }
        if (k->type == SPARSE_DONT_CARE || (k->type == SPARSE_FILL && k->value == 0))
                return expand_zeros(x, k->size);
        return expand_bytes(x, k);
}

/* The sum costs time, so it is only made where the image has one to compare with. */
static int wants_crc(Source *s, const SparseHeader *h, bool *ret)
{
        SparseSurvey survey;
        int r;

        *ret = h->crc != 0;
        if (*ret)
                return 0;
        r = sparse_survey(s, h, &survey);
        *ret = survey.crc > 0;
        return r == -EBADMSG ? 0 : r; /* that is found again on the way */
}

int sparse_expand(Source *s, Sink *out, const Progress *progress)
{
        _cleanup_free_ uint8_t *buffer = malloc(COPY_BUFFER);
        Expansion x = { .image = s, .out = out, .progress = progress, .buffer = buffer };
        SparseHeader h;
        SparseCursor c;
        SparseChunk k;
        int r;

        if (!buffer)
                return -ENOMEM;
        r = sparse_read_header(s, &h);
        if (r < 0)
                return r;
        r = wants_crc(s, &h, &x.crc_wanted);
        if (r < 0)
                return r;
        sparse_cursor_init(&c, &h);
        while ((r = sparse_next(s, &h, &c, &k)) == 0) {
                r = expand_chunk(&x, &k);
                if (r < 0)
                        return r;
        }
        if (r != -ENODATA)
                return r;
        if (c.offset != sparse_size(&h))
                return -EBADMSG;
        if (h.crc != 0 && h.crc != x.crc)
                x.crc_bad = true;
        return x.crc_bad ? -EILSEQ : 0;
}
