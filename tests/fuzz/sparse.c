/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Sparse images. Expanding one and reading it as a source must give the same bytes, and so must
 * making it sparse again. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "format/sparse-writer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { OUTPUT_MAX = 4 * 1024 * 1024 };

static void check_source(Source *image, const MemorySink *plain)
{
        SparseSource *x = NULL;
        uint8_t *copy = malloc(plain->size + 1);
        Source *s;

        if (sparse_source_new(image, &x) < 0)
                abort();
        s = sparse_source(x);
        if (s->size != plain->size || source_read(s, copy, plain->size, 0) < 0 ||
                memcmp(copy, plain->data, plain->size) != 0)
                abort();
        sparse_source_free(x);
        free(copy);
}

static void check_again(const MemorySink *plain)
{
        SparseOptions options = { .crc = true };
        MemorySource m;
        MemorySink image, again;
        uint32_t chunks;

        memory_source_init(&m, plain->data, plain->size);
        if (sparse_compress(&m.source, NULL, &options, NULL, &options.chunks) < 0 ||
                sparse_compress(&m.source, memory_sink_init(&image, 2 * OUTPUT_MAX), &options, NULL,
                        &chunks) < 0)
                abort();
        memory_source_init(&m, image.data, image.size);
        if (sparse_expand(&m.source, memory_sink_init(&again, OUTPUT_MAX + 4096), NULL) < 0 ||
                again.size < plain->size || memcmp(again.data, plain->data, plain->size) != 0)
                abort();
        memory_sink_done(&image);
        memory_sink_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        MemorySource m;
        Source *s = memory_source_init(&m, data, size);
        SparseSurvey survey;
        SparseHeader h;
        MemorySink out;
        int r;

        if (sparse_read_header(s, &h) < 0)
                return 0;
        sparse_survey(s, &h, &survey);
        if (sparse_size(&h) > OUTPUT_MAX)
                return 0;
        r = sparse_expand(s, memory_sink_init(&out, OUTPUT_MAX), NULL);
        if (out.size > sparse_size(&h))
                abort();
        if ((r == 0 || r == -EILSEQ) && out.size > 0) {
                check_source(s, &out);
                check_again(&out);
        }
        memory_sink_done(&out);
        return 0;
}
