/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "format/gfh.h"

#include <errno.h>

#include "basic/bytes.h"
#include "basic/digest.h"
#include "basic/table.h"

typedef struct NumberName {
        uint16_t number;
        const char *name;
} NumberName;

static const NumberName file_types[] = {
        { 0x001, "ARM_BL" },
        { 0x002, "ARM_EXT_BL" },
        { 0x003, "DUALMAC_DSP_BL" },
        { 0x004, "SCTRL_CERT" },
        { 0x005, "TOOL_AUTH" },
        { 0x007, "EPP" },
        { 0x00A, "ROOT_CERT" },
        { 0x00B, "AP_BL" },
        { 0x100, "PRIMARY_MAUI" },
        { 0x101, "SECONDARY_MAUI" },
        { 0x102, "ON_DEMAND_PAGING" },
        { 0x103, "THIRD_ROM" },
        { 0x104, "DSP_ROM" },
        { 0x105, "CACHED_DSP_ROM" },
        { 0x106, "PRIMARY_FACTORY_BIN" },
        { 0x107, "SECONDARY_FACTORY_BIN" },
        { 0x108, "VIVA" },
        { 0x109, "LTE_DSP_ROM" },
        { 0x180, "CUSTOM_PACK" },
        { 0x181, "LANGUAGE_PACK" },
        { 0x182, "JUMP_TABLE" },
        { 0x200, "FOTA_UE" },
        { 0x201, "ARM_EXT_BL_BACKUP" },
        { 0x300, "SECURE_RO_S" },
        { 0x301, "SECURE_RO_ME" },
        { 0x400, "CARD_DOWNLOAD_PACKAGE" },
        { 0x401, "CONFIDENTIAL_BINARY" },
        { 0x480, "FILE_SYSTEM" },
        { 0x500, "BOOT_CERT_CTRL" },
        { 0x7000, "CUSTOMER_ENABLE" },
        { 0x7001, "CUSTOMER_1" },
        { 0x7002, "CUSTOMER_2" },
};

static const NumberName block_types[] = {
        { 0x000, "FILE_INFO" },
        { 0x001, "BL_INFO" },
        { 0x002, "ANTI_CLONE" },
        { 0x003, "BL_SEC_KEY" },
        { 0x004, "SCTRL_CERT" },
        { 0x005, "TOOL_AUTH" },
        { 0x007, "BROM_CFG" },
        { 0x008, "BROM_SEC_CFG" },
        { 0x00B, "ROOT_CERT" },
        { 0x00C, "EXP_CHK" },
        { 0x00D, "EPP_PARAM" },
        { 0x00E, "CHIP_VER" },
        { 0x100, "EPP_INFO" },
        { 0x101, "EMI_LIST" },
        { 0x102, "CMEM_ID_INFO" },
        { 0x103, "CMEM_NOR_INFO" },
        { 0x104, "DSP_INFO" },
        { 0x200, "MAUI_INFO" },
        { 0x201, "MAUI_SEC" },
        { 0x202, "MAUI_SEC_KEY_1" },
        { 0x203, "MAUI_SEC_KEY_2" },
        { 0x204, "MAUI_SEC_KEY_3" },
        { 0x205, "SECURE_RO_INFO" },
        { 0x206, "DL_PACKAGE_INFO" },
        { 0x207, "FLASH_INFO" },
        { 0x208, "MACR_INFO" },
        { 0x209, "ARM_BL_INFO" },
        { 0x20B, "FOTA_INFO" },
        { 0x20C, "CBR_RECORD_INFO" },
        { 0x20E, "CBR_INFO" },
        { 0x20F, "MBA_INFO" },
        { 0x210, "BINARY_LOCATION" },
};

static const char *const flash_devs[] = { "none", "NOR", "NAND sequential", "NAND TTBL",
        "NAND FDM5", "eMMC boot", "eMMC data", "serial flash", "xboot" };

static const char *const hash_names[] = {
        [GFH_HASH_NONE] = "none",
        [GFH_HASH_GOOD] = "good",
        [GFH_HASH_BAD] = "bad",
        [GFH_HASH_CUT] = "cut",
};

/* signature kinds whose hash is known: where it lies in the signature */
static const struct {
        uint8_t sig_type;
        uint32_t sig_len, at;
} hash_places[] = {
        { 1, 0x20, 0 },
        { 3, 0x124, 4 },
        { 5, 0x66C, 0x54C },
};

static const char *number_name(const NumberName *names, size_t n, uint16_t number)
{
        for (size_t i = 0; i < n; i++)
                if (names[i].number == number)
                        return names[i].name;
        return NULL;
}

const char *gfh_file_type_name(uint16_t type)
{
        return number_name(file_types, ELEMENTS(file_types), type);
}

const char *gfh_block_type_name(uint16_t type)
{
        return number_name(block_types, ELEMENTS(block_types), type);
}

const char *gfh_flash_dev_name(uint8_t dev)
{
        return table_name(flash_devs, ELEMENTS(flash_devs), dev);
}

const char *gfh_hash_to_string(GfhHash hash)
{
        return table_name(hash_names, ELEMENTS(hash_names), (int)hash);
}

/* magic, version, size and type of FILE_INFO and its name: 20 bytes that stand nowhere else */
static bool is_file_info(const uint8_t *p)
{
        return memcmp(p, "MMM", 3) == 0 && get_le16(p + 4) == GFH_FILE_INFO_SIZE &&
                get_le16(p + 6) == 0 && memcmp(p + 8, "FILE_INFO\0\0\0", 12) == 0;
}

static bool lengths_are_sane(const GfhFile *f)
{
        return f->content_offset >= GFH_FILE_INFO_SIZE && f->content_offset <= f->file_len &&
                f->content_offset <= MiB && f->file_len <= GiB &&
                f->sig_len <= f->file_len - f->content_offset;
}

static int read_chain(Source *s, GfhFile *f)
{
        uint32_t at = GFH_FILE_INFO_SIZE;
        uint8_t head[8];
        size_t n;
        int r;

        f->blocks[0] = (GfhBlock){ .size = GFH_FILE_INFO_SIZE };
        f->n_blocks = 1;
        while (at + sizeof(head) <= f->content_offset) {
                GfhBlock *b = &f->blocks[f->n_blocks];

                r = source_read_some(s, head, sizeof(head), f->offset + at, &n);
                if (r < 0)
                        return r;
                /* what is left up to the content may be padding */
                if (n < sizeof(head) || memcmp(head, "MMM", 3) != 0)
                        break;
                if (f->n_blocks == GFH_BLOCKS_MAX || get_le16(head + 4) < sizeof(head) ||
                        get_le16(head + 4) > f->content_offset - at) {
                        f->chain_broken = true;
                        break;
                }
                *b = (GfhBlock){
                        .offset = at,
                        .version = head[3],
                        .size = get_le16(head + 4),
                        .type = get_le16(head + 6),
                };
                at += b->size;
                f->n_blocks++;
        }
        return 0;
}

int gfh_read(Source *s, uint64_t offset, GfhFile *ret)
{
        uint8_t raw[GFH_FILE_INFO_SIZE];
        GfhFile f = { .offset = offset };
        Bytes b;
        size_t n;
        int r;

        r = source_read_some(s, raw, sizeof(raw), offset, &n);
        if (r < 0)
                return r;
        if (n < sizeof(raw) || !is_file_info(raw))
                return -ENOENT;
        b = bytes_make(raw, sizeof(raw));
        bytes_seek(&b, 0x14);
        f.file_ver = bytes_le32(&b);
        f.file_type = bytes_le16(&b);
        f.flash_dev = bytes_u8(&b);
        f.sig_type = bytes_u8(&b);
        f.load_addr = bytes_le32(&b);
        f.file_len = bytes_le32(&b);
        f.max_size = bytes_le32(&b);
        f.content_offset = bytes_le32(&b);
        f.sig_len = bytes_le32(&b);
        f.jump_offset = bytes_le32(&b);
        f.attr = bytes_le32(&b);
        if (!lengths_are_sane(&f)) {
                *ret = f;
                return -EBADMSG;
        }
        r = read_chain(s, &f);
        if (r < 0)
                return r;
        f.blocks[0].version = raw[3];
        *ret = f;
        return 0;
}

int gfh_find(Source *s, uint64_t from, uint64_t end, GfhFile *ret)
{
        enum { STEP = 64 * 1024, OVERLAP = GFH_FILE_INFO_SIZE };
        _cleanup_free_ uint8_t *buffer = malloc(STEP + OVERLAP);
        uint64_t at;
        size_t n;
        int r;

        if (!buffer)
                return -ENOMEM;
        end = MIN(end, s->size);
        if (from >= end)
                return -ENOENT;
        at = from + 3 - (from + 3) % 4;
        for (; at < end; at += STEP) {
                r = source_read_some(s, buffer, STEP + OVERLAP, at, &n);
                if (r < 0)
                        return r;
                for (size_t i = 0; i < STEP && at + i < end && i + OVERLAP <= n; i += 4) {
                        if (buffer[i] != 'M' || !is_file_info(buffer + i))
                                continue;
                        r = gfh_read(s, at + i, ret);
                        if (r != -ENOENT)
                                return r;
                }
        }
        return -ENOENT;
}

/* Sums of the signed stretch; both kinds, since only the signature's shape tells which it holds. */
static int hash_file(Source *s, const GfhFile *file, uint8_t *sha256, uint8_t *sha1)
{
        _cleanup_(digest_freep) Digest *long_sum = NULL, *short_sum = NULL;
        uint64_t left = file->file_len - file->sig_len, at = file->offset;
        uint8_t buffer[16 * 1024];
        int r;

        r = digest_new(DIGEST_SHA256, &long_sum);
        if (r < 0)
                return r;
        r = digest_new(DIGEST_SHA1, &short_sum);
        if (r < 0)
                return r;
        while (left > 0) {
                size_t n = (size_t)MIN(left, sizeof(buffer));

                r = source_read(s, buffer, n, at);
                if (r < 0)
                        return r;
                digest_add(long_sum, buffer, n);
                digest_add(short_sum, buffer, n);
                at += n;
                left -= n;
        }
        digest_finish(long_sum, sha256);
        digest_finish(short_sum, sha1);
        return 0;
}

int gfh_check_hash(Source *s, const GfhFile *file, GfhHash *ret)
{
        uint8_t sha256[SHA256_SIZE], sha1[SHA1_SIZE], stored[SHA256_SIZE];
        bool short_form;
        int r;

        *ret = GFH_HASH_NONE;
        for (size_t i = 0; i < ELEMENTS(hash_places); i++) {
                if (hash_places[i].sig_type != file->sig_type ||
                        hash_places[i].sig_len != file->sig_len)
                        continue;
                if (!range_fits(file->offset, file->file_len, s->size)) {
                        *ret = GFH_HASH_CUT;
                        return 0;
                }
                r = source_read(s, stored, sizeof(stored),
                        file->offset + file->file_len - file->sig_len + hash_places[i].at);
                if (r < 0)
                        return r;
                r = hash_file(s, file, sha256, sha1);
                if (r < 0)
                        return r;
                short_form = bytes_all(stored + SHA1_SIZE, SHA256_SIZE - SHA1_SIZE, 0);
                if (memcmp(stored, sha256, SHA256_SIZE) == 0 ||
                        (short_form && memcmp(stored, sha1, SHA1_SIZE) == 0))
                        *ret = GFH_HASH_GOOD;
                else
                        *ret = GFH_HASH_BAD;
                return 0;
        }
        return 0;
}
