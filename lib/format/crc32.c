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

/* Product of two polynomials modulo the CRC's, coefficients reflected: bit 31 is x^0. */
static uint32_t multiply(uint32_t a, uint32_t b)
{
        uint32_t product = 0;

        for (uint32_t bit = UINT32_C(1) << 31; bit != 0; bit >>= 1) {
                if (a & bit)
                        product ^= b;
                b = b & 1 ? b >> 1 ^ UINT32_C(0xedb88320) : b >> 1;
        }
        return product;
}

uint32_t crc32_add_zeros(uint32_t crc, uint64_t size)
{
        /* a zero byte multiplies the register by x^8; the power by squaring */
        uint32_t power = UINT32_C(1) << 31, square = UINT32_C(1) << 23;

        for (; size > 0; size >>= 1) {
                if (size & 1)
                        power = multiply(square, power);
                square = multiply(square, square);
        }
        return ~multiply(power, ~crc);
}
