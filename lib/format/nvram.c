/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "format/nvram.h"

#include "basic/bytes.h"
#include "basic/table.h"

enum { HEADER_SIZE = 16, STEP = 16 * 1024 };

static const char *const state_names[] = { "unknown", "good", "bad" };

const char *nvram_state_to_string(NvramState state)
{
        return table_name(state_names, ELEMENTS(state_names), (int)state);
}

/* Exclusive-or and addition take turns over the words; what is left at the end lies over the low
 * bytes of the last word and is added. */
static int checksum(Source *s, uint64_t offset, uint32_t size, uint32_t *ret)
{
        uint8_t buffer[STEP], last[4] = { 0 };
        uint32_t sum = 0, tail = size % 4;
        bool flip = true;
        int r;

        for (uint32_t done = 0; done < size - tail;) {
                uint32_t n = MIN(size - tail - done, (uint32_t)STEP);

                r = source_read(s, buffer, n, offset + done);
                if (r < 0)
                        return r;
                for (uint32_t i = 0; i < n; i += 4) {
                        uint32_t word = get_le32(buffer + i);

                        sum = flip ? sum ^ word : sum + word;
                        flip = !flip;
                }
                memcpy(last, buffer + n - 4, 4);
                done += n;
        }
        if (tail > 0) {
                r = source_read(s, last, tail, offset + size - tail);
                if (r < 0)
                        return r;
                sum += get_le32(last);
        }
        *ret = sum ^ size;
        return 0;
}

int nvram_read(Source *s, uint32_t block_size, Nvram *ret)
{
        uint8_t raw[HEADER_SIZE];
        size_t n;
        int r;

        *ret = (Nvram){ .state = NVRAM_UNKNOWN };
        r = source_read_some(s, raw, sizeof(raw), 0, &n);
        if (r < 0 || n < sizeof(raw))
                return r;
        ret->map_size = get_le32(raw);
        ret->data_size = get_le32(raw + 4);
        ret->stored = get_le32(raw + 12);
        if (ret->map_size == 0 || ret->map_size > block_size || ret->data_size == 0 ||
                !range_fits(block_size, ret->data_size, s->size))
                return 0;
        r = checksum(s, block_size, ret->data_size, &ret->computed);
        if (r < 0)
                return r;
        ret->state = ret->computed == ret->stored ? NVRAM_GOOD : NVRAM_BAD;
        return 0;
}
