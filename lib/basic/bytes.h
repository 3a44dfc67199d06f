/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Bounded access to foreign bytes.
 *
 * A Bytes is a window on memory somebody else owns, with a read position. Reading past its end
 * returns zeros and sets `bad`, so that a parser can read a whole header and check once. Nothing
 * here allocates or asserts on content. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct Bytes {
        const uint8_t *data;
        size_t size;
        size_t pos;
        bool bad; /* something was read past the end */
} Bytes;

static inline Bytes bytes_make(const void *data, size_t size)
{
        return (Bytes){ .data = data, .size = size };
}
static inline size_t bytes_left(const Bytes *b)
{
        return b->size - b->pos;
}

/* The next n bytes, or NULL (and bad) when fewer are left. Borrowed from the window. */
const uint8_t *bytes_take(Bytes *b, size_t n);
/* Sets the position; past the end sets bad and returns false. */
bool bytes_seek(Bytes *b, size_t pos);
bool bytes_skip(Bytes *b, size_t n);
/* A window on [offset, offset + size) of b; empty and bad when it does not fit. */
Bytes bytes_sub(const Bytes *b, uint64_t offset, uint64_t size);

uint8_t bytes_u8(Bytes *b);
uint16_t bytes_le16(Bytes *b);
uint32_t bytes_le32(Bytes *b);
uint64_t bytes_le64(Bytes *b);
uint16_t bytes_be16(Bytes *b);
uint32_t bytes_be32(Bytes *b);

/* Copies a zero-padded field of n bytes as text; what is not printable ASCII becomes '?'.
 * out holds n + 1 bytes. */
void bytes_text(Bytes *b, size_t n, char *out);

/* the same on bare memory; the caller knows that the bytes are there */
static inline uint16_t get_le16(const uint8_t *p)
{
        return (uint16_t)(p[0] | p[1] << 8);
}
static inline uint32_t get_le32(const uint8_t *p)
{
        return (uint32_t)get_le16(p) | (uint32_t)get_le16(p + 2) << 16;
}
static inline uint64_t get_le64(const uint8_t *p)
{
        return (uint64_t)get_le32(p) | (uint64_t)get_le32(p + 4) << 32;
}
static inline uint16_t get_be16(const uint8_t *p)
{
        return (uint16_t)(p[0] << 8 | p[1]);
}
static inline uint32_t get_be32(const uint8_t *p)
{
        return (uint32_t)get_be16(p) << 16 | get_be16(p + 2);
}
static inline uint64_t get_be64(const uint8_t *p)
{
        return (uint64_t)get_be32(p) << 32 | get_be32(p + 4);
}
static inline void put_le16(uint8_t *p, uint16_t v)
{
        p[0] = (uint8_t)v;
        p[1] = (uint8_t)(v >> 8);
}
static inline void put_le32(uint8_t *p, uint32_t v)
{
        put_le16(p, (uint16_t)v);
        put_le16(p + 2, (uint16_t)(v >> 16));
}
static inline void put_le64(uint8_t *p, uint64_t v)
{
        put_le32(p, (uint32_t)v);
        put_le32(p + 4, (uint32_t)(v >> 32));
}
static inline void put_be16(uint8_t *p, uint16_t v)
{
        p[0] = (uint8_t)(v >> 8);
        p[1] = (uint8_t)v;
}
static inline void put_be32(uint8_t *p, uint32_t v)
{
        put_be16(p, (uint16_t)(v >> 16));
        put_be16(p + 2, (uint16_t)v);
}

/* true when [offset, offset + size) lies in [0, total); no overflow */
static inline bool range_fits(uint64_t offset, uint64_t size, uint64_t total)
{
        return offset <= total && size <= total - offset;
}

/* Lower-case hexadecimal, 2n + 1 bytes out. */
void hex_encode(const void *data, size_t n, char *out);
/* Reads exactly n bytes from 2n hexadecimal digits; -EINVAL for anything else. */
int hex_decode(const char *text, void *data, size_t n);
/* True when all n bytes have this value; n 0 gives true. */
bool bytes_all(const void *data, size_t n, uint8_t value);
