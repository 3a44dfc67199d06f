/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "format/checksum.h"

#include "basic/bytes.h"

enum { SUM32_STRETCH = 64 * 1024 * 1024 };

/* Bytes are added in pairs of four 16-bit lanes of a word; after this many words a lane could
 * overflow. */
enum { WORDS_AT_ONCE = UINT16_MAX / (2 * UINT8_MAX) };
#define LANES UINT64_C(0x00FF00FF00FF00FF)

static uint16_t sum_words(const uint8_t *p, size_t words)
{
        uint64_t lanes = 0;

        for (size_t i = 0; i < words; i++) {
                uint64_t word = get_le64(p + 8 * i);

                lanes += (word & LANES) + (word >> 8 & LANES);
        }
        return (uint16_t)(lanes + (lanes >> 16) + (lanes >> 32) + (lanes >> 48));
}

uint16_t sum16_add(uint16_t sum, const void *data, size_t size)
{
        const uint8_t *p = data;

        while (size >= 8) {
                size_t words = MIN(size / 8, (size_t)WORDS_AT_ONCE);

                sum = (uint16_t)(sum + sum_words(p, words));
                p += 8 * words;
                size -= 8 * words;
        }
        for (; size > 0; size--)
                sum = (uint16_t)(sum + *p++);
        return sum;
}

/* What a stretch that ended inside a word still adds: its last bytes, one by one and signed. */
static uint32_t tail(const Sum32 *s)
{
        uint32_t sum = 0;

        for (unsigned i = 0; i < s->position % 4; i++)
                sum += (uint32_t)(int8_t)(s->word >> 8 * i);
        return sum;
}

void sum32_add(Sum32 *s, const void *data, size_t size)
{
        const uint8_t *p = data;

        /* a stretch is a multiple of four bytes: only the end of all can lie inside a word */
        _Static_assert(SUM32_STRETCH % 4 == 0, "stretches are whole words");
        while (size > 0) {
                if (s->position % 4 == 0 && size >= 4) {
                        size_t words = size / 4;

                        for (size_t i = 0; i < words; i++)
                                s->sum += get_le32(p + 4 * i);
                        p += words * 4;
                        size -= words * 4;
                        s->position += words * 4;
                        continue;
                }
                if (s->position % 4 == 0)
                        s->word = 0;
                s->word |= (uint32_t)*p++ << 8 * (s->position % 4);
                s->position++;
                size--;
                if (s->position % 4 == 0)
                        s->sum += s->word;
        }
}

uint32_t sum32_finish(const Sum32 *s)
{
        return s->sum + tail(s);
}
