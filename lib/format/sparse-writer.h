/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Making Android sparse images: doc/sparse.md.
 *
 * The writer takes the plain image in order, in pieces of any size, and cuts it into chunks as it
 * goes; it keeps at most SPARSE_RUN_MAX bytes back. The header in front needs the number of
 * chunks: it is written with whatever number was given, so that an output that cannot be rewound
 * is made in two passes (the first into no sink at all, to count), and one that can is patched at
 * the end. */

#include "format/sparse.h"

enum {
        SPARSE_RUN_MAX = 1024 * 1024, /* longest RAW chunk */
        SPARSE_BLOCK_DEFAULT = 4096,
};

typedef struct SparseOptions {
        uint32_t block_size;    /* 0: SPARSE_BLOCK_DEFAULT */
        bool zeros_dont_matter; /* zero blocks become DONT_CARE instead of FILL 0 */
        bool crc;               /* end with a CRC32 chunk */
        uint32_t chunks;        /* for the header */
        /* a block that may be left out whatever it holds; NULL: none */
        bool (*is_free)(void *userdata, uint64_t offset, uint64_t size);
        void *userdata;
} SparseOptions;

typedef struct SparseWriter SparseWriter;

/* size: of the plain image; what is missing to a whole block is zeros. out may be NULL: counting.
 * 0, -EFBIG: more than 2^32 - 1 blocks, -EINVAL: block size, -ENOMEM, or the sink's error. */
int sparse_writer_new(Sink *out, uint64_t size, const SparseOptions *options, SparseWriter **ret);
SparseWriter *sparse_writer_free(SparseWriter *w);
DEFINE_CLEANUP(SparseWriter, sparse_writer_free)

int sparse_writer_add(SparseWriter *w, const void *data, size_t size);
int sparse_writer_add_zeros(SparseWriter *w, uint64_t size);
/* Writes what was kept back and the checksum. -EINVAL unless exactly the announced size was
 * added. ret_chunks: what the header has to say. */
int sparse_writer_finish(SparseWriter *w, uint32_t *ret_chunks);

/* Bytes of a file header, to patch one. */
void sparse_make_header(uint64_t size, uint32_t block_size, uint32_t chunks,
        uint8_t ret[static SPARSE_HEADER_SIZE]);

/* The whole source through a writer; its holes are not read. */
int sparse_compress(Source *s, Sink *out, const SparseOptions *options, const Progress *progress,
        uint32_t *ret_chunks);
