/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/file-source.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "basic/fd.h"

static int file_read(Source *s, void *data, size_t size, uint64_t offset)
{
        return fd_pread_full(((FileSource *)s)->fd, data, size, offset);
}

static int file_extent(Source *s, uint64_t offset, uint64_t *ret_start, uint64_t *ret_end)
{
        int fd = ((FileSource *)s)->fd;
        off_t start, end;

        start = lseek(fd, (off_t)offset, SEEK_DATA);
        if (start < 0 && errno == ENXIO)
                return -ENXIO;
        if (start < 0) { /* a device, or a file system that does not know: all is data */
                *ret_start = offset;
                *ret_end = s->size;
                return 0;
        }
        end = lseek(fd, start, SEEK_HOLE);
        *ret_start = MIN((uint64_t)start, s->size);
        *ret_end = end < 0 ? s->size : MIN((uint64_t)end, s->size);
        return *ret_start < *ret_end ? 0 : -ENXIO;
}

static const SourceOps file_ops = { .read = file_read, .extent = file_extent };

int file_source_from(FileSource *f, int fd_owned)
{
        _cleanup_close_ int fd = fd_owned;
        struct stat st;
        off_t end;

        *f = (FileSource){ .fd = -1 };
        if (fstat(fd, &st) < 0)
                return -errno;
        if (S_ISDIR(st.st_mode))
                return -EISDIR;
        end = lseek(fd, 0, SEEK_END);
        if (end < 0)
                return -errno;
        f->source = (Source){ .ops = &file_ops, .size = (uint64_t)end };
        f->fd = TAKE_FD(fd);
        return 0;
}

int file_source_open(FileSource *f, const char *path)
{
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

        *f = (FileSource){ .fd = -1 };
        return fd < 0 ? -errno : file_source_from(f, fd);
}

void file_source_close(FileSource *f)
{
        f->fd = fd_close(f->fd);
}
