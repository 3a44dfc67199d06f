/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flash.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "basic/fd.h"

struct Flash {
        int fds[_FLASH_MAX];
        uint64_t sizes[_FLASH_MAX];
};

static const char *const emmc_files[_FLASH_MAX] = {
        [FLASH_BOOT1] = "boot1.img",
        [FLASH_BOOT2] = "boot2.img",
        [FLASH_RPMB] = "rpmb.img",
        [FLASH_GP1] = "gp1.img",
        [FLASH_GP2] = "gp2.img",
        [FLASH_GP3] = "gp3.img",
        [FLASH_GP4] = "gp4.img",
        [FLASH_USER] = "user.img",
};
static const char *const ufs_files[_FLASH_MAX] = {
        [FLASH_BOOT1] = "lu0.img",
        [FLASH_BOOT2] = "lu1.img",
        [FLASH_USER] = "lu2.img",
};

const char *flash_file(FlashArea area, bool ufs)
{
        return ufs ? ufs_files[area] : emmc_files[area];
}

int flash_open(const char *dir, bool ufs, bool writable, Flash **ret)
{
        _cleanup_close_ int d = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_(flash_freep) Flash *f = calloc(1, sizeof(*f));
        if (d < 0)
                return -errno;
        if (!f)
                return -ENOMEM;
        for (int i = 0; i < _FLASH_MAX; i++)
                f->fds[i] = -1;
        for (FlashArea i = 0; i < _FLASH_MAX; i++) {
                struct stat st;
                if (!flash_file(i, ufs))
                        continue;
                f->fds[i] =
                        openat(d, flash_file(i, ufs), (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC);
                if (f->fds[i] < 0 && errno == ENOENT && i != FLASH_USER)
                        continue;
                if (f->fds[i] < 0 || fstat(f->fds[i], &st) < 0)
                        return -errno;
                f->sizes[i] = (uint64_t)st.st_size;
        }
        *ret = TAKE_PTR(f);
        return 0;
}

Flash *flash_free(Flash *f)
{
        for (int i = 0; f && i < _FLASH_MAX; i++)
                fd_close(f->fds[i]);
        free(f);
        return NULL;
}

uint64_t flash_size(const Flash *f, FlashArea area)
{
        return f->sizes[area];
}

int flash_read(Flash *f, FlashArea area, uint64_t offset, void *data, size_t size)
{
        return fd_pread_full(f->fds[area], data, size, offset);
}

int flash_write(Flash *f, FlashArea area, uint64_t offset, const void *data, size_t size)
{
        return fd_pwrite_full(f->fds[area], data, size, offset);
}
