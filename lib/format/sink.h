/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Where a converter puts its result: bytes in order, with holes.
 *
 * The counterpart of Source for output. What has no way to make a hole gets zeros written. */

#include "format/source.h"

typedef struct Sink Sink;
struct Sink {
        int (*write)(Sink *s, const void *data, size_t size);
        /* the next size bytes are zeros that need no storage; NULL: they are written */
        int (*hole)(Sink *s, uint64_t size);
        uint64_t position; /* bytes so far, holes counted */
};

/* The next bytes, or size bytes of zeros. 0, or what the sink says. */
int sink_write(Sink *s, const void *data, size_t size);
int sink_hole(Sink *s, uint64_t size);

/* Called now and then with the bytes done; an error stops the work and is returned by it. */
typedef int (*ProgressFunction)(void *userdata, uint64_t done);
typedef struct Progress {
        ProgressFunction function; /* NULL: nobody wants to know */
        void *userdata;
} Progress;
int progress_report(const Progress *p, uint64_t done);

enum { COPY_BUFFER = 1024 * 1024 };

/* Copies [offset, offset + size) of a source. Holes of the source and stretches of at least 4 KiB
 * of zeros (at aligned places of the output) become holes of the sink. The progress counts from
 * 0. 0, -ENOMEM, or what source, sink or progress said. */
int sink_copy(Sink *s, Source *from, uint64_t offset, uint64_t size, const Progress *progress);

/* A sink in memory that grows up to a limit; -EFBIG beyond. */
typedef struct MemorySink {
        Sink sink;
        uint8_t *data; /* freed by memory_sink_done() */
        size_t size, allocated, limit;
} MemorySink;
Sink *memory_sink_init(MemorySink *m, size_t limit);
void memory_sink_done(MemorySink *m);
