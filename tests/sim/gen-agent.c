/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "gen-agent.h"

#include <errno.h>
#include <string.h>

#include "basic/bytes.h"
#include "basic/digest.h"
#include "chips.h"

enum {
        HEADER = 0x6c,
        ENTRY = 0xdc,
        DATA = 0x376c, /* room for 64 entries, as in the files */
        SIGNATURE = 0x100,
        STUB_SIZE = 0x270,
        STAGE1_SIZE = 0x34e78, /* with its signature */
        STAGE2_SIZE = 0x4731c,
};

int agent_code(const char *chip, uint16_t *ret)
{
        const Personality *p = personality_find(chip);
        char *end;
        unsigned long v = strtoul(chip, &end, 16);
        if (p)
                *ret = p->da_code;
        else if (!*end && end != chip && v <= 0xffff)
                *ret = (uint16_t)v;
        else
                return -ENOENT;
        return 0;
}

static void fill(uint8_t *data, size_t size, uint64_t seed)
{
        uint64_t x = seed * 0x9e3779b97f4a7c15 + 0x5eed;
        for (size_t i = 0; i < size; i++) {
                x ^= x << 13;
                x ^= x >> 7;
                x ^= x << 17;
                /* code is not noise: the high bits of a slow counter */
                data[i] = (uint8_t)(x >> 56 & 0x1f);
        }
}

static uint8_t *put_region(uint8_t *e, size_t offset, size_t size, uint32_t address, size_t sig)
{
        put_le32(e, (uint32_t)offset);
        put_le32(e + 4, (uint32_t)size);
        put_le32(e + 8, address);
        put_le32(e + 12, (uint32_t)(size - sig));
        put_le32(e + 16, (uint32_t)sig);
        return e + 20;
}

static void make_stages(const AgentSpec *s, size_t i, uint8_t *data)
{
        uint8_t *stage1 = data + STUB_SIZE, *stage2 = stage1 + STAGE1_SIZE;
        char mark[64];
        memcpy(data, "MMM\1\x38\0\0\0FILE_INFO", 17);
        fill(stage1, STAGE1_SIZE, s->seed * 1000 + 2 * i);
        fill(stage2, STAGE2_SIZE, s->seed * 1000 + 2 * i + 1);
        snprintf(mark, sizeof(mark), AGENT_MARK "%08x", s->codes[i]);
        memcpy(stage1 + 0x400, mark, strlen(mark) + 1);
        uint8_t *digest = stage1 + STAGE1_SIZE - 0xc664;
        digest_of(DIGEST_SHA256, stage2, STAGE2_SIZE - SIGNATURE, digest);
        digest[0] ^= s->wrong_digest;
}

int agent_make(const AgentSpec *s, uint8_t **ret, size_t *ret_size)
{
        size_t each = STUB_SIZE + STAGE1_SIZE + STAGE2_SIZE, size = DATA + s->n_codes * each;
        uint8_t *f;
        if (!s->n_codes || s->n_codes > AGENT_CHIPS_MAX)
                return -EINVAL;
        f = calloc(1, size);
        if (!f)
                return -ENOMEM;
        strcpy((char *)f, "MTK_DOWNLOAD_AGENT");
        strcpy((char *)f + 0x20,
                s->v6 ? "MTK_DA_v6_2021-11-20 00:00:00"
                      : "MTK_AllInOne_DA_v3.3001.2020/11/20.00:00_000001");
        put_le32(f + 0x60, 4);
        put_le32(f + 0x64, 0x22668899);
        put_le32(f + 0x68, (uint32_t)s->n_codes);
        for (size_t i = 0; i < s->n_codes; i++) {
                uint8_t *e = f + HEADER + i * ENTRY, *r = e + 0x14;
                size_t at = DATA + i * each;
                put_le16(e, 0xdada);
                put_le16(e + 2, s->codes[i]);
                put_le16(e + 6, s->hw_ver);
                put_le16(e + 8, s->sw_ver);
                put_le32(e + 0xc, 0x1000);
                put_le16(e + 0x12, 3);
                r = put_region(r, at, STUB_SIZE, 0x50000000, 0);
                r = put_region(r, at + STUB_SIZE, STAGE1_SIZE, 0x200000, SIGNATURE);
                put_region(r, at + STUB_SIZE + STAGE1_SIZE, STAGE2_SIZE, 0x40000000, SIGNATURE);
                make_stages(s, i, f + at);
        }
        *ret = f;
        *ret_size = size;
        return 0;
}
