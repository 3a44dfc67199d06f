/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "format/preloader.h"

#include <ctype.h>
#include <errno.h>

#include "basic/bytes.h"
#include "basic/table.h"

enum {
        LAYOUT_AT = 0x200, /* also on UFS, whose write unit is larger */
        LAYOUT_SIZE = 20 + PRELOADER_DESCRIPTORS * 20,
        LAYOUT_ZEROS_TO = 0xB4, /* the unused descriptors are zero, then the fill begins */
        FILL_TO = 0x400,
        EMI_MAX = 256 * 1024,
        EMI_COUNT_AT = 0x6C,
        ROM_INFO_SCAN = 0x1000, /* from the content's start */
        STAMP_LENGTH = 15,
};

static const char layout_magic[8] = "BRLYT";
static const char emi_magic[] = "MTK_BLOADER_INFO_v";

static const char *const health_names[_PRELOADER_HEALTH_MAX] = {
        [PRELOADER_MISSING] = "missing",
        [PRELOADER_GOOD] = "good",
        [PRELOADER_UNPROVEN] = "unproven",
        [PRELOADER_DAMAGED] = "damaged",
        [PRELOADER_CUT] = "cut",
};

const char *preloader_health_to_string(PreloaderHealth health)
{
        return table_name(health_names, ELEMENTS(health_names), (int)health);
}

static const char *const storage_names[_PRELOADER_STORAGE_MAX] = {
        [PRELOADER_EMMC] = "emmc",
        [PRELOADER_UFS] = "ufs",
        [PRELOADER_SD] = "sd",
};
DEFINE_TABLE(preloader_storage, PreloaderStorage, storage_names)

/* what differs between the kinds of boot area */
static const struct {
        char name[12];
        uint32_t rw_unit, begin;
        uint16_t device;
        uint8_t fill; /* between FILL_TO and the file */
} areas[_PRELOADER_STORAGE_MAX] = {
        [PRELOADER_EMMC] = { "EMMC_BOOT", 0x200, 0x800, 5, 0x00 },
        [PRELOADER_UFS] = { "UFS_BOOT", 0x1000, 0x1000, 0xC, 0xFF },
        [PRELOADER_SD] = { "SDMMC_BOOT", 0x200, 0x800, 8, 0x00 },
};

static const char *const device_headers[] = { "EMMC_BOOT", "UFS_BOOT", "SDMMC_BOOT", "SF_BOOT",
        "COMBO_BOOT" };

static bool read_device_header(Bytes b, Preloader *p)
{
        bytes_text(&b, sizeof(p->device_header) - 1, p->device_header);
        bytes_le32(&b); /* version */
        p->rw_unit = bytes_le32(&b);
        for (size_t i = 0; i < ELEMENTS(device_headers); i++)
                if (!b.bad && strcmp(p->device_header, device_headers[i]) == 0)
                        return true;
        p->device_header[0] = 0;
        p->rw_unit = 0;
        return false;
}

static void read_layout(Bytes b, Preloader *p)
{
        const uint8_t *magic;

        bytes_seek(&b, LAYOUT_AT);
        magic = bytes_take(&b, sizeof(layout_magic));
        if (!magic || memcmp(magic, layout_magic, sizeof(layout_magic)) != 0)
                return;
        p->has_layout = true;
        bytes_le32(&b); /* version */
        p->boot_region = bytes_le32(&b);
        p->main_region = bytes_le32(&b);
        for (size_t i = 0; i < PRELOADER_DESCRIPTORS; i++) {
                PreloaderDescriptor *d = &p->descriptors[p->n_descriptors];

                magic = bytes_take(&b, 4);
                if (!magic || memcmp(magic, "BBBB", 4) != 0)
                        break;
                d->device = bytes_le16(&b);
                d->type = bytes_le16(&b);
                d->begin = bytes_le32(&b);
                d->boundary = bytes_le32(&b);
                d->attribute = bytes_le32(&b);
                if (!b.bad)
                        p->n_descriptors++;
        }
}

/* Where the loader should be: the first descriptor of a boot loader, else where the layout's boot
 * region begins; a bare file starts at 0. */
static uint64_t file_offset(const Preloader *p)
{
        for (size_t i = 0; i < p->n_descriptors; i++)
                if (p->descriptors[i].type == GFH_TYPE_ARM_BL)
                        return p->descriptors[i].begin;
        return p->boot_region;
}

static int read_emi(Source *s, Preloader *p)
{
        const GfhFile *f = &p->file;
        uint64_t end = f->offset + f->file_len - f->sig_len;
        uint8_t head[EMI_COUNT_AT + 4];
        uint32_t length;
        size_t n;
        int r;

        if (f->file_len - f->sig_len - f->content_offset < 4)
                return 0;
        r = source_read(s, head, 4, end - 4);
        if (r < 0)
                return r;
        length = get_le32(head);
        if (length < 32 || length > EMI_MAX ||
                length > f->file_len - f->sig_len - f->content_offset - 4)
                return 0;
        n = MIN(sizeof(head), (size_t)length);
        r = source_read(s, head, n, end - 4 - length);
        if (r < 0)
                return r;
        if (memcmp(head, emi_magic, strlen(emi_magic)) != 0)
                return 0;
        p->emi_offset = end - 4 - length - f->offset;
        p->emi_length = length;
        for (size_t i = 0; i < 2 && isdigit(head[strlen(emi_magic) + i]); i++)
                p->emi_version[i] = (char)head[strlen(emi_magic) + i];
        if (n == sizeof(head) && get_le32(head + EMI_COUNT_AT) <= length / 64)
                p->emi_entries = get_le32(head + EMI_COUNT_AT);
        return 0;
}

static int read_rom_info(Source *s, Preloader *p)
{
        static const char magic[] = "AND_ROMINFO_v";
        uint8_t buffer[ROM_INFO_SCAN];
        uint64_t at = p->file.offset + p->file.content_offset;
        size_t n;
        int r;

        r = source_read_some(s, buffer, sizeof(buffer), at, &n);
        if (r < 0)
                return r;
        for (size_t i = 0; i + 52 <= n; i += 4) {
                Bytes b = bytes_make(buffer + i, n - i);

                if (memcmp(b.data, magic, strlen(magic)) != 0)
                        continue;
                bytes_skip(&b, 20);
                bytes_text(&b, 16, p->platform);
                bytes_text(&b, 16, p->project);
                return 0;
        }
        return 0;
}

static bool is_stamp(const uint8_t *p)
{
        for (size_t i = 0; i < STAMP_LENGTH; i++)
                if (i == 8 ? p[i] != '-' : !isdigit(p[i]))
                        return false;
        return memcmp(p, "20", 2) == 0;
}

/* A stamp may stand anywhere in the code. */
static int read_build(Source *s, Preloader *p)
{
        enum { STEP = 16 * 1024, SCAN_MAX = 4 * 1024 * 1024 };
        uint8_t buffer[STEP + STAMP_LENGTH];
        uint64_t at = p->file.offset + p->file.content_offset;
        uint64_t end = p->file.offset + p->file.file_len;
        size_t n;
        int r;

        for (end = MIN(end, at + SCAN_MAX); at < end; at += STEP) {
                r = source_read_some(s, buffer, sizeof(buffer), at, &n);
                if (r < 0)
                        return r;
                for (size_t i = 0; i + STAMP_LENGTH <= n; i++)
                        if (buffer[i] == '2' && is_stamp(buffer + i)) {
                                memcpy(p->build, buffer + i, STAMP_LENGTH);
                                return 0;
                        }
        }
        return 0;
}

/* The last byte behind the file that is no fill tells how much the area holds besides it. */
static int measure_trailing(Source *s, Preloader *p)
{
        enum { STEP = 16 * 1024, SCAN_MAX = 16 * 1024 * 1024 };
        uint64_t begin = p->file.offset + p->file.file_len, at = begin;
        uint64_t end = MIN(s->size, begin + SCAN_MAX);
        uint8_t buffer[STEP];
        int r;

        while (at < end) {
                size_t n = (size_t)MIN(end - at, STEP);

                r = source_read(s, buffer, n, at);
                if (r < 0)
                        return r;
                for (size_t i = 0; i < n; i++)
                        if (buffer[i] != 0xFF && buffer[i] != 0)
                                p->trailing = at + i + 1 - begin;
                at += n;
        }
        return 0;
}

static int read_file(Source *s, Preloader *p)
{
        static int (*const details[])(
                Source *, Preloader *) = { read_emi, read_rom_info, read_build, measure_trailing };
        int r;

        r = gfh_read(s, file_offset(p), &p->file);
        if (r == -ENOENT)
                return 0;
        p->has_file = r != -EBADMSG;
        if (r == -EBADMSG) {
                p->health = PRELOADER_DAMAGED;
                return 0;
        }
        if (r < 0)
                return r;
        if (!range_fits(p->file.offset, p->file.file_len, s->size)) {
                p->health = PRELOADER_CUT;
                p->hash = GFH_HASH_CUT;
                return read_rom_info(s, p);
        }
        r = gfh_check_hash(s, &p->file, &p->hash);
        if (r < 0)
                return r;
        p->health = p->hash == GFH_HASH_GOOD ? PRELOADER_GOOD : PRELOADER_UNPROVEN;
        if (p->hash == GFH_HASH_BAD || p->file.chain_broken)
                p->health = PRELOADER_DAMAGED;
        for (size_t i = 0; i < ELEMENTS(details); i++) {
                r = details[i](s, p);
                if (r < 0)
                        return r;
        }
        return 0;
}

int preloader_read(Source *s, Preloader *ret)
{
        uint8_t head[LAYOUT_AT + LAYOUT_SIZE] = { 0 };
        Preloader p = { .health = PRELOADER_MISSING };
        bool area;
        size_t n;
        int r;

        r = source_read_some(s, head, sizeof(head), 0, &n);
        if (r < 0)
                return r;
        area = read_device_header(bytes_make(head, n), &p);
        if (area)
                read_layout(bytes_make(head, n), &p);
        r = read_file(s, &p);
        if (r < 0)
                return r;
        *ret = p;
        return area || p.health != PRELOADER_MISSING ? 0 : -ENOENT;
}

int preloader_make_header(PreloaderStorage storage, const GfhFile *file, uint32_t max_size,
        uint8_t ret[static PRELOADER_HEADER_MAX], size_t *ret_size)
{
        uint32_t begin = areas[storage].begin;
        uint8_t *p;

        if (max_size == 0)
                max_size = file->max_size;
        if (file->file_len > max_size || max_size > UINT32_MAX - begin)
                return -EINVAL;
        memset(ret, 0xFF, FILL_TO);
        memset(ret + FILL_TO, areas[storage].fill, begin - FILL_TO);
        memset(ret, 0, 12);
        memcpy(ret, areas[storage].name, strlen(areas[storage].name));
        put_le32(ret + 12, 1);
        put_le32(ret + 16, areas[storage].rw_unit);

        p = ret + LAYOUT_AT;
        memset(p, 0, LAYOUT_ZEROS_TO);
        memcpy(p, layout_magic, sizeof(layout_magic));
        put_le32(p + 8, 1);
        put_le32(p + 12, begin);
        put_le32(p + 16, begin + max_size);
        p += 20;
        memcpy(p, "BBBB", 4);
        put_le16(p + 4, areas[storage].device);
        put_le16(p + 6, GFH_TYPE_ARM_BL);
        put_le32(p + 8, begin);
        put_le32(p + 12, begin + max_size);
        put_le32(p + 16, 1);
        *ret_size = begin;
        return 0;
}
