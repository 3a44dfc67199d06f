/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "basic/fd.h"

static char folder[64];
static int dir = -1;

static int setup(void **state)
{
        snprintf(folder, sizeof folder, "/tmp/test-fd.XXXXXX");
        assert_non_null(mkdtemp(folder));
        dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return dir < 0 ? -1 : 0;
}

static int teardown(void **state)
{
        dir = fd_close(dir);
        return tree_remove_at(AT_FDCWD, folder);
}

static void assert_content(const char *name, const char *want)
{
        _cleanup_free_ char *data = NULL;
        size_t size;

        assert_int_equal(file_read_at(dir, name, 100, &data, &size), 0);
        assert_int_equal(size, strlen(want));
        assert_string_equal(data, want);
}

/* A file is replaced whole or not at all. */
static void test_replace(void **state)
{
        struct stat st;

        assert_int_equal(file_replace_at(dir, "queue.json", "one", 3, 0600), 0);
        assert_content("queue.json", "one");
        assert_int_equal(file_replace_at(dir, "queue.json", "second", 6, 0600), 0);
        assert_content("queue.json", "second");
        assert_int_equal(fstatat(dir, "queue.json", &st, 0), 0);
        assert_int_equal(st.st_mode & 0777, 0600);

        /* a directory cannot be replaced: an error, and no temporary file stays */
        assert_int_equal(mkdirat(dir, "folder", 0700), 0);
        assert_true(file_replace_at(dir, "folder", "x", 1, 0600) < 0);
        assert_int_equal(faccessat(dir, ".folder.new", F_OK, 0), -1);
}

static void test_read_limits(void **state)
{
        char *data;

        assert_int_equal(file_replace_at(dir, "big", "0123456789", 10, 0600), 0);
        assert_int_equal(file_read_at(dir, "big", 9, &data, NULL), -EFBIG);
        assert_int_equal(file_read_at(dir, "absent", 9, &data, NULL), -ENOENT);
        assert_int_equal(mkfifoat(dir, "fifo", 0600), 0);
        assert_int_equal(file_read_at(dir, "fifo", 9, &data, NULL), -EINVAL);
}

static void test_short_file(void **state)
{
        _cleanup_close_ int fd = openat(dir, "short", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        char buffer[8];

        assert_int_equal(fd_write_full(fd, "abcd", 4), 0);
        assert_int_equal(fd_pwrite_full(fd, "XY", 2, 1), 0);
        assert_int_equal(fd_pread_full(fd, buffer, 4, 0), 0);
        assert_memory_equal(buffer, "aXYd", 4);
        assert_int_equal(fd_pread_full(fd, buffer, 4, 1), -EIO);
        assert_int_equal(fd_pread_full(-1, buffer, 1, 0), -EBADF);
}

static void test_directories(void **state)
{
        _cleanup_close_ int sub = dir_make_at(dir, "sub", 0700);

        assert_true(sub >= 0);
        fd_close(dir_make_at(sub, "deeper", 0700));
        assert_int_equal(file_replace_at(sub, "file", "x", 1, 0400), 0);
        assert_int_equal(symlinkat("sub", dir, "link"), 0);
        assert_int_equal(dir_open_at(dir, "link"), -ENOTDIR);

        /* the link goes, what it points to stays */
        assert_int_equal(tree_remove_at(dir, "link"), 0);
        assert_content("sub/file", "x");
        assert_int_equal(tree_remove_at(dir, "sub"), 0);
        assert_int_equal(faccessat(dir, "sub", F_OK, 0), -1);
        assert_int_equal(tree_remove_at(dir, "sub"), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_replace),
                cmocka_unit_test(test_read_limits),
                cmocka_unit_test(test_short_file),
                cmocka_unit_test(test_directories),
        };
        return cmocka_run_group_tests(tests, setup, teardown);
}
