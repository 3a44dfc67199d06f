/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Descriptors and small files. All calls restart on EINTR; sizes are bytes. */

#include <sys/types.h>

#include "basic/cleanup.h"

/* Exactly size bytes or an error: -EIO for a short end of file in read calls. */
int fd_pread_full(int fd, void *data, size_t size, uint64_t offset);
int fd_write_full(int fd, const void *data, size_t size);
int fd_pwrite_full(int fd, const void *data, size_t size, uint64_t offset);

/* Whole regular file of at most max bytes, with a zero byte behind it that size does not count.
 * -EFBIG when longer, -EINVAL for something that is no regular file. The caller frees. */
int fd_read_all(int fd, size_t max, char **ret, size_t *ret_size);
int file_read_at(int dir, const char *name, size_t max, char **ret, size_t *ret_size);

/* Replaces dir/name: temporary file, write, fsync, rename, fsync of the directory.
 * On an error the old file is untouched and the temporary one is gone. */
int file_replace_at(int dir, const char *name, const void *data, size_t size, mode_t mode);

/* Opens (and makes, with mode) a directory below dir; symbolic links are refused. */
int dir_open_at(int dir, const char *name);
int dir_make_at(int dir, const char *name, mode_t mode);
/* Removes a file or a whole tree; a name that is not there is fine. Never follows links. */
int tree_remove_at(int dir, const char *name);
