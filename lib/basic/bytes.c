/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "basic/bytes.h"

#include <errno.h>

const uint8_t *bytes_take(Bytes *b, size_t n)
{
        if (b->bad || n > bytes_left(b)) {
                b->bad = true;
                return NULL;
        }
        b->pos += n;
        return b->data + b->pos - n;
}

bool bytes_seek(Bytes *b, size_t pos)
{
        if (pos > b->size) {
                b->bad = true;
                return false;
        }
        b->pos = pos;
        return true;
}

bool bytes_skip(Bytes *b, size_t n)
{
        return bytes_take(b, n) != NULL;
}

Bytes bytes_sub(const Bytes *b, uint64_t offset, uint64_t size)
{
        if (!range_fits(offset, size, b->size))
                return (Bytes){ .bad = true };
        return bytes_make(b->data + offset, (size_t)size);
}

uint8_t bytes_u8(Bytes *b)
{
        const uint8_t *p = bytes_take(b, 1);
        return p ? *p : 0;
}

uint16_t bytes_le16(Bytes *b)
{
        const uint8_t *p = bytes_take(b, 2);
        return p ? get_le16(p) : 0;
}

uint32_t bytes_le32(Bytes *b)
{
        const uint8_t *p = bytes_take(b, 4);
        return p ? get_le32(p) : 0;
}

uint64_t bytes_le64(Bytes *b)
{
        const uint8_t *p = bytes_take(b, 8);
        return p ? get_le64(p) : 0;
}

uint16_t bytes_be16(Bytes *b)
{
        const uint8_t *p = bytes_take(b, 2);
        return p ? get_be16(p) : 0;
}

uint32_t bytes_be32(Bytes *b)
{
        const uint8_t *p = bytes_take(b, 4);
        return p ? get_be32(p) : 0;
}

void bytes_text(Bytes *b, size_t n, char *out)
{
        const uint8_t *p = bytes_take(b, n);
        size_t i;

        for (i = 0; p && i < n && p[i]; i++)
                out[i] = (p[i] >= 0x20 && p[i] < 0x7f) ? (char)p[i] : '?';
        out[i] = 0;
}

void hex_encode(const void *data, size_t n, char *out)
{
        static const char digits[] = "0123456789abcdef";
        const uint8_t *p = data;

        for (size_t i = 0; i < n; i++) {
                out[2 * i] = digits[p[i] >> 4];
                out[2 * i + 1] = digits[p[i] & 15];
        }
        out[2 * n] = 0;
}

static int hex_digit(char c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        if (c >= 'a' && c <= 'f')
                return c - 'a' + 10;
        if (c >= 'A' && c <= 'F')
                return c - 'A' + 10;
        return -1;
}

int hex_decode(const char *text, void *data, size_t n)
{
        uint8_t *p = data;

        if (strnlen(text, 2 * n + 1) != 2 * n)
                return -EINVAL;
        for (size_t i = 0; i < n; i++) {
                int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);

                if (high < 0 || low < 0)
                        return -EINVAL;
                p[i] = (uint8_t)(high << 4 | low);
        }
        return 0;
}

bool bytes_all(const void *data, size_t n, uint8_t value)
{
        const uint8_t *p = data;

        /* equal to itself one byte further on: memcmp is much faster than a loop */
        return n == 0 || (p[0] == value && memcmp(p, p + 1, n - 1) == 0);
}
