/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Partition tables. Since wrong checksums end a parser early, they are made right first, in half of
 * the cases. A layout that was read is tiled and written again, and must come back the same. */

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "basic/bytes.h"
#include "format/crc32.h"
#include "format/ends-source.h"
#include "format/gpt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void sign(uint8_t *data, size_t size, size_t header, uint32_t sector_size)
{
        if (!range_fits(header, sector_size, size) || memcmp(data + header, "EFI PART", 8) != 0)
                return;
        uint8_t *h = data + header;
        uint64_t at = get_le64(h + 72), length = (uint64_t)get_le32(h + 80) * get_le32(h + 84);
        if (header > sector_size) /* a lone backup: its entries lie before it */
                at = (header - MIN(header, length)) / sector_size;
        if (at < size && range_fits(at * sector_size, length, size))
                put_le32(h + 88, crc32_add(0, data + at * sector_size, length));
        put_le32(h + 16, 0);
        put_le32(h + 16, crc32_add(0, h, MIN(get_le32(h + 12), sector_size)));
}

static void check_again(const Layout *l, const GptFacts *facts)
{
        uint64_t size = layout_region(l, REGION_USER)->size;
        GptImage image;
        EndsSource e;
        Layout *again = NULL;
        GptFacts ignored;

        if (gpt_write(l, facts->sector_size, size, &image) < 0)
                return;
        Source *s = ends_source_init(
                &e, size, image.head, image.head_size, image.tail, image.tail_size);
        if (gpt_read(s, size, &again, &ignored) < 0 || !ignored.equal)
                abort();
        for (size_t i = 0, k = 0; i < l->n_parts; i++) {
                const Partition *p = l->parts + i;
                if (strcasecmp(p->name, "pgpt") == 0 || strcasecmp(p->name, "sgpt") == 0 ||
                        p->class == CLASS_GAP)
                        continue; /* these are not written */
                if (k >= again->n_parts || p->offset != again->parts[k].offset ||
                        p->size != again->parts[k].size)
                        abort();
                k++;
        }
        layout_free(again);
        gpt_image_done(&image);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        uint8_t *copy = malloc(size + 1);

        for (int mode = 0; mode < 4; mode++) {
                MemorySource m;
                Layout *l = NULL;
                GptFacts facts;
                memcpy(copy, data, size);
                if (mode & 1)
                        for (uint32_t ss = 512; ss <= 4096; ss *= 8) {
                                sign(copy, size, ss, ss);
                                if (size >= ss)
                                        sign(copy, size, (size / ss - 1) * ss, ss);
                        }
                Source *s = memory_source_init(&m, copy, size);
                if (gpt_read(s, mode & 2 ? size : 0, &l, &facts) < 0)
                        continue;
                check_again(l, &facts);
                layout_tile(l);
                layout_free(l);
        }
        free(copy);
        return 0;
}
