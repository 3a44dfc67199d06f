/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/holder.h"

static void make(char *path)
{
        int fd = mkstemp(path);

        assert_true(fd >= 0);
        close(fd);
}

/* Who has the node open is named; that this process has it itself does not count. */
static void test_named(void **state)
{
        char path[] = "/tmp/mtkbackup-holder-XXXXXX", holder[HOLDER_NAME_SIZE], wanted[32];
        int fd, ends[2];
        pid_t child;
        char byte;

        make(path);
        fd = open(path, O_RDWR | O_CLOEXEC);
        assert_int_equal(holder_find(path, holder), 0);
        assert_string_equal(holder, "");
        assert_return_code(pipe2(ends, O_CLOEXEC), 0);
        child = fork();
        if (child == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                prctl(PR_SET_NAME, "a\033[1mprogram");
                (void)!write(ends[1], "x", 1);
                pause();
                _exit(0);
        }
        assert_int_equal(read(ends[0], &byte, 1), 1);
        assert_int_equal(holder_find(path, holder), 1);
        /* a name is text from outside */
        snprintf(wanted, sizeof wanted, "a [1mprogram (process %d)", child);
        assert_string_equal(holder, wanted);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        assert_int_equal(holder_find(path, holder), 0);
        close(fd);
        close(ends[0]);
        close(ends[1]);
        unlink(path);
}

static void test_no_node(void **state)
{
        char holder[HOLDER_NAME_SIZE];

        assert_int_equal(holder_find("/nonexistent/node", holder), 0);
        assert_string_equal(holder, "");
}

TEST_MAIN(cmocka_unit_test(test_named), cmocka_unit_test(test_no_node))
