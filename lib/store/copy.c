/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>

#include "basic/bytes.h"
#include "basic/fd.h"

enum { HOLE_SIZE = 4096 }; /* what file systems can leave out */

int copy_target(int fd, CopyTarget *ret)
{
        int flags = fcntl(fd, F_GETFL);
        struct stat st;
        off_t at;

        if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY)
                return -EBADF;
        if (fstat(fd, &st) < 0)
                return -errno;
        *ret = (CopyTarget){ .fd = fd, .what = "the output" };
        /* an appending descriptor ignores positions, so nothing can be left out */
        if (!S_ISREG(st.st_mode) || (flags & O_APPEND))
                return 0;
        at = lseek(fd, 0, SEEK_CUR);
        if (at < 0)
                return -errno;
        if (ftruncate(fd, at) < 0)
                return -errno;
        ret->sparse = true;
        ret->base = (uint64_t)at;
        return 0;
}

static int write_stream(int fd, const uint8_t *data, size_t size)
{
        while (size > 0) {
                ssize_t n = write(fd, data, size);

                if (n < 0 && errno == EAGAIN) {
                        struct pollfd p = { .fd = fd, .events = POLLOUT };

                        if (poll(&p, 1, -1) < 0 && errno != EINTR)
                                return -errno;
                        continue;
                }
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                data += n;
                size -= (size_t)n;
        }
        return 0;
}

/* Writes what is not zero, in as few calls as there are runs of it. */
static int write_sparse(int fd, const uint8_t *data, size_t size, uint64_t offset)
{
        size_t start = 0, at = 0;
        int r = 0;

        while (at < size && r == 0) {
                size_t n = MIN(size - at, (size_t)HOLE_SIZE);

                if (bytes_all(data + at, n, 0)) {
                        r = fd_pwrite_full(fd, data + start, at - start, offset + start);
                        start = at + n;
                }
                at += n;
        }
        return r < 0 ? r : fd_pwrite_full(fd, data + start, size - start, offset + start);
}

static int write_failed(Failure *f, int err, const CopyTarget *to)
{
        const char *reason = strerrordesc_np(-err);

        if (to->ours)
                return store_fail(f, err, "writing %s", to->what);
        return failure_set(f, err, ERROR_FAILED, "Writing %s failed: %s.", to->what,
                reason ? reason : "unknown error");
}

int copy_bytes(const CopyTarget *to, const void *data, size_t size, Failure *f)
{
        int r = to->sparse ? fd_pwrite_full(to->fd, data, size, to->base)
                           : write_stream(to->fd, data, size);

        return r < 0 ? write_failed(f, r, to) : 0;
}

int copy_image(Image *image, const CopyTarget *to, uint64_t size, Failure *f)
{
        const uint8_t *data;
        uint64_t offset;
        size_t n;
        int r;

        while ((r = image_next(image, &data, &offset, &n, f)) > 0) {
                r = to->sparse ? write_sparse(to->fd, data, n, to->base + offset)
                               : write_stream(to->fd, data, n);
                if (r < 0)
                        return write_failed(f, r, to);
                r = to->progress ? to->progress(to->userdata, n) : 0;
                if (r < 0)
                        return r;
        }
        if (r == 0)
                r = image_finish(image, f);
        if (r < 0)
                return r;
        if (to->sparse && ftruncate(to->fd, (off_t)(to->base + size)) < 0)
                return write_failed(f, -errno, to);
        return 0;
}
