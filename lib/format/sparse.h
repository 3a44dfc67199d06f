/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Reading Android sparse images: doc/sparse.md.
 *
 * A sparse image is a list of chunks: bytes, a repeated word, a stretch nobody cares about, or a
 * checksum of the output so far. It can be expanded in one go (sparse_expand) or looked into
 * anywhere without expanding it (SparseSource). Memory does not depend on its size. */

#include "format/sink.h"

#define SPARSE_MAGIC UINT32_C(0xED26FF3A)

enum {
        SPARSE_HEADER_SIZE = 28,
        SPARSE_CHUNK_HEADER_SIZE = 12,
        SPARSE_BLOCK_MAX = 16 * 1024 * 1024,
};

typedef enum SparseType {
        SPARSE_RAW = 0xCAC1,
        SPARSE_FILL = 0xCAC2,
        SPARSE_DONT_CARE = 0xCAC3,
        SPARSE_CRC32 = 0xCAC4,
} SparseType;

typedef struct SparseHeader {
        uint16_t minor, header_size, chunk_header_size;
        uint32_t block_size, blocks, chunks, crc; /* crc 0: not given */
} SparseHeader;

/* 0; -ENOENT: no sparse image; -EPROTONOSUPPORT: a major version other than 1; -EBADMSG:
 * impossible sizes. */
int sparse_read_header(Source *s, SparseHeader *ret);
static inline uint64_t sparse_size(const SparseHeader *h)
{
        return (uint64_t)h->block_size * h->blocks;
}

typedef struct SparseChunk {
        SparseType type;
        uint64_t offset;      /* where its output begins, bytes */
        uint64_t size;        /* bytes of output; 0 for a checksum */
        uint64_t data_offset; /* RAW: of its bytes in the image */
        uint32_t value;       /* FILL: the word; CRC32: the sum */
} SparseChunk;

/* Walks through the chunks. */
typedef struct SparseCursor {
        uint64_t at, offset; /* in the image, in the output */
        uint32_t done;       /* chunks */
} SparseCursor;
void sparse_cursor_init(SparseCursor *c, const SparseHeader *h);
/* 0; -ENODATA: that was the last; -EBADMSG: an unknown type, or lengths that disagree with each
 * other, the image's length or the header. */
int sparse_next(Source *s, const SparseHeader *h, SparseCursor *c, SparseChunk *ret);

/* How many chunks of each kind there are, and whether they fill the image exactly. */
typedef struct SparseSurvey {
        uint32_t raw, fill, dont_care, crc;
        uint64_t raw_bytes, fill_bytes, dont_care_bytes;
        uint64_t length; /* of the sparse image itself: end of its last chunk */
        bool complete;   /* the chunks make as many blocks as the header says */
} SparseSurvey;
/* 0 or what sparse_next said; *ret holds what was found up to there. */
int sparse_survey(Source *s, const SparseHeader *h, SparseSurvey *ret);

/* Writes the expanded image. Stretches nobody cares about and zero fills become holes. Every
 * checksum on the way and the one of the header are compared: -EILSEQ when one differs (all the
 * same everything was written). -EBADMSG: broken, what came before it was written. */
int sparse_expand(Source *s, Sink *out, const Progress *progress);

/* The expanded image as a source. */
typedef struct SparseSource SparseSource;
/* Walks over all chunk headers once. The image must outlive the result. */
int sparse_source_new(Source *image, SparseSource **ret);
SparseSource *sparse_source_free(SparseSource *x);
DEFINE_CLEANUP(SparseSource, sparse_source_free)
Source *sparse_source(SparseSource *x);
