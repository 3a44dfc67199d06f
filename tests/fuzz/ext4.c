/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Free blocks of ext4: whatever the tables say, the first block, which has the superblock, is never
 * free, nor anything outside. */

#include <stdlib.h>

#include "format/ext4.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        MemorySource m;
        Ext4Map *map = NULL;
        uint64_t step;

        if (ext4_map_new(memory_source_init(&m, data, size), &map) < 0)
                return 0;
        step = MAX(ext4_map_size(map) / 500, 1);
        for (uint64_t at = 0; at < ext4_map_size(map); at += step)
                ext4_map_is_free(map, at, 4096);
        if (ext4_map_is_free(map, ext4_map_size(map), 1))
                abort();
        ext4_map_free(map);
        return 0;
}
