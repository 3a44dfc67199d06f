/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "format/mtk-image.h"

#include <errno.h>

#include "basic/bytes.h"

#define EXT_MAGIC UINT32_C(0x58891689)
enum { ALIGN_MAX = 1024 * 1024 };

int mtk_image_read(Source *s, uint64_t offset, MtkImage *ret)
{
        uint8_t raw[MTK_IMAGE_HEADER];
        MtkImage i = { .offset = offset, .version = 1, .header_size = MTK_IMAGE_HEADER };
        uint32_t address, size_high, address_high;
        Bytes b;
        size_t n;
        int r;

        r = source_read_some(s, raw, sizeof(raw), offset, &n);
        if (r < 0)
                return r;
        b = bytes_make(raw, n);
        if (bytes_le32(&b) != MTK_IMAGE_MAGIC || n < sizeof(raw))
                return -ENOENT;
        i.data_size = bytes_le32(&b);
        bytes_text(&b, 32, i.name);
        address = bytes_le32(&b);
        i.has_load_address = address != UINT32_MAX;
        i.load_address = address;
        i.mode = bytes_le32(&b);
        if (bytes_le32(&b) == EXT_MAGIC) {
                i.version = 2;
                i.header_size = bytes_le32(&b);
                bytes_le32(&b); /* header version */
                i.image_type = bytes_le32(&b);
                i.last = bytes_le32(&b) == 1;
                i.align = bytes_le32(&b);
                size_high = bytes_le32(&b);
                address_high = bytes_le32(&b);
                /* images without the upper words have the fill there */
                if (size_high != UINT32_MAX)
                        i.data_size |= (uint64_t)size_high << 32;
                if (address_high != UINT32_MAX)
                        i.load_address |= (uint64_t)address_high << 32;
        }
        *ret = i;
        if (i.header_size < MTK_IMAGE_HEADER || i.header_size > 64 * KiB ||
                i.data_size > UINT64_MAX / 4 || i.align > ALIGN_MAX || offset > UINT64_MAX / 4)
                return -EBADMSG;
        return 0;
}

uint64_t mtk_image_end(const MtkImage *i)
{
        return i->offset + i->header_size + i->data_size;
}

uint64_t mtk_image_next(const MtkImage *i)
{
        uint64_t end = mtk_image_end(i), align = MAX(i->align, 1U);

        if (i->version < 2)
                return 0;
        return i->offset + (end - i->offset + align - 1) / align * align;
}

int mtk_image_measure(Source *s, uint64_t offset, uint64_t *ret_length, unsigned *ret_images)
{
        uint64_t at = offset;
        MtkImage i;
        int r;

        *ret_length = 0;
        *ret_images = 0;
        for (unsigned n = 0; n < MTK_IMAGES_MAX; n++) {
                r = mtk_image_read(s, at, &i);
                if (r == -ENOENT && n > 0)
                        return 0;
                if (r < 0)
                        return r;
                *ret_length = mtk_image_end(&i) - offset;
                *ret_images = n + 1;
                if (mtk_image_end(&i) > s->size)
                        return -ENODATA;
                at = mtk_image_next(&i);
                if (at == 0)
                        return 0;
        }
        return -EBADMSG;
}
