/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Files of chunks. What decodes is at most a chunk long and can be stored again. */

#include <stdlib.h>
#include <string.h>

#include "store/chunk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static ChunkCodec *codec;
        const uint8_t *plain, *frame, *again;
        size_t n, n_frame, n_again;
        uint8_t *copy;

        if (!codec && chunk_codec_new(CHUNK_LEVEL, &codec) < 0)
                abort();
        if (chunk_decode(codec, data, size, &plain, &n) < 0)
                return 0;
        if (n == 0 || n > CHUNK_SIZE)
                abort();
        copy = malloc(n);
        memcpy(copy, plain, n);
        if (chunk_encode(codec, copy, n, &frame, &n_frame) < 0 || n_frame > CHUNK_FRAME_MAX)
                abort();
        if (chunk_decode(codec, frame, n_frame, &again, &n_again) < 0 || n_again != n ||
                memcmp(again, copy, n) != 0)
                abort();
        free(copy);
        return 0;
}
