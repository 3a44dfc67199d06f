/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "basic/fd.h"
#include "client/file-source.h"

static char path[] = "/tmp/mtkbackup-source-XXXXXX";

static int make(void **state)
{
        strcpy(strrchr(path, '-'), "-XXXXXX");
        return fd_close(mkstemp(path)) == -1 ? 0 : -1;
}

static int drop(void **state)
{
        return unlink(path);
}

/* The holes of a file are known, so that nobody reads them. */
static void test_holes(void **state)
{
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);
        uint64_t start, end;
        char text[8];
        FileSource f;

        assert_int_equal(ftruncate(fd, (off_t)(100 * GiB)), 0);
        assert_int_equal(fd_pwrite_full(fd, "data", 4, 50 * GiB), 0);
        assert_int_equal(file_source_open(&f, path), 0);
        assert_int_equal(f.source.size, 100 * GiB);
        assert_int_equal(source_extent(&f.source, 0, &start, &end), 0);
        assert_int_equal(start, 50 * GiB);
        assert_true(end > start && end - start <= 64 * KiB);
        assert_int_equal(source_extent(&f.source, end, &start, &end), -ENXIO);
        assert_int_equal(source_read(&f.source, text, 4, 50 * GiB), 0);
        assert_memory_equal(text, "data", 4);
        assert_int_equal(source_read(&f.source, text, 4, 100 * GiB - 3), -ERANGE);
        file_source_close(&f);
}

/* A file that becomes shorter while it is read is an error, not zeros. */
static void test_shrinks(void **state)
{
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);
        FileSource f;
        char text[8];

        assert_int_equal(fd_pwrite_full(fd, "12345678", 8, 0), 0);
        assert_int_equal(file_source_open(&f, path), 0);
        assert_int_equal(ftruncate(fd, 4), 0);
        assert_int_equal(source_read(&f.source, text, 8, 0), -EIO);
        file_source_close(&f);
}

static void test_what_is_no_file(void **state)
{
        FileSource f;

        assert_int_equal(file_source_open(&f, "/tmp"), -EISDIR);
        assert_int_equal(file_source_open(&f, "/no/such"), -ENOENT);
        assert_int_equal(file_source_open(&f, "/dev/null"), 0);
        assert_int_equal(f.source.size, 0);
        file_source_close(&f);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make, drop)
TEST_MAIN(TEST(test_holes), TEST(test_shrinks), TEST(test_what_is_no_file))
