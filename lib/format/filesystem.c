/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "format/filesystem.h"

#include "basic/bytes.h"
#include "basic/table.h"

enum { SUPERBLOCK_AT = 1024, READ_SIZE = 4096 };

static const char *const names[_FILESYSTEM_MAX] = {
        [FILESYSTEM_NONE] = "none",
        [FILESYSTEM_EXT4] = "ext4",
        [FILESYSTEM_F2FS] = "f2fs",
        [FILESYSTEM_EROFS] = "erofs",
        [FILESYSTEM_SQUASHFS] = "squashfs",
        [FILESYSTEM_FAT] = "vfat",
};

const char *filesystem_kind_to_string(FilesystemKind kind)
{
        return table_name(names, ELEMENTS(names), (int)kind);
}

static void format_uuid(const uint8_t *p, char out[static 37])
{
        char hex[33];

        if (bytes_all(p, 16, 0))
                return;
        hex_encode(p, 16, hex);
        snprintf(out, 37, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}

static void text(const uint8_t *p, size_t n, char *out)
{
        Bytes b = bytes_make(p, n);

        bytes_text(&b, n, out);
}

/* p: 4096 bytes from the start of the file system in every probe */
static bool probe_ext4(const uint8_t *p, Filesystem *f)
{
        const uint8_t *sb = p + SUPERBLOCK_AT;
        uint32_t log = get_le32(sb + 24), incompat = get_le32(sb + 96);
        uint64_t blocks = get_le32(sb + 4);

        if (get_le16(sb + 56) != 0xEF53 || log > 6)
                return false;
        if (incompat & 0x80) /* 64-bit block numbers */
                blocks |= (uint64_t)get_le32(sb + 0x150) << 32;
        f->kind = FILESYSTEM_EXT4;
        f->block_size = 1024U << log;
        f->size = blocks <= UINT64_MAX / f->block_size ? blocks * f->block_size : 0;
        f->needs_recovery = incompat & 0x4;
        text(sb + 120, 16, f->label);
        format_uuid(sb + 104, f->uuid);
        return true;
}

static bool probe_f2fs(const uint8_t *p, Filesystem *f)
{
        const uint8_t *sb = p + SUPERBLOCK_AT;
        uint32_t log = get_le32(sb + 16);
        uint64_t blocks = get_le64(sb + 36);

        if (get_le32(sb) != 0xF2F52010 || log < 9 || log > 16)
                return false;
        f->kind = FILESYSTEM_F2FS;
        f->block_size = 1U << log;
        f->size = blocks <= UINT64_MAX >> log ? blocks << log : 0;
        format_uuid(sb + 108, f->uuid);
        for (size_t i = 0; i < sizeof(f->label) - 1; i++) {
                uint16_t unit = get_le16(sb + 124 + 2 * i);

                if (unit == 0)
                        break;
                f->label[i] = unit >= 0x20 && unit < 0x7F ? (char)unit : '?';
        }
        return true;
}

static bool probe_erofs(const uint8_t *p, Filesystem *f)
{
        const uint8_t *sb = p + SUPERBLOCK_AT;
        uint8_t log = sb[12];

        if (get_le32(sb) != 0xE0F5E1E2 || log < 9 || log > 16)
                return false;
        f->kind = FILESYSTEM_EROFS;
        f->block_size = 1U << log;
        f->size = (uint64_t)get_le32(sb + 36) << log;
        format_uuid(sb + 48, f->uuid);
        text(sb + 64, 16, f->label);
        return true;
}

static bool probe_squashfs(const uint8_t *p, Filesystem *f)
{
        if (get_le32(p) != 0x73717368 || get_le16(p + 28) != 4)
                return false;
        f->kind = FILESYSTEM_SQUASHFS;
        f->block_size = get_le32(p + 12);
        f->size = get_le64(p + 40);
        return true;
}

static bool probe_fat(const uint8_t *p, Filesystem *f)
{
        uint16_t sector = get_le16(p + 11);
        uint32_t sectors = get_le16(p + 19) ?: get_le32(p + 32);

        if (get_le16(p + 510) != 0xAA55 || (p[0] != 0xEB && p[0] != 0xE9) ||
                (memcmp(p + 54, "FAT", 3) != 0 && memcmp(p + 82, "FAT32", 5) != 0) ||
                sector < 512 || sector > 4096 || (sector & (sector - 1)) != 0)
                return false;
        f->kind = FILESYSTEM_FAT;
        f->block_size = sector;
        f->size = (uint64_t)sectors * sector;
        return true;
}

int filesystem_identify(Source *s, uint64_t offset, Filesystem *ret)
{
        static bool (*const probes[])(const uint8_t *, Filesystem *) = { probe_ext4, probe_f2fs,
                probe_erofs, probe_squashfs, probe_fat };
        uint8_t raw[READ_SIZE] = { 0 };
        size_t n;
        int r;

        *ret = (Filesystem){ .kind = FILESYSTEM_NONE };
        r = source_read_some(s, raw, sizeof(raw), offset, &n);
        if (r < 0)
                return r;
        for (size_t i = 0; i < ELEMENTS(probes); i++)
                if (probes[i](raw, ret))
                        return 0;
        return 0;
}
