/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "protocol/session-source.h"

#include <errno.h>
#include <string.h>

typedef struct Blocks {
        uint8_t *data;
        size_t size, capacity;
} Blocks;

static int take(void *userdata, const uint8_t *data, size_t size)
{
        Blocks *b = userdata;

        if (size > b->capacity - b->size)
                return -EPROTO; /* more than was asked for */
        memcpy(b->data + b->size, data, size);
        b->size += size;
        return 0;
}

static int read_blocks(Source *s, void *data, size_t size, uint64_t offset)
{
        SessionSource *ss = (SessionSource *)s;
        uint64_t block = MAX(ss->session->storage.block_size, 512U);
        uint64_t start = offset - offset % block, end = offset + size;
        _cleanup_free_ uint8_t *buffer = NULL;
        Blocks b;
        int r;

        if (end % block != 0)
                end = MIN(end + block - end % block, s->size);
        if (end - start > SESSION_SOURCE_READ_MAX)
                return -EFBIG;
        buffer = malloc(end - start);
        if (!buffer)
                return -ENOMEM;
        b = (Blocks){ .data = buffer, .capacity = end - start };
        r = da_session_read(ss->session, ss->region, start, end - start, take, &b, ss->failure);
        if (r < 0)
                return r;
        memcpy(data, buffer + (offset - start), size);
        return 0;
}

Source *session_source_init(SessionSource *ss, DaSession *session, const Region *region, Failure *f)
{
        static const SourceOps ops = { .read = read_blocks };

        *ss = (SessionSource){
                .source = { .ops = &ops, .size = region->size },
                .session = session,
                .region = region,
                .failure = f,
        };
        return &ss->source;
}
