/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "format/boot-image.h"

#include <errno.h>

#include "basic/bytes.h"

enum {
        HEADER_READ = 2200, /* longest part that is looked at */
        V3_PAGE = 4096,
        PAGE_MIN = 512, /* header version 0 predates any rule; 2048 is the usual one */
        PAGE_MAX = 64 * 1024,
};

static bool add_section(BootImage *b, const char *name, uint64_t size)
{
        uint64_t pages = (size + b->page_size - 1) / b->page_size;

        if (size == 0)
                return true;
        if (b->n_sections == BOOT_SECTIONS_MAX)
                return false;
        b->sections[b->n_sections++] =
                (BootSection){ .name = name, .offset = b->size, .size = size };
        b->size += pages * b->page_size;
        return true;
}

static bool page_is_sane(uint32_t size)
{
        return size >= PAGE_MIN && size <= PAGE_MAX && (size & (size - 1)) == 0;
}

static uint32_t word(const uint8_t *p, size_t at)
{
        return get_le32(p + at);
}

static void text(const uint8_t *p, size_t at, size_t n, char *out)
{
        Bytes b = bytes_make(p + at, n);

        bytes_text(&b, n, out);
}

static int read_old(const uint8_t *p, BootImage *b)
{
        b->page_size = word(p, 36);
        if (!page_is_sane(b->page_size))
                return -EBADMSG;
        /* images of other makers keep a device tree's size where the version stands now */
        b->version = word(p, 40) <= 2 ? word(p, 40) : 0;
        b->os_version = word(p, 44);
        text(p, 48, 16, b->name);
        text(p, 64, 512, b->command_line);
        b->size = b->page_size;
        add_section(b, "kernel", word(p, 8));
        add_section(b, "ramdisk", word(p, 16));
        add_section(b, "second", word(p, 24));
        if (b->version == 0 && word(p, 40) > 4)
                add_section(b, "dt", word(p, 40));
        if (b->version >= 1)
                add_section(b, "recovery_dtbo", word(p, 1632));
        if (b->version >= 2)
                add_section(b, "dtb", word(p, 1648));
        return 0;
}

static int read_new(const uint8_t *p, BootImage *b)
{
        b->page_size = V3_PAGE;
        b->version = word(p, 40);
        b->os_version = word(p, 16);
        text(p, 44, 1536, b->command_line);
        b->size = V3_PAGE;
        add_section(b, "kernel", word(p, 8));
        add_section(b, "ramdisk", word(p, 12));
        if (b->version >= 4)
                add_section(b, "signature", word(p, 1580));
        return 0;
}

static int read_vendor(const uint8_t *p, BootImage *b)
{
        uint32_t header_size = word(p, 2096);

        b->kind = BOOT_IMAGE_VENDOR;
        b->version = word(p, 8);
        b->page_size = word(p, 12);
        if (!page_is_sane(b->page_size) || b->version < 3 || header_size > PAGE_MAX)
                return -EBADMSG;
        text(p, 28, 1536, b->command_line);
        text(p, 2080, 16, b->name);
        b->size = ((uint64_t)MAX(header_size, 1U) + b->page_size - 1) / b->page_size * b->page_size;
        add_section(b, "vendor_ramdisk", word(p, 24));
        add_section(b, "dtb", word(p, 2100));
        if (b->version >= 4) {
                add_section(b, "ramdisk_table", word(p, 2112));
                add_section(b, "bootconfig", word(p, 2124));
        }
        return 0;
}

int boot_image_read(Source *s, uint64_t offset, BootImage *ret)
{
        uint8_t raw[HEADER_READ] = { 0 };
        BootImage b = { 0 };
        uint32_t version;
        size_t n;
        int r;

        r = source_read_some(s, raw, sizeof(raw), offset, &n);
        if (r < 0)
                return r;
        if (n < 48)
                return -ENOENT;
        version = word(raw, 40);
        if (memcmp(raw, "VNDRBOOT", 8) == 0)
                r = read_vendor(raw, &b);
        else if (memcmp(raw, "ANDROID!", 8) != 0)
                return -ENOENT;
        else if (version == 3 || version == 4)
                r = read_new(raw, &b);
        else
                r = read_old(raw, &b);
        if (r < 0)
                return r;
        *ret = b;
        return 0;
}

void boot_image_os_version(const BootImage *b, char *out, size_t size)
{
        uint32_t version = b->os_version >> 11, level = b->os_version & 0x7FF;

        if (size > 0)
                out[0] = 0;
        if (b->os_version == 0)
                return;
        snprintf(out, size, "%u.%u.%u %u-%02u", version >> 14, version >> 7 & 0x7F, version & 0x7F,
                2000 + (level >> 4), level & 0xF);
}
