/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Writing an image to a descriptor: into a regular file with holes where it is zero, anywhere else
 * byte by byte. */

#include "store/image.h"

typedef struct CopyTarget {
        int fd;
        bool sparse;      /* a regular file: written at base, its size is set at the end */
        uint64_t base;    /* where the image begins in it */
        const char *what; /* names it in messages */
        bool ours;        /* it lies in the store */
        /* Called with the bytes just written; a negative value ends the copy with it. May be NULL. */
        int (*progress)(void *userdata, uint64_t bytes);
        void *userdata;
} CopyTarget;

/* What a descriptor from elsewhere is. A regular file is cut at its position; -EBADF when it cannot
 * be written to. */
int copy_target(int fd, CopyTarget *ret);
/* Writes bytes at the target's base and ends it there. */
int copy_bytes(const CopyTarget *to, const void *data, size_t size, Failure *f);
/* Copies through to the end and checks the whole image. */
int copy_image(Image *image, const CopyTarget *to, uint64_t size, Failure *f);
