/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Download agent files made up for tests: doc/container.md. */

#include <string.h>

#include "basic/bytes.h"
#include "basic/digest.h"
#include "protocol/da-container.h"

typedef struct MadeRegion {
        uint32_t offset, size, address, sig_offset, sig_size;
} MadeRegion;

typedef struct MadeEntry {
        uint16_t magic, hw_code, hw_sub, hw_ver, sw_ver;
        uint16_t entry_region, n_regions;
        MadeRegion regions[DA_REGIONS_MAX];
} MadeEntry;

static inline void made_header(
        uint8_t *file, const char *description, uint32_t version, uint32_t count)
{
        memset(file, 0, DA_HEADER_SIZE);
        memcpy(file, "MTK_DOWNLOAD_AGENT", 18);
        strncpy((char *)file + 0x20, description, 63);
        put_le32(file + 0x60, version);
        put_le32(file + 0x64, 0x22668899);
        put_le32(file + 0x68, count);
}

static inline void made_entry(uint8_t *at, const MadeEntry *e, bool old)
{
        uint8_t *p = at + (old ? 8 : 12);

        put_le16(at, e->magic);
        put_le16(at + 2, e->hw_code);
        put_le16(at + 4, e->hw_sub);
        put_le16(at + 6, e->hw_ver);
        if (!old) {
                put_le16(at + 8, e->sw_ver);
                put_le16(at + 10, 0);
        }
        put_le32(p, 0x1000);
        put_le16(p + 4, e->entry_region);
        put_le16(p + 6, e->n_regions);
        p += 8;
        for (size_t i = 0; i < e->n_regions && i < DA_REGIONS_MAX; i++, p += 20) {
                put_le32(p, e->regions[i].offset);
                put_le32(p + 4, e->regions[i].size);
                put_le32(p + 8, e->regions[i].address);
                put_le32(p + 12, e->regions[i].sig_offset);
                put_le32(p + 16, e->regions[i].sig_size);
        }
}

/* A phone's agent with both stages: head, stage 1 at 0x1000, stage 2 at 0x2000. */
enum { MADE_SIZE = 0x3000, MADE_STAGE1 = 0x1000, MADE_STAGE2 = 0x2000 };
static inline MadeEntry made_phone(uint16_t code)
{
        return (MadeEntry){ .magic = 0xdada,
                .hw_code = code,
                .hw_ver = 0xca00,
                .n_regions = 3,
                .regions = {
                        { 0x200, 0x270, 0x50000000, 0x270, 0 },
                        { MADE_STAGE1, 0x800, 0x200000, 0x700, 0x100 },
                        { MADE_STAGE2, 0x1000, 0x40000000, 0xf00, 0x100 },
                } };
}

static inline void made_file(uint8_t file[MADE_SIZE], const MadeEntry *e)
{
        uint8_t sum[SHA256_SIZE];

        for (size_t i = 0; i < MADE_SIZE; i++)
                file[i] = (uint8_t)(i * 31 >> 3);
        made_header(file, "MTK_AllInOne_DA_v3.3001.2020/01/01", 4, 1);
        made_entry(file + DA_HEADER_SIZE, e, false);
        digest_of(DIGEST_SHA256, file + MADE_STAGE2, 0xf00, sum);
        memcpy(file + MADE_STAGE1 + 0x300, sum, sizeof(sum));
}
