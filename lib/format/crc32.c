/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "format/crc32.h"

#include "basic/bytes.h"

extern const uint32_t crc32_tables[8][256];

uint32_t crc32_add(uint32_t crc, const void *data, size_t size)
{
        const uint8_t *p = data;
        const uint32_t(*t)[256] = crc32_tables;

        crc = ~crc;
        for (; size >= 8; size -= 8, p += 8) {
                uint32_t a = get_le32(p) ^ crc, b = get_le32(p + 4);
                crc = t[7][a & 0xff] ^ t[6][a >> 8 & 0xff] ^ t[5][a >> 16 & 0xff] ^ t[4][a >> 24] ^
                        t[3][b & 0xff] ^ t[2][b >> 8 & 0xff] ^ t[1][b >> 16 & 0xff] ^ t[0][b >> 24];
        }
        for (; size > 0; size--)
                crc = crc >> 8 ^ t[0][(crc ^ *p++) & 0xff];
        return ~crc;
}
