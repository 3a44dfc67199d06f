/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* MediaTek's image header: doc/images.md.
 *
 * The 512 bytes in front of lk, tee, logo, modem and other firmware. They tell how much of a
 * partition is image; newer files are chains of such images (code and its certificates). */

#include "format/source.h"

enum {
        MTK_IMAGE_HEADER = 512,
        MTK_IMAGES_MAX = 256, /* of one chain */
};
#define MTK_IMAGE_MAGIC UINT32_C(0x58881688)

typedef struct MtkImage {
        uint64_t offset; /* of the header in the source */
        char name[33];
        uint64_t data_size;
        uint64_t load_address;
        bool has_load_address;
        uint32_t mode;
        unsigned version; /* 1, or 2 with the second magic */
        uint32_t header_size, image_type, align;
        bool last; /* marked as the end of its chain */
} MtkImage;

/* The image at offset: 0, -ENOENT: no header there, -EBADMSG: impossible sizes. Its data may end
 * behind the source (mtk_image_end() tells). */
int mtk_image_read(Source *s, uint64_t offset, MtkImage *ret);
/* Offset of the first byte behind header and data. */
uint64_t mtk_image_end(const MtkImage *i);
/* Where the next image of a chain would begin; version 1 images stand alone: 0. */
uint64_t mtk_image_next(const MtkImage *i);
/* True length of the chain that starts at offset: bytes up to the end of its last image, and the
 * number of images. 0, -ENOENT, -EBADMSG (a later header is broken), -ENODATA (an image is cut;
 * *ret_length is what it should be). */
int mtk_image_measure(Source *s, uint64_t offset, uint64_t *ret_length, unsigned *ret_images);
