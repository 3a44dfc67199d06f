/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The chunks of one partition, in order: casync's blob index (".caibx"), 40 bytes a chunk
 * (doc/store.md 4).
 *
 * Little endian. A header of 48 bytes (sizes and flags), a table head of 16 bytes, for each chunk
 * the offset of its end and its SHA-256, and a tail of 40 bytes. Ours have chunks of exactly
 * CHUNK_SIZE but for the last, so that offset and size of every chunk are known from its number.
 *
 * Both directions stream: an index of a 256 GiB flash is 10 MiB and never in memory. */

#include "store/chunk.h"

enum {
        INDEX_HEAD_SIZE = 64,
        INDEX_ENTRY_SIZE = 40,
        INDEX_TAIL_SIZE = 40,
};

/* Length of the index of a partition of this many bytes. */
uint64_t index_file_size(uint64_t part_size);
/* Number of chunks of a partition, and the length of chunk i of it. */
uint64_t index_chunks(uint64_t part_size);
size_t index_chunk_length(uint64_t part_size, uint64_t i);

typedef struct IndexWriter IndexWriter;

/* Makes dir/name, which must not exist. */
int index_create_at(int dir, const char *name, IndexWriter **ret);
IndexWriter *index_writer_free(IndexWriter *w);
DEFINE_CLEANUP(IndexWriter, index_writer_free)
/* Appends a chunk: CHUNK_SIZE bytes, or 1 to CHUNK_SIZE for the last one. -EINVAL otherwise. */
int index_add(IndexWriter *w, size_t length, const ChunkHash *hash);
/* Writes the tail; ret_sum is the SHA-256 of the file. Making it durable is the commit's business. */
int index_finish(IndexWriter *w, uint8_t ret_sum[SHA256_SIZE]);

typedef struct IndexReader IndexReader;

/* Reads through the whole file and checks it: form, length, order, and that it describes a
 * partition of part_size bytes. fd stays the caller's and must be open as long as the reader is.
 * 0 and the SHA-256 of the file; -EBADMSG; -ENOMEM, or what reading failed with. */
int index_open(int fd, uint64_t part_size, IndexReader **ret, uint8_t ret_sum[SHA256_SIZE]);
IndexReader *index_reader_free(IndexReader *r);
DEFINE_CLEANUP(IndexReader, index_reader_free)
/* The next chunk: 1, or 0 behind the last one. */
int index_next(IndexReader *r, ChunkHash *ret_hash, uint64_t *ret_offset, size_t *ret_length);
