/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "basic/cage.h"
#include "basic/fd.h"

/* Each attempt runs in a child of its own inside the cage. It returns 0 when it worked, an errno
 * when it was refused; being killed by the filter counts as KILLED. */
enum { KILLED = 1000 };
typedef int (*Attempt)(int dir);

static char folder[64];
static int store = -1;

static int run(CageKind kind, Attempt attempt)
{
        pid_t pid = fork();
        int status;

        if (pid == 0) {
                int r = cage_enter(kind, kind == CAGE_KEEPER ? store : -1);

                _exit(r < 0 ? 200 : attempt(store));
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        if (WIFSIGNALED(status))
                return WTERMSIG(status) == SIGSYS ? KILLED : -1;
        assert_int_not_equal(WEXITSTATUS(status), 200);
        return WEXITSTATUS(status);
}

static int result(long r)
{
        return r < 0 ? errno : 0;
}

static int make_file(int dir)
{
        return result(openat(dir, "new", O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600));
}
static int rename_inside(int dir)
{
        return result(renameat(dir, "old", dir, "sub/old"));
}
static int empty_by_flag(int dir)
{
        return result(openat(dir, "kept", O_RDONLY | O_TRUNC | O_CLOEXEC));
}
static int empty_by_path(int dir)
{
        char path[128];

        snprintf(path, sizeof path, "%s/kept", folder);
        return result(truncate(path, 0));
}
static int read_elsewhere(int dir)
{
        return result(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
}
static int read_dotdot(int dir)
{
        return result(openat(dir, "../../etc/passwd", O_RDONLY | O_CLOEXEC));
}
static int new_socket(int dir)
{
        return result(socket(AF_INET, SOCK_STREAM, 0));
}
static int run_program(int dir)
{
        return result(execl("/bin/true", "true", NULL));
}
static int trace_another(int dir)
{
        return result(syscall(SYS_ptrace, 16, getppid(), 0, 0));
}
static int executable_memory(int dir)
{
        return result(syscall(SYS_mmap, NULL, 4096, 7, 0x22, -1, 0));
}
static int terminal_ioctl(int dir)
{
        return result(ioctl(0, 0x5413, NULL));
}
static int block_ioctl(int dir)
{
        return result(ioctl(dir, 0x1268, NULL));
}
static int usb_ioctl(int dir)
{
        /* reaches the kernel, which says that a directory is no usbfs node */
        return result(ioctl(dir, 0x5504, NULL));
}
static int new_process(int dir)
{
        return result(syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL));
}
static int compare_numbers(const void *a, const void *b)
{
        return *(const int *)a - *(const int *)b;
}
static int sort_much(int dir)
{
        static int numbers[16384];

        for (int i = 0; i < 16384; i++)
                numbers[i] = 16384 - i;
        qsort(numbers, ELEMENTS(numbers), sizeof numbers[0], compare_numbers);
        return numbers[0] == 1 ? 0 : 1;
}
static void *thread_main(void *argument)
{
        *(int *)argument = 42;
        return NULL;
}
static int new_thread(int dir)
{
        pthread_t thread;
        int value = 0;

        if (pthread_create(&thread, NULL, thread_main, &value) != 0)
                return 1;
        pthread_join(thread, NULL);
        return value == 42 ? 0 : 2;
}

/* A keeper works below its directory and nowhere else. */
static void test_keeper(void **state)
{
        assert_int_equal(run(CAGE_KEEPER, make_file), 0);
        assert_int_equal(run(CAGE_KEEPER, rename_inside), 0);
        assert_int_equal(run(CAGE_KEEPER, new_thread), 0);
        assert_int_equal(run(CAGE_KEEPER, read_elsewhere), EACCES);
        assert_int_equal(run(CAGE_KEEPER, read_dotdot), EACCES);
        assert_int_equal(run(CAGE_KEEPER, empty_by_flag), EPERM);
        assert_int_equal(run(CAGE_KEEPER, empty_by_path), EPERM);
        assert_int_equal(run(CAGE_KEEPER, usb_ioctl), KILLED);
}

/* A worker reaches no file at all. */
static void test_worker(void **state)
{
        assert_int_equal(run(CAGE_WORKER, make_file), EPERM);
        assert_int_equal(run(CAGE_WORKER, read_elsewhere), EPERM);
        assert_int_equal(run(CAGE_WORKER, empty_by_path), EPERM);
        assert_int_equal(run(CAGE_WORKER, rename_inside), KILLED);
        assert_int_equal(run(CAGE_WORKER, usb_ioctl), ENOTTY);
}

static void test_both(void **state)
{
        for (CageKind kind = CAGE_WORKER; kind <= CAGE_KEEPER; kind++) {
                assert_int_equal(run(kind, new_socket), EPERM);
                assert_int_equal(run(kind, run_program), EPERM);
                assert_int_equal(run(kind, trace_another), KILLED);
                assert_int_equal(run(kind, executable_memory), KILLED);
                assert_int_equal(run(kind, terminal_ioctl), ENOTTY);
                assert_int_equal(run(kind, block_ioctl), KILLED);
                assert_int_equal(run(kind, new_process), KILLED);
                assert_int_equal(run(kind, sort_much), 0);
        }
}

static void test_nothing_was_lost(void **state)
{
        struct stat st;

        assert_int_equal(fstatat(store, "kept", &st, 0), 0);
        assert_int_equal(st.st_size, 4);
}

static int setup(void **state)
{
        snprintf(folder, sizeof folder, "/tmp/test-cage.XXXXXX");
        assert_non_null(mkdtemp(folder));
        store = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        fd_close(dir_make_at(store, "sub", 0700));
        if (file_replace_at(store, "old", "data", 4, 0600) < 0)
                return -1;
        return file_replace_at(store, "kept", "data", 4, 0600);
}

static int teardown(void **state)
{
        store = fd_close(store);
        return tree_remove_at(AT_FDCWD, folder);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_keeper),
                cmocka_unit_test(test_worker),
                cmocka_unit_test(test_both),
                cmocka_unit_test(test_nothing_was_lost),
        };
        pid_t pid = fork();
        int status;

        /* a kernel without Landlock cannot show anything here */
        if (pid == 0)
                _exit(cage_enter(CAGE_WORKER, -1) < 0 ? 77 : 0);
        waitpid(pid, &status, 0);
        if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
                return 77;
        return cmocka_run_group_tests(tests, setup, teardown);
}
