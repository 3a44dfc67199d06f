/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/output-file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "basic/fd.h"
#include "client/error.h"
#include "client/interrupt.h"

static int file_write(Sink *s, const void *data, size_t size)
{
        return fd_pwrite_full(((OutputFile *)s)->fd, data, size, s->position);
}

static int file_hole(Sink *s, uint64_t size)
{
        /* the file was empty; its end is set when it is committed */
        return s->position + size <= INT64_MAX ? 0 : -EFBIG;
}

static int stream_write(Sink *s, const void *data, size_t size)
{
        return fd_write_full(((OutputFile *)s)->fd, data, size);
}

static const char *name_of(const OutputFile *o)
{
        return o->path ?: "standard output";
}

int output_error(const OutputFile *o, int r)
{
        return error_file(r, name_of(o));
}

static int open_stdout(OutputFile *o)
{
        if (isatty(STDOUT_FILENO))
                return error_usage(
                        "refusing to write a binary file to a terminal; -o names a file");
        o->fd = STDOUT_FILENO;
        o->sink.write = stream_write;
        return 0;
}

int output_open(OutputFile *o, const char *path, bool force)
{
        *o = (OutputFile){ .fd = -1, .force = force };
        if (strcmp(path, "-") == 0)
                return open_stdout(o);
        if (!force && faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
                return error_fail(ERROR_INVALID_FILE, "%s exists; --force replaces it", path);
        o->path = strdup(path);
        if (!o->path || asprintf(&o->part, "%s.part", path) < 0) {
                o->part = NULL;
                return error_errno(-ENOMEM, "cannot write %s", path);
        }
        o->sink = (Sink){ .write = file_write, .hole = file_hole };
        interrupt_begin();
        o->interruptible = true;
        o->fd = open(o->part, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
        if (o->fd < 0)
                return error_file(-errno, o->part);
        /* what an interrupted run left is overwritten, what another one is writing is not */
        if (flock(o->fd, LOCK_EX | LOCK_NB) < 0) {
                o->fd = fd_close(o->fd);
                return error_fail(ERROR_FAILED, "%s is being written by another program", o->part);
        }
        if (ftruncate(o->fd, 0) < 0)
                return error_file(-errno, o->part);
        return 0;
}

static int sync_folder(const char *path)
{
        _cleanup_free_ char *copy = strdup(path);
        _cleanup_close_ int fd = -1;

        if (!copy)
                return -ENOMEM;
        fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

int output_commit(OutputFile *o)
{
        int r;

        if (output_is_stdout(o))
                return 0;
        if (ftruncate(o->fd, (off_t)o->sink.position) < 0 || fsync(o->fd) < 0)
                return error_file(-errno, o->part);
        r = renameat2(AT_FDCWD, o->part, AT_FDCWD, o->path, o->force ? 0 : RENAME_NOREPLACE);
        if (r < 0 && errno == EINVAL && !o->force) /* a file system without the flag */
                r = access(o->path, F_OK) == 0 ? (errno = EEXIST, -1) : rename(o->part, o->path);
        if (r < 0)
                return error_file(-errno, o->path);
        o->fd = fd_close(o->fd);
        r = sync_folder(o->path);
        return r < 0 ? error_file(r, o->path) : 0;
}

void output_close(OutputFile *o)
{
        if (o->part && o->fd >= 0) {
                unlink(o->part);
                fd_close(o->fd);
        }
        if (o->interruptible)
                interrupt_end();
        free(o->path);
        free(o->part);
        *o = (OutputFile){ .fd = -1 };
}

int output_patch(OutputFile *o, const void *data, size_t size, uint64_t offset)
{
        if (output_is_stdout(o))
                return -ESPIPE;
        return fd_pwrite_full(o->fd, data, size, offset);
}

int output_text(const char *path, bool force, const char *text)
{
        _cleanup_output_ OutputFile o = { .fd = -1 };
        int r;

        if (strcmp(path, "-") == 0)
                return fputs(text, stdout) < 0 ? EXIT_GENERAL : EXIT_OK;
        r = output_open(&o, path, force);
        if (r != 0)
                return r;
        r = sink_write(&o.sink, text, strlen(text));
        if (r < 0)
                return output_error(&o, r);
        return output_commit(&o);
}

int output_folder(const char *path)
{
        struct stat st;

        if (mkdir(path, 0777) == 0)
                return 0;
        if (errno != EEXIST)
                return error_file(-errno, path);
        if (stat(path, &st) < 0)
                return error_file(-errno, path);
        return S_ISDIR(st.st_mode) ? 0 : error_file(-ENOTDIR, path);
}
