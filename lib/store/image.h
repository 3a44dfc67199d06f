/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The image of one stored partition, piece by piece, every piece checked.
 *
 * Index and chunks are read through to the end; each chunk must give its hash, the index its
 * checksum and all of it the partition's SHA-256. A damaged chunk does not end the reading, so that
 * one walk finds all damage. */

#include "store/chunk.h"
#include "store/manifest.h"
#include "store/store.h"

typedef struct Image Image;

/* `dir` holds index/ and `part` describes one with an image; both stay the caller's. The codec is
 * used by image_next. -EBADMSG with ERROR_STORE_DAMAGED when the index is damaged. */
int image_open(const Store *s, int dir, const char *backup, const ManifestPart *part,
        ChunkCodec *codec, ChunkRead how, Image **ret, Failure *f);
Image *image_free(Image *i);
DEFINE_CLEANUP(Image, image_free)

/* The next piece, borrowed until the next call: 1; 0 at the end. -EBADMSG with ERROR_STORE_DAMAGED
 * when this piece is damaged or missing: *ret_offset and *ret_size are set, and the next call goes
 * on behind it. Other errors are final. */
int image_next(Image *i, const uint8_t **ret, uint64_t *ret_offset, size_t *ret_size, Failure *f);
/* After the end: 0 when the whole image has its checksum, -EBADMSG with the failure. Says nothing
 * (0) when a piece was damaged, which was said already. */
int image_finish(Image *i, Failure *f);
