/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A folder of a test's own, removed with everything in it. */

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "basic/fd.h"
#include "test.h"

typedef struct Folder {
        char path[64];
        int fd;
} Folder;

static inline void folder_make(Folder *f)
{
        /* in memory where that is possible: these tests flush hundreds of files */
        snprintf(f->path, sizeof f->path, "%s/mtkbackup-test.XXXXXX",
                access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
        assert_non_null(mkdtemp(f->path));
        f->fd = open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_true(f->fd >= 0);
}

static inline void folder_remove(Folder *f)
{
        f->fd = fd_close(f->fd);
        assert_int_equal(tree_remove_at(AT_FDCWD, f->path), 0);
}

static inline void folder_write(const Folder *f, const char *name, const char *text)
{
        assert_int_equal(file_replace_at(f->fd, name, text, strlen(text), 0644), 0);
}

/* a file without a disk behind it */
static inline int memory_file(const void *data, size_t size)
{
        int fd = memfd_create("test", MFD_CLOEXEC);

        assert_true(fd >= 0);
        assert_int_equal(fd_write_full(fd, data, size), 0);
        return fd;
}

/* One for each test of a program. */
_unused_ static Folder test_folder;

_unused_ static int folder_setup(void **state)
{
        folder_make(&test_folder);
        return 0;
}

_unused_ static int folder_teardown(void **state)
{
        folder_remove(&test_folder);
        return 0;
}

#define folder_test(f) cmocka_unit_test_setup_teardown(f, folder_setup, folder_teardown)
