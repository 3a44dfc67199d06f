/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "format/checksum.h"

#include "basic/bytes.h"

enum { SUM32_STRETCH = 64 * 1024 * 1024 };

uint16_t sum16_add(uint16_t sum, const void *data, size_t size)
{
        const uint8_t *p = data;

        while (size > 0) {
                /* as many bytes as cannot overflow 32 bits; the compiler makes vectors of it */
                size_t n = MIN(size, (size_t)1 << 20);
                uint32_t part = 0;

                for (size_t i = 0; i < n; i++)
                        part += p[i];
                sum = (uint16_t)(sum + part);
                p += n;
                size -= n;
        }
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
