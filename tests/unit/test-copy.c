/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <pthread.h>
#include <sys/mman.h>

#include "store-one.h"
#include "store/copy.h"

static int copy_part(const char *name, const CopyTarget *to)
{
        const ManifestPart *part = manifest_find(backup->manifest, name);
        _cleanup_(image_freep) Image *i = NULL;

        fixture_failure = (Failure){};
        assert_int_equal(image_open(fixture_store, backup->dir, backup->id, part, codec,
                                 CHUNK_CACHED, &i, &fixture_failure),
                0);
        return copy_image(i, to, part->size, &fixture_failure);
}

/* Into a file: the bytes of the phone, with holes where it is zero. */
static void test_file(void **state)
{
        _cleanup_close_ int fd = openat(fixture_dir, "out", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        const ManifestPart *part = manifest_find(backup->manifest, "userdata");
        CopyTarget to;
        uint8_t byte;
        struct stat st;

        assert_int_equal(copy_target(fd, &to), 0);
        assert_true(to.sparse);
        assert_int_equal(copy_part("userdata", &to), 0);
        assert_int_equal(fstat(fd, &st), 0);
        assert_int_equal(st.st_size, part->size);
        assert_int_equal(st.st_blocks, 0); /* this one is zero from end to end */

        assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
        assert_int_equal(copy_target(fd, &to), 0);
        assert_int_equal(copy_part("boot", &to), 0);
        for (off_t at = 0; at < 2 * 1024 * 1024; at += 4093) {
                assert_int_equal(pread(fd, &byte, 1, at), 1);
                assert_int_equal(byte, fixture_byte(1024 * 1024 + (uint64_t)at));
        }
}

/* What was in the file before does not shine through the holes; what stands before is kept. */
static void test_position(void **state)
{
        _cleanup_close_ int fd = openat(fixture_dir, "out", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        char old[8192];
        CopyTarget to;

        memset(old, 'x', sizeof old);
        assert_int_equal(fd_write_full(fd, old, sizeof old), 0);
        assert_int_equal(lseek(fd, 100, SEEK_SET), 100);
        assert_int_equal(copy_target(fd, &to), 0);
        assert_int_equal(to.base, 100);
        assert_int_equal(copy_part("userdata", &to), 0);
        assert_int_equal(fd_pread_full(fd, old, 200, 0), 0);
        assert_int_equal(old[99], 'x');
        assert_int_equal(old[100], 0);
        assert_int_equal(old[199], 0);
}

static void *count_pipe(void *fd)
{
        uint8_t buffer[5000];
        uintptr_t total = 0;
        ssize_t n;

        while ((n = read((int)(intptr_t)fd, buffer, sizeof buffer)) > 0)
                for (ssize_t i = 0; i < n; i++)
                        total += buffer[i] == fixture_byte(1024 * 1024 + total);
        return (void *)total;
}

/* Into a pipe: every byte, also when the pipe does not wait. */
static void test_pipe(void **state)
{
        for (int flags = 0; flags <= O_NONBLOCK; flags += O_NONBLOCK) {
                pthread_t thread;
                CopyTarget to;
                int fds[2];
                void *total;

                assert_int_equal(pipe(fds), 0);
                assert_int_equal(fcntl(fds[1], F_SETFL, flags), 0);
                pthread_create(&thread, NULL, count_pipe, (void *)(intptr_t)fds[0]);
                assert_int_equal(copy_target(fds[1], &to), 0);
                assert_false(to.sparse);
                assert_int_equal(copy_part("boot", &to), 0);
                close(fds[1]);
                pthread_join(thread, &total);
                close(fds[0]);
                assert_int_equal((uintptr_t)total, 2 * 1024 * 1024);
        }
}

static void test_bad_targets(void **state)
{
        _cleanup_close_ int fd = openat(fixture_dir, "README.txt", O_RDONLY | O_CLOEXEC);
        _cleanup_close_ int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
        CopyTarget to;

        assert_int_equal(copy_target(fd, &to), -EBADF);
        assert_int_equal(copy_target(-1, &to), -EBADF);
        assert_int_equal(copy_target(full, &to), 0);
        assert_int_equal(copy_part("boot", &to), -ENOSPC);
        /* somebody's full disk is not the store's */
        assert_int_equal(fixture_failure.id, ERROR_FAILED);
        assert_int_equal(copy_bytes(&to, "x", 1, &fixture_failure), -ENOSPC);
}

static int stop(void *userdata, uint64_t bytes)
{
        *(uint64_t *)userdata += bytes;
        return -ECANCELED;
}

static void test_progress(void **state)
{
        _cleanup_close_ int fd = memfd_create("out", MFD_CLOEXEC);
        uint64_t bytes = 0;
        CopyTarget to;

        assert_int_equal(copy_target(fd, &to), 0);
        to.progress = stop;
        to.userdata = &bytes;
        assert_int_equal(copy_part("boot", &to), -ECANCELED);
        assert_int_equal(bytes, CHUNK_SIZE);
}

#define copy_test(f) cmocka_unit_test_setup_teardown(f, one_setup, one_teardown)
TEST_MAIN(copy_test(test_file), copy_test(test_position), copy_test(test_pipe),
        copy_test(test_bad_targets), copy_test(test_progress))
