/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Random access to foreign bytes of any size.
 *
 * Every reader of a format that may lie in something big (a dump, a partition, an image) takes a
 * Source: a length and a bounded read. The formats never see a file; a program puts a descriptor
 * behind it (client/file-source.h), tests and small files a block of memory, and some formats are
 * sources themselves: a window on another source, the expanded content of a sparse image, a
 * logical partition of a super image. A source knows its holes where it can, so that a mostly
 * empty dump of hundreds of gigabytes costs what its data costs. The bytes that were really read
 * are counted.
 *
 * A Source is embedded in what implements it; whoever made it frees it, nobody else does. */

#include "basic/cleanup.h"

typedef struct Source Source;

typedef struct SourceOps {
        /* exactly size bytes; [offset, offset + size) was checked to lie inside */
        int (*read)(Source *s, void *data, size_t size, uint64_t offset);
        /* see source_extent(); NULL: everything is data */
        int (*extent)(Source *s, uint64_t offset, uint64_t *ret_start, uint64_t *ret_end);
} SourceOps;

struct Source {
        const SourceOps *ops;
        uint64_t size;       /* bytes */
        uint64_t bytes_read; /* through source_read() */
};

/* Exactly size bytes at offset: 0; -ERANGE when that is not all inside; else what the source says. */
int source_read(Source *s, void *data, size_t size, uint64_t offset);
/* As much of [offset, offset + size) as there is; the number of bytes in *ret, 0 at the end. */
int source_read_some(Source *s, void *data, size_t size, uint64_t offset, size_t *ret);
/* The first stretch of data that ends behind offset: [*ret_start, *ret_end), with *ret_start at
 * least offset; what lies between offset and *ret_start reads as zeros. -ENXIO: no data follows. */
int source_extent(Source *s, uint64_t offset, uint64_t *ret_start, uint64_t *ret_end);

/* A block of memory, borrowed. */
typedef struct MemorySource {
        Source source;
        const uint8_t *data;
} MemorySource;
Source *memory_source_init(MemorySource *m, const void *data, size_t size);

/* [offset, offset + size) of another source, borrowed; cut at the end of the other one. */
typedef struct WindowSource {
        Source source;
        Source *parent;
        uint64_t offset;
} WindowSource;
Source *window_source_init(WindowSource *w, Source *parent, uint64_t offset, uint64_t size);
