/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "basic/bytes.h"
#include "basic/digest.h"
#include "basic/fd.h"
#include "client/error.h"
#include "client/export-dir.h"

#define SUMS "SHA256SUMS"
enum { SUMS_MAX = 4 * 1024 * 1024, SUM_COLUMN = 2 * SHA256_SIZE + 2, COPY_SIZE = 256 * 1024 };

struct ExportDir {
        char *path;
        int fd;
        bool force;
        char *sums; /* lines of what was written */
};

static int dir_error(const ExportDir *d, int r, const char *name)
{
        _cleanup_free_ char *path = NULL;

        return error_file(r, asprintf(&path, "%s/%s", d->path, name) < 0 ? name : path);
}

int export_dir_open(const char *path, bool force, ExportDir **ret)
{
        _cleanup_(export_dir_freep) ExportDir *d = calloc(1, sizeof(*d));

        if (!d)
                return error_errno(-ENOMEM, "cannot export");
        d->fd = -1;
        d->force = force;
        d->path = strdup(path);
        d->sums = strdup("");
        if (!d->path || !d->sums)
                return error_errno(-ENOMEM, "cannot export");
        if (mkdir(path, 0777) < 0 && errno != EEXIST)
                return error_file(-errno, path);
        d->fd = open(path, O_DIRECTORY | O_CLOEXEC | O_RDONLY);
        if (d->fd < 0)
                return error_file(-errno, path);
        *ret = TAKE_PTR(d);
        return 0;
}

ExportDir *export_dir_free(ExportDir *d)
{
        if (!d)
                return NULL;
        fd_close(d->fd);
        free(d->path);
        free(d->sums);
        free(d);
        return NULL;
}

static char *name_part(const char *name)
{
        char *file;
        return asprintf(&file, "%s.part", name) < 0 ? NULL : file;
}

int export_dir_check(ExportDir *d, const char *name)
{
        if (d->force || faccessat(d->fd, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
                return 0;
        return error_fail(ERROR_INVALID_FILE,
                "%s/%s exists; --force replaces it, another folder keeps it", d->path, name);
}

int export_dir_create(ExportDir *d, const char *name, int *ret_fd)
{
        _cleanup_free_ char *file = name_part(name);

        if (!file)
                return error_errno(-ENOMEM, "cannot export");
        int fd = openat(d->fd, file, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
                return dir_error(d, -errno, file);
        *ret_fd = fd;
        return 0;
}

void export_dir_abandon(ExportDir *d, const char *name)
{
        _cleanup_free_ char *file = name_part(name);

        if (file)
                unlinkat(d->fd, file, 0);
}

static int sum_of_file(int fd, uint64_t size, char out[static SHA256_HEX])
{
        _cleanup_(digest_freep) Digest *digest = NULL;
        _cleanup_free_ uint8_t *buffer = malloc(COPY_SIZE);
        uint8_t sum[SHA256_SIZE];

        int r = buffer ? digest_init() : -ENOMEM;
        r = r < 0 ? r : digest_new(DIGEST_SHA256, &digest);
        for (uint64_t at = 0; r >= 0 && at < size;) {
                size_t n = (size_t)MIN(size - at, (uint64_t)COPY_SIZE);
                r = fd_pread_full(fd, buffer, n, at);
                if (r < 0)
                        return r;
                digest_add(digest, buffer, n);
                at += n;
        }
        if (r < 0)
                return r;
        digest_finish(digest, sum);
        hex_encode(sum, sizeof(sum), out);
        return 0;
}

int export_dir_finish(ExportDir *d, const char *name, int fd, uint64_t size, const char *sha256)
{
        _cleanup_free_ char *part = name_part(name);
        char sum[SHA256_HEX];
        struct stat st;
        char *sums;

        if (!part)
                return error_errno(-ENOMEM, "cannot export");
        if (fstat(fd, &st) < 0)
                return dir_error(d, -errno, part);
        if (size == EXPORT_ANY_SIZE)
                size = (uint64_t)st.st_size;
        if ((uint64_t)st.st_size != size)
                return error_fail(ERROR_STORE_FAILED, "%s/%s has %llu bytes instead of %llu",
                        d->path, part, (unsigned long long)st.st_size, (unsigned long long)size);
        if (strlen(sha256) == SHA256_HEX - 1) {
                strcpy(sum, sha256);
        } else {
                int r = sum_of_file(fd, size, sum);
                if (r < 0)
                        return dir_error(d, r, part);
        }
        if (fsync(fd) < 0)
                return dir_error(d, -errno, part);
        if (renameat2(d->fd, part, d->fd, name, d->force ? 0 : RENAME_NOREPLACE) < 0)
                return dir_error(d, -errno, name);
        if (asprintf(&sums, "%s%s  %s\n", d->sums, sum, name) < 0)
                return error_errno(-ENOMEM, "cannot export");
        free(d->sums);
        d->sums = sums;
        return 0;
}

int export_dir_text(ExportDir *d, const char *name, const char *text)
{
        _cleanup_close_ int fd = -1;
        int r = export_dir_create(d, name, &fd);

        if (r)
                return r;
        r = fd_write_full(fd, text, strlen(text));
        r = r < 0 ? dir_error(d, r, name) : export_dir_finish(d, name, fd, strlen(text), "");
        if (r)
                export_dir_abandon(d, name);
        return r;
}

/* Does a line of SHA256SUMS name a file that was written just now? */
static bool sums_has(const char *sums, const char *line)
{
        size_t length = strcspn(line, "\n");

        for (const char *at = sums; *at; at += strcspn(at, "\n"), at += *at == '\n') {
                size_t n = strcspn(at, "\n");
                if (n == length && length > SUM_COLUMN &&
                        memcmp(at + SUM_COLUMN, line + SUM_COLUMN, n - SUM_COLUMN) == 0)
                        return true;
        }
        return false;
}

int export_dir_sums(ExportDir *d)
{
        _cleanup_free_ char *old = NULL, *text = NULL;
        size_t size = 0, used = 0;

        int r = file_read_at(d->fd, SUMS, SUMS_MAX, &old, &size);
        if (r < 0 && r != -ENOENT)
                return dir_error(d, r, SUMS);
        text = malloc(size + strlen(d->sums) + 2);
        if (!text)
                return error_errno(-ENOMEM, "cannot export");
        for (const char *at = old; at && *at;) {
                size_t n = strcspn(at, "\n");
                if (n > 0 && !sums_has(d->sums, at)) {
                        memcpy(text + used, at, n);
                        used += n;
                        text[used++] = '\n';
                }
                at += n + (at[n] == '\n');
        }
        strcpy(text + used, d->sums);
        /* replaces the file and flushes the folder, which makes the renames before it durable */
        r = file_replace_at(d->fd, SUMS, text, strlen(text), 0600);
        return r < 0 ? dir_error(d, r, SUMS) : 0;
}
