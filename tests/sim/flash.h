/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The phone's storage: a directory with one raw sparse file an area.
 *
 * user.img boot1.img boot2.img rpmb.img gp1.img … for eMMC, lu0.img lu1.img lu2.img for UFS. A file
 * that is not there is an area of size 0. Holes read as zeros and cost nothing. */

#include <sys/types.h>

#include "basic/cleanup.h"

typedef enum FlashArea {
        FLASH_BOOT1,
        FLASH_BOOT2,
        FLASH_RPMB,
        FLASH_GP1,
        FLASH_GP2,
        FLASH_GP3,
        FLASH_GP4,
        FLASH_USER,
        _FLASH_MAX
} FlashArea;

typedef struct Flash Flash;

/* Opens the areas for reading only, unless writable. -ENOENT when there is no USER (LU2) file. */
int flash_open(const char *dir, bool ufs, bool writable, Flash **ret);
Flash *flash_free(Flash *f);
DEFINE_CLEANUP(Flash, flash_free)

uint64_t flash_size(const Flash *f, FlashArea area);
/* The range must lie in the area. 0 or a negative errno. */
int flash_read(Flash *f, FlashArea area, uint64_t offset, void *data, size_t size);
int flash_write(Flash *f, FlashArea area, uint64_t offset, const void *data, size_t size);
const char *flash_file(FlashArea area, bool ufs);
