/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Chunks: up to 1 MiB of a partition, compressed, in a file named after its SHA-256
 * (doc/store.md 3).
 *
 * The file is exactly one zstd frame with content size and checksum, which casync, desync and
 * `zstd -d` read. Nothing is trusted by its name: what is read is decoded within fixed memory and
 * compared or hashed, what is written is decoded again first. A ChunkCodec holds the buffers and
 * contexts for this; one thread uses it at a time. */

#include "basic/digest.h"

enum {
        CHUNK_SIZE = 1024 * 1024,
        CHUNK_FRAME_MAX =
                CHUNK_SIZE + 64 * 1024, /* no frame of ours is longer, nor read if it is */
        CHUNK_LEVEL = 3,
};

typedef struct ChunkHash {
        uint8_t bytes[SHA256_SIZE];
} ChunkHash;

bool chunk_hash_equal(const ChunkHash *a, const ChunkHash *b);
void chunk_hash_of(const void *data, size_t size, ChunkHash *ret);
/* The hash of CHUNK_SIZE zeros, which most of most phones consists of. */
const ChunkHash *chunk_hash_zero(void);
/* CHUNK_SIZE zeros. */
const uint8_t *chunk_zeros(void);

typedef struct ChunkCodec ChunkCodec;

/* level 0 makes a codec that only reads. 0 or -ENOMEM. */
int chunk_codec_new(int level, ChunkCodec **ret);
ChunkCodec *chunk_codec_free(ChunkCodec *c);
DEFINE_CLEANUP(ChunkCodec, chunk_codec_free)

/* Compresses 1 to CHUNK_SIZE bytes and decodes the result again to be sure. The frame is borrowed
 * until the next call. 0, or -EIO when the frame does not give the bytes back. */
int chunk_encode(
        ChunkCodec *c, const void *data, size_t size, const uint8_t **ret_frame, size_t *ret_size);
/* The bytes of a frame, borrowed until the next call. 0, or -EBADMSG for anything that is not
 * exactly one frame of 1 to CHUNK_SIZE bytes with its size and checksum. */
int chunk_decode(ChunkCodec *c, const void *frame, size_t frame_size, const uint8_t **ret_data,
        size_t *ret_size);

typedef enum ChunkRead {
        CHUNK_CACHED = 0,
        CHUNK_COLD = 1, /* drop it from the page cache before, so that the medium is asked */
} ChunkRead;

/* Reads a stored chunk and checks its hash. The bytes are borrowed until the next call.
 * 0; -ENOENT; -EBADMSG when what is there is not this chunk; else what the read failed with.
 * chunk_damaged() says which of these mean damage of this one file. */
int chunk_load(ChunkCodec *c, int chunks, const ChunkHash *hash, ChunkRead how,
        const uint8_t **ret_data, size_t *ret_size);
/* Compares a stored chunk with the bytes it should hold, whose hash it is named by. When they are
 * equal its modification time is set to now. Errors as chunk_load. */
int chunk_compare(ChunkCodec *c, int chunks, const ChunkHash *hash, const void *data, size_t size);
/* true for errors that concern the content of one file: it is damaged or cannot be read */
bool chunk_damaged(int err);
/* Size of the chunk's file: 0, -ENOENT, -EBADMSG when it is no file or empty. */
int chunk_stat(int chunks, const ChunkHash *hash, uint64_t *ret_size);
