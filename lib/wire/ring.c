/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/ring.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

static const int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

int ring_create(size_t slots)
{
        _cleanup_close_ int fd = memfd_create("mtkbackup-ring", MFD_CLOEXEC | MFD_ALLOW_SEALING);

        if (fd < 0)
                return -errno;
        if (ftruncate(fd, (off_t)(slots * RING_SLOT_SIZE)) < 0)
                return -errno;
        if (fcntl(fd, F_ADD_SEALS, seals) < 0)
                return -errno;
        return TAKE_FD(fd);
}

int ring_map(int fd, bool writable, Ring *ret)
{
        struct stat st;
        int have;
        void *data;

        have = fcntl(fd, F_GET_SEALS);
        if (have < 0 || (have & seals) != seals)
                return -EINVAL;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (st.st_size <= 0 || st.st_size % RING_SLOT_SIZE ||
                st.st_size > (off_t)RING_SLOTS_MAX * RING_SLOT_SIZE)
                return -EINVAL;
        data = mmap(NULL, (size_t)st.st_size, writable ? PROT_READ | PROT_WRITE : PROT_READ,
                MAP_SHARED, fd, 0);
        if (data == MAP_FAILED)
                return -errno;
        *ret = (Ring){ .data = data, .slots = (size_t)st.st_size / RING_SLOT_SIZE };
        return 0;
}

void ring_unmap(Ring *r)
{
        if (r->data)
                munmap(r->data, r->slots * RING_SLOT_SIZE);
        *r = (Ring){};
}
