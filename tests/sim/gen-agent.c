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
        NAND_ENTRY = 52,
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

static const AgentForm xflash_form = {
        .address1 = 0x200000, .address2 = 0x40000000, .stub_address = 0x50000000
};

static const AgentForm *form_of(const AgentSpec *s, size_t i)
{
        const Personality *p = personality_by_agent(s->codes[i]);
        return p && p->form ? p->form : &xflash_form;
}

static size_t stage2_size(const AgentForm *form)
{
        if (form->table_entries)
                return form->table_entries * NAND_ENTRY;
        return form->stage2_size ?: STAGE2_SIZE;
}

static size_t stage2_signature(const AgentForm *form)
{
        return form->table_entries || form->unsigned_stage2 ? 0 : SIGNATURE;
}

static void make_stage2(const AgentSpec *s, size_t i, const AgentForm *form, uint8_t *data)
{
        size_t size = stage2_size(form);
        fill(data, size, s->seed * 1000 + 2 * i + 1);
        for (size_t k = 0; k < form->table_entries; k++) {
                uint8_t *e = data + k * NAND_ENTRY;
                bool last = k + 1 == form->table_entries;
                put_le16(e, last ? 0xffff : (uint16_t)(k + 1));
                put_le16(e + 2, 0xec);
        }
}

static void make_stages(const AgentSpec *s, size_t i, const AgentForm *form, uint8_t *data)
{
        uint8_t *stage1 = data + STUB_SIZE, *stage2 = stage1 + STAGE1_SIZE;
        DigestKind kind = form->sha1 ? DIGEST_SHA1 : DIGEST_SHA256;
        size_t from_end = form->v6 ? 0x130 : form->sha1 ? 0x714 : 0xc664;
        char mark[64];
        memcpy(data, "MMM\1\x38\0\0\0FILE_INFO", 17);
        fill(stage1, STAGE1_SIZE, s->seed * 1000 + 2 * i);
        make_stage2(s, i, form, stage2);
        snprintf(mark, sizeof(mark), AGENT_MARK "%08x", s->codes[i]);
        memcpy(stage1 + 0x400, mark, strlen(mark) + 1);
        if (!stage2_signature(form))
                return;
        uint8_t *digest = stage1 + STAGE1_SIZE - from_end;
        digest_of(kind, stage2, stage2_size(form) - SIGNATURE, digest);
        digest[0] ^= s->wrong_digest;
}

static void make_entry(const AgentSpec *s, size_t i, const AgentForm *form, uint8_t *f, size_t at)
{
        uint8_t *e = f + HEADER + i * ENTRY, *r = e + 0x14;
        size_t at1 = at + STUB_SIZE, at2 = at1 + STAGE1_SIZE;
        put_le16(e, 0xdada);
        put_le16(e + 2, s->codes[i]);
        put_le16(e + 6, s->hw_ver);
        put_le16(e + 8, s->sw_ver);
        put_le32(e + 0xc, 0x1000);
        put_le16(e + 0x10, form->index);
        put_le16(e + 0x12, 3);
        if (form->v6)
                r = put_region(r, at1, STAGE1_SIZE, form->address1, SIGNATURE);
        else
                r = put_region(r, at, STUB_SIZE, form->stub_address, 0);
        r = put_region(r, at1, STAGE1_SIZE, form->address1, SIGNATURE);
        r = put_region(r, at2, stage2_size(form), form->address2, stage2_signature(form));
        if (!form->v6)
                return;
        /* in this family the field is a place in the file */
        put_le32(e + 0x14 + 12, (uint32_t)(at2 - SIGNATURE));
        put_le32(e + 0x28 + 12, (uint32_t)(at2 - SIGNATURE));
        put_le32(e + 0x3c + 12, (uint32_t)(at2 + stage2_size(form) - SIGNATURE));
}

/* What the description says: the family, as far as it tells. */
static const char *description(const AgentSpec *s)
{
        bool all_old = true;
        for (size_t i = 0; i < s->n_codes; i++) {
                if (s->v6 || form_of(s, i)->v6)
                        return "MTK_DA_v6_2021-11-20 00:00:00";
                all_old &= form_of(s, i)->sha1 || form_of(s, i)->table_entries;
        }
        return all_old ? "MTK_AllInOne_DA_v7.1504.00.00"
                       : "MTK_AllInOne_DA_v3.3001.2020/11/20.00:00_000001";
}

int agent_make(const AgentSpec *s, uint8_t **ret, size_t *ret_size)
{
        size_t size = DATA, at = DATA;
        uint8_t *f;
        if (!s->n_codes || s->n_codes > AGENT_CHIPS_MAX)
                return -EINVAL;
        for (size_t i = 0; i < s->n_codes; i++)
                size += STUB_SIZE + STAGE1_SIZE + stage2_size(form_of(s, i));
        f = calloc(1, size);
        if (!f)
                return -ENOMEM;
        strcpy((char *)f, "MTK_DOWNLOAD_AGENT");
        strcpy((char *)f + 0x20, description(s));
        put_le32(f + 0x60, 4);
        put_le32(f + 0x64, 0x22668899);
        put_le32(f + 0x68, (uint32_t)s->n_codes);
        for (size_t i = 0; i < s->n_codes; i++) {
                const AgentForm *form = form_of(s, i);
                make_entry(s, i, form, f, at);
                make_stages(s, i, form, f + at);
                at += STUB_SIZE + STAGE1_SIZE + stage2_size(form);
        }
        *ret = f;
        *ret_size = size;
        return 0;
}
