/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Seekable zstd files: every byte that the table promises can be asked for. */

#include <stdlib.h>

#include "format/seekable.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        SeekableSource *s = NULL;
        uint8_t buffer[512];
        MemorySource m;
        uint64_t step;

        if (seekable_source_new(memory_source_init(&m, data, size), &s) < 0)
                return 0;
        step = MAX(seekable_source(s)->size / 50, 1);
        for (uint64_t at = 0; at < seekable_source(s)->size; at += step) {
                size_t n;

                source_read_some(seekable_source(s), buffer, sizeof(buffer), at, &n);
                if (n == 0)
                        abort();
        }
        seekable_source_free(s);
        return 0;
}
