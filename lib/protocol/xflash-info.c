/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "protocol/xflash-info.h"

#include <errno.h>
#include <string.h>

#include "basic/bytes.h"

enum {
        TYPE_EMMC = 1,
        TYPE_UFS = 0x30,
        RAM_DRAM = 1,
        RAM_SRAM = 2,
        EMMC_SIZE_MIN = 96,
        EMMC_CID_SIZE = 16,
        UFS_SIZE_MIN = 52,
        UFS_CID_SIZE_OLD = 16,
        UFS_CID_SIZE = 22,                                 /* vendor, product */
        UFS_TAIL_SIZE = UFS_CID_SIZE + 8 + STORAGE_ID_MAX, /* at least, in the long form */
        RAM_SIZE = 48,
        RAM_SIZE_OLD = 24,
        BLOCK_MIN = 512,
        BLOCK_MAX = 65536,
};

static bool block_size_valid(uint32_t size)
{
        return size >= BLOCK_MIN && size <= BLOCK_MAX && (size & (size - 1)) == 0;
}

/* Keeps n bytes of identification unless they are empty. */
static void take_id(StorageInfo *s, const uint8_t *id, size_t n)
{
        s->n_cid = 0;
        if (bytes_all(id, n, 0x00) || bytes_all(id, n, 0xFF))
                return;
        memcpy(s->cid, id, n);
        s->n_cid = n;
}

static int parse_head(Bytes *b, uint32_t wanted, StorageType type, StorageInfo *s)
{
        if (bytes_le32(b) != wanted)
                return 0;
        s->type = type;
        s->n_regions = 0;
        s->block_size = bytes_le32(b);
        return block_size_valid(s->block_size) ? 1 : -EPROTO;
}

int xflash_parse_emmc(const void *data, size_t size, StorageInfo *s)
{
        /* the stock agents refuse to read anything but the boot areas and USER */
        static const struct {
                RegionKind kind;
                bool readable;
        } regions[] = {
                { REGION_BOOT1, true },
                { REGION_BOOT2, true },
                { REGION_RPMB, false },
                { REGION_GP1, false },
                { REGION_GP2, false },
                { REGION_GP3, false },
                { REGION_GP4, false },
                { REGION_USER, true },
        };
        Bytes b = bytes_make(data, size);
        int r;

        if (size < EMMC_SIZE_MIN)
                return -EPROTO;
        r = parse_head(&b, TYPE_EMMC, STORAGE_EMMC, s);
        if (r <= 0)
                return r;
        for (uint32_t i = 0; i < ELEMENTS(regions); i++)
                if (storage_add_region(
                            s, regions[i].kind, i + 1, bytes_le64(&b), regions[i].readable) < 0)
                        return -EPROTO;
        take_id(s, bytes_take(&b, EMMC_CID_SIZE), EMMC_CID_SIZE);
        s->n_fw_version = sizeof(s->fw_version);
        memcpy(s->fw_version, bytes_take(&b, s->n_fw_version), s->n_fw_version);
        return storage_region(s, REGION_USER) ? 1 : -EPROTO;
}

/* Behind the sizes builds differ. The short form: id, firmware version. The long one: vendor and
 * product, firmware version, serial number; an id without the version in its middle stays the same
 * when the storage's firmware is updated. */
static void take_ufs_id(Bytes b, StorageInfo *s)
{
        uint8_t id[STORAGE_ID_MAX] = { 0 };
        size_t n = UFS_CID_SIZE_OLD;

        s->n_fw_version = 4;
        if (bytes_left(&b) < UFS_TAIL_SIZE) {
                memcpy(id, bytes_take(&b, n), n);
                memcpy(s->fw_version, bytes_take(&b, s->n_fw_version), s->n_fw_version);
        } else {
                memcpy(id, bytes_take(&b, UFS_CID_SIZE), UFS_CID_SIZE);
                s->n_fw_version = sizeof(s->fw_version);
                memcpy(s->fw_version, bytes_take(&b, s->n_fw_version), s->n_fw_version);
                n = sizeof(id);
                memcpy(id + UFS_CID_SIZE, bytes_take(&b, n - UFS_CID_SIZE), n - UFS_CID_SIZE);
        }
        while (n > 0 && id[n - 1] == 0)
                n--;
        take_id(s, id, n);
}

int xflash_parse_ufs(const void *data, size_t size, StorageInfo *s)
{
        static const RegionKind units[] = { REGION_BOOT1, REGION_BOOT2, REGION_USER };
        Bytes b = bytes_make(data, size);
        int r;

        if (size < UFS_SIZE_MIN)
                return -EPROTO;
        r = parse_head(&b, TYPE_UFS, STORAGE_UFS, s);
        if (r <= 0)
                return r;
        for (uint32_t i = 0; i < ELEMENTS(units); i++)
                if (storage_add_region(s, units[i], i + 1, bytes_le64(&b), true) < 0)
                        return -EPROTO;
        take_ufs_id(b, s);
        return storage_region(s, REGION_USER) ? 1 : -EPROTO;
}

int xflash_parse_ram(const void *data, size_t size, StorageInfo *s)
{
        Bytes b = bytes_make(data, size);

        if (size != RAM_SIZE && size != RAM_SIZE_OLD)
                return -EPROTO;
        for (int i = 0; i < 2; i++) {
                uint32_t type = bytes_le32(&b);
                uint64_t bytes;

                if (size == RAM_SIZE) {
                        bytes_skip(&b, 4 + 8); /* padding, base */
                        bytes = bytes_le64(&b);
                } else {
                        bytes_skip(&b, 4);
                        bytes = bytes_le32(&b);
                }
                if (type == RAM_SRAM)
                        s->sram_size = bytes;
                else if (type == RAM_DRAM)
                        s->dram_size = bytes;
        }
        return 0;
}

void xflash_parse_text(const void *data, size_t size, char *out, size_t out_size)
{
        Bytes b = bytes_make(data, MIN(size, out_size - 1));
        size_t n = b.size;

        bytes_text(&b, n, out);
}
