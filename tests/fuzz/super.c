/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The head of super partitions. Wrong sums end a parser early, so they are made right in half of the
 * cases. Every partition that can be read is read. */

#include <stdlib.h>
#include <string.h>

#include "basic/bytes.h"
#include "basic/digest.h"
#include "format/super.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SLOTS_AT = 12288, SLOT = 4096 };

static void seal(uint8_t *data, size_t size)
{
        for (size_t at = 4096; at <= 8192 && range_fits(at, 52, size); at += 4096) {
                memset(data + at + 8, 0, 32);
                digest_of(DIGEST_SHA256, data + at, 52, data + at + 8);
        }
        for (size_t at = SLOTS_AT; range_fits(at, SLOT, size); at += SLOT) {
                uint8_t *p = data + at;
                uint32_t header = get_le32(p + 8), tables = get_le32(p + 44);

                if (header > 256 || header < 80 || !range_fits(header, tables, SLOT))
                        continue;
                digest_of(DIGEST_SHA256, p + header, tables, p + 48);
                memset(p + 12, 0, 32);
                digest_of(DIGEST_SHA256, p, header, p + 12);
        }
}

static void read_partition(const Super *super, const SuperPartition *p, Source *s)
{
        uint8_t buffer[4096];
        uint64_t start, end;
        SuperSource x;

        if (super_source_init(&x, super, p, s) < 0 || p->size == 0)
                return;
        if (source_read(&x.source, buffer, MIN(p->size, sizeof(buffer)), 0) < 0 ||
                source_read(&x.source, buffer, 1, p->size - 1) < 0)
                abort();
        for (uint64_t at = 0; source_extent(&x.source, at, &start, &end) == 0; at = end)
                if (start < at || end <= start || end > p->size)
                        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        uint8_t *copy = malloc(size + 1);

        memcpy(copy, data, size);
        for (int sealed = 0; sealed < 2; sealed++) {
                MemorySource m;
                Source *s = memory_source_init(&m, copy, size);
                Super *super = NULL;

                if (sealed)
                        seal(copy, size);
                if (super_read(s, -1, &super) < 0)
                        continue;
                for (size_t i = 0; i < super->n_partitions && i < 64; i++)
                        read_partition(super, &super->partitions[i], s);
                super_free(super);
        }
        free(copy);
        return 0;
}
