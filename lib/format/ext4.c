/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "format/ext4.h"

#include <errno.h>

#include "basic/bytes.h"

enum {
        SUPERBLOCK_AT = 1024,
        SUPERBLOCK_SIZE = 1024,
        INCOMPAT_RECOVER = 0x4,
        INCOMPAT_META_BG = 0x10,
        INCOMPAT_64BIT = 0x80,
        RO_COMPAT_BIGALLOC = 0x200,
        GROUP_BLOCK_UNINIT = 0x2,
        DESCRIPTOR_MIN = 32,
        DESCRIPTOR_64BIT = 64,
        BLOCK_SIZE_MAX = 65536,
};

struct Ext4Map {
        Source *source;
        uint32_t block_size, descriptor_size;
        uint64_t blocks, first_block, blocks_per_group, groups;
        uint64_t table_offset; /* of the group descriptors */
        uint64_t doubtful;

        uint64_t group;  /* whose bitmap is loaded; UINT64_MAX none */
        bool group_used; /* treat it as used as a whole */
        uint8_t bitmap[];
};

static int read_superblock(Source *s, Ext4Map *m)
{
        uint8_t sb[SUPERBLOCK_SIZE];
        uint32_t log, incompat, ro_compat;
        size_t n;
        int r;

        r = source_read_some(s, sb, sizeof(sb), SUPERBLOCK_AT, &n);
        if (r < 0)
                return r;
        log = get_le32(sb + 24);
        if (n < sizeof(sb) || get_le16(sb + 56) != 0xEF53)
                return -ENOENT;
        incompat = get_le32(sb + 96);
        ro_compat = get_le32(sb + 100);
        if (incompat & INCOMPAT_RECOVER)
                return -EUCLEAN;
        if ((ro_compat & RO_COMPAT_BIGALLOC) || (incompat & INCOMPAT_META_BG))
                return -EOPNOTSUPP;
        if (log > 6)
                return -EBADMSG;
        m->block_size = 1024U << log;
        m->blocks = get_le32(sb + 4);
        m->descriptor_size = DESCRIPTOR_MIN;
        if (incompat & INCOMPAT_64BIT) {
                m->blocks |= (uint64_t)get_le32(sb + 0x150) << 32;
                m->descriptor_size = get_le16(sb + 0xFE);
        }
        m->first_block = get_le32(sb + 20);
        m->blocks_per_group = get_le32(sb + 32);
        m->table_offset = (m->first_block + 1) * m->block_size;
        if (m->descriptor_size < DESCRIPTOR_MIN || m->descriptor_size > m->block_size ||
                m->first_block > 1 || m->blocks <= m->first_block || m->blocks_per_group == 0 ||
                m->blocks_per_group > 8 * (uint64_t)m->block_size ||
                m->blocks > UINT64_MAX / BLOCK_SIZE_MAX)
                return -EBADMSG;
        m->groups = (m->blocks - m->first_block + m->blocks_per_group - 1) / m->blocks_per_group;
        return 0;
}

int ext4_map_new(Source *s, Ext4Map **ret)
{
        _cleanup_(ext4_map_freep) Ext4Map *m = calloc(1, sizeof(*m) + BLOCK_SIZE_MAX);
        int r;

        if (!m)
                return -ENOMEM;
        m->source = s;
        m->group = UINT64_MAX;
        r = read_superblock(s, m);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(m);
        return 0;
}

Ext4Map *ext4_map_free(Ext4Map *m)
{
        free(m);
        return NULL;
}

uint64_t ext4_map_size(const Ext4Map *m)
{
        return m->blocks * m->block_size;
}

uint64_t ext4_map_doubtful(const Ext4Map *m)
{
        return m->doubtful;
}

static bool bit_is_set(const uint8_t *bitmap, uint64_t i)
{
        return bitmap[i / 8] >> i % 8 & 1;
}

static uint64_t count_free(const uint8_t *bitmap, uint64_t bits)
{
        uint64_t n = 0;

        for (uint64_t i = 0; i < bits / 8; i++)
                n += 8 - (unsigned)__builtin_popcount(bitmap[i]);
        for (uint64_t i = bits / 8 * 8; i < bits; i++)
                n += !bit_is_set(bitmap, i);
        return n;
}

/* Loads the bitmap of a group. False when it cannot be relied on. */
static bool load_bitmap(Ext4Map *m, uint64_t group)
{
        uint64_t start = m->first_block + group * m->blocks_per_group;
        uint64_t bits = MIN(m->blocks_per_group, m->blocks - start), place, free_blocks;
        uint8_t d[DESCRIPTOR_64BIT] = { 0 };

        if (source_read(m->source, d, MIN(m->descriptor_size, DESCRIPTOR_64BIT),
                    m->table_offset + group * m->descriptor_size) < 0)
                return false;
        if (get_le16(d + 0x12) & GROUP_BLOCK_UNINIT)
                return false;
        place = get_le32(d) | (uint64_t)get_le32(d + 0x20) << 32;
        free_blocks = get_le16(d + 0xC) | (uint32_t)get_le16(d + 0x2C) << 16;
        if (place == 0 || place >= m->blocks ||
                source_read(m->source, m->bitmap, m->block_size, place * m->block_size) < 0)
                return false;
        return count_free(m->bitmap, bits) == free_blocks;
}

static bool block_is_free(Ext4Map *m, uint64_t block)
{
        uint64_t group;

        if (block < m->first_block || block >= m->blocks)
                return false;
        group = (block - m->first_block) / m->blocks_per_group;
        if (group != m->group) {
                m->group = group;
                m->group_used = !load_bitmap(m, group);
                m->doubtful += m->group_used;
        }
        return !m->group_used &&
                !bit_is_set(m->bitmap, (block - m->first_block) % m->blocks_per_group);
}

bool ext4_map_is_free(Ext4Map *m, uint64_t offset, uint64_t size)
{
        uint64_t block = offset / m->block_size, end;

        if (size == 0 || !range_fits(offset, size, ext4_map_size(m)))
                return false;
        end = (offset + size - 1) / m->block_size;
        for (; block <= end; block++)
                if (!block_is_free(m, block))
                        return false;
        return true;
}
