/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Android's boot and vendor_boot images, as far as it takes to name and measure them:
 * doc/images.md. Header versions 0 to 4. */

#include "format/source.h"

typedef enum BootImageKind { BOOT_IMAGE_BOOT, BOOT_IMAGE_VENDOR } BootImageKind;

typedef struct BootSection {
        const char *name;      /* "kernel", "ramdisk", … */
        uint64_t offset, size; /* in the image */
} BootSection;

enum { BOOT_SECTIONS_MAX = 8 };

typedef struct BootImage {
        BootImageKind kind;
        uint32_t version;
        uint32_t page_size;
        char name[17];
        char command_line[1537];
        uint32_t os_version;                     /* packed as in the header; 0 unknown */
        BootSection sections[BOOT_SECTIONS_MAX]; /* those that are not empty, in file order */
        size_t n_sections;
        uint64_t size; /* the whole image, pages counted */
} BootImage;

/* 0; -ENOENT: no such image; -EBADMSG: impossible page or section sizes. The image may be longer
 * than the source. */
int boot_image_read(Source *s, uint64_t offset, BootImage *ret);
/* "11.0.0 2021-08", "" when the header does not say. */
void boot_image_os_version(const BootImage *b, char *out, size_t size);
