/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "basic/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

int fd_close(int fd)
{
        int saved = errno;

        /* Linux frees the descriptor also when close reports EINTR or EIO */
        if (fd >= 0)
                close(fd);
        errno = saved;
        return -1;
}

typedef ssize_t (*Transfer)(int fd, uint8_t *data, size_t size, uint64_t offset);

static ssize_t do_write(int fd, uint8_t *data, size_t size, uint64_t offset)
{
        (void)offset;
        return write(fd, data, size);
}

static ssize_t do_pread(int fd, uint8_t *data, size_t size, uint64_t offset)
{
        return pread(fd, data, size, (off_t)offset);
}

static ssize_t do_pwrite(int fd, uint8_t *data, size_t size, uint64_t offset)
{
        return pwrite(fd, data, size, (off_t)offset);
}

static int transfer_full(Transfer transfer, int fd, uint8_t *data, size_t size, uint64_t offset)
{
        while (size > 0) {
                ssize_t n = transfer(fd, data, size, offset);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        return -EIO;
                data += n;
                size -= (size_t)n;
                offset += (uint64_t)n;
        }
        return 0;
}

int fd_pread_full(int fd, void *data, size_t size, uint64_t offset)
{
        return transfer_full(do_pread, fd, data, size, offset);
}

int fd_write_full(int fd, const void *data, size_t size)
{
        return transfer_full(do_write, fd, (uint8_t *)(uintptr_t)data, size, 0);
}

int fd_pwrite_full(int fd, const void *data, size_t size, uint64_t offset)
{
        return transfer_full(do_pwrite, fd, (uint8_t *)(uintptr_t)data, size, offset);
}

int fd_read_all(int fd, size_t max, char **ret, size_t *ret_size)
{
        _cleanup_free_ char *data = NULL;
        struct stat st;
        int r;

        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return -EINVAL;
        if ((uint64_t)st.st_size > max)
                return -EFBIG;
        data = malloc((size_t)st.st_size + 1);
        if (!data)
                return -ENOMEM;
        r = fd_pread_full(fd, data, (size_t)st.st_size, 0);
        if (r < 0)
                return r;
        data[st.st_size] = 0;
        *ret = TAKE_PTR(data);
        if (ret_size)
                *ret_size = (size_t)st.st_size;
        return 0;
}

int file_read_at(int dir, const char *name, size_t max, char **ret, size_t *ret_size)
{
        _cleanup_close_ int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

        if (fd < 0)
                return -errno;
        return fd_read_all(fd, max, ret, ret_size);
}

static int file_write_new(int dir, const char *name, const void *data, size_t size, mode_t mode)
{
        _cleanup_close_ int fd =
                openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
        int r;

        if (fd < 0)
                return -errno;
        r = fd_write_full(fd, data, size);
        if (r < 0)
                return r;
        return fsync(fd) < 0 ? -errno : 0;
}

int file_replace_at(int dir, const char *name, const void *data, size_t size, mode_t mode)
{
        char temporary[300];
        int r;

        /* one writer a file: a left-over of a crash is in nobody's use */
        if ((size_t)snprintf(temporary, sizeof temporary, ".%s.new", name) >= sizeof temporary)
                return -ENAMETOOLONG;
        if (unlinkat(dir, temporary, 0) < 0 && errno != ENOENT)
                return -errno;
        r = file_write_new(dir, temporary, data, size, mode);
        if (r == 0 && renameat(dir, temporary, dir, name) < 0)
                r = -errno;
        if (r < 0) {
                (void)unlinkat(dir, temporary, 0);
                return r;
        }
        return fsync(dir) < 0 ? -errno : 0;
}

int dir_open_at(int dir, const char *name)
{
        int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

        return fd < 0 ? -errno : fd;
}

int dir_make_at(int dir, const char *name, mode_t mode)
{
        if (mkdirat(dir, name, mode) < 0 && errno != EEXIST)
                return -errno;
        return dir_open_at(dir, name);
}

/* bounds the descriptors and the stack that a deep tree can cost */
enum { TREE_DEPTH_MAX = 32 };

static int tree_remove(int dir, const char *name, unsigned depth)
{
        _cleanup_closedir_ DIR *d = NULL;
        struct dirent *entry;
        int fd, r;

        if (unlinkat(dir, name, 0) == 0 || errno == ENOENT)
                return 0;
        if (errno != EISDIR && errno != EPERM)
                return -errno;
        if (depth >= TREE_DEPTH_MAX)
                return -ELOOP;
        fd = dir_open_at(dir, name);
        if (fd < 0)
                return fd;
        d = fdopendir(fd);
        if (!d) {
                r = -errno;
                fd_close(fd);
                return r;
        }
        while ((errno = 0, entry = readdir(d))) {
                if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
                        continue;
                r = tree_remove(dirfd(d), entry->d_name, depth + 1);
                if (r < 0)
                        return r;
        }
        if (errno > 0)
                return -errno;
        return unlinkat(dir, name, AT_REMOVEDIR) < 0 ? -errno : 0;
}

int tree_remove_at(int dir, const char *name)
{
        return tree_remove(dir, name, 0);
}
