/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "run-dir.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "basic/fd.h"

static const char variable[] = "MTKBACKUP_SIM_RUN";
static volatile pid_t inner;
enum { BASE_MAX = 48 };

bool run_dir_inside(void)
{
        return run_dir();
}

const char *run_dir(void)
{
        return getenv(variable);
}

static void pass_on(int number)
{
        if (inner > 0)
                kill(inner, number);
}

/* The next child of ours that still runs, or 0. */
static pid_t some_child(void)
{
        char path[64], text[32];
        snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
        if (n <= 0)
                return 0;
        text[n] = 0;
        return (pid_t)atol(text);
}

/* Descendants come to us when their parents end: a few rounds get them all. */
static void end_descendants(void)
{
        for (int round = 0; round < 1000; round++) {
                pid_t pid = some_child();
                if (!pid)
                        return;
                kill(pid, SIGKILL);
                waitpid(pid, NULL, 0);
        }
}

static const char *const changed[] = { "LD_PRELOAD", "TMPDIR", "ASAN_OPTIONS" };
#define SAVED "MTKBACKUP_SIM_OLD_"

static void save_environment(void)
{
        for (size_t i = 0; i < ELEMENTS(changed); i++) {
                char name[64];
                snprintf(name, sizeof(name), SAVED "%s", changed[i]);
                if (getenv(changed[i]))
                        setenv(name, getenv(changed[i]), 1);
        }
}

void run_dir_restore_environment(void)
{
        for (size_t i = 0; i < ELEMENTS(changed); i++) {
                char name[64];
                snprintf(name, sizeof(name), SAVED "%s", changed[i]);
                if (getenv(name))
                        setenv(changed[i], getenv(name), 1);
                else
                        unsetenv(changed[i]);
                unsetenv(name);
        }
        unsetenv(variable);
        unsetenv("UMOCKDEV_DIR");
}

static void set_preload(void)
{
        char self[4096], preload[4300];
        const char *before = getenv("LD_PRELOAD");
        ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
        if (n < 0)
                return;
        self[n] = 0;
        /* the shim first: it connects descriptors that umockdev does not know */
        snprintf(preload, sizeof(preload), "%s/fd-shim.so:libumockdev-preload.so.0%s%s",
                dirname(self), before ? ":" : "", before ?: "");
        setenv("LD_PRELOAD", preload, 1);
        setenv("ASAN_OPTIONS", "detect_leaks=0:verify_asan_link_order=0", 0);
}

/* What a killed one could not remove: the owner's number stands in the name. */
static void sweep(const char *base)
{
        _cleanup_closedir_ DIR *d = opendir(base);
        const struct dirent *e;
        while (d && (e = readdir(d))) {
                int owner;
                if (sscanf(e->d_name, "mtksim.%d.", &owner) == 1 && kill(owner, 0) < 0 &&
                        errno == ESRCH)
                        tree_remove_at(dirfd(d), e->d_name);
        }
}

int run_dir_around(char **argv)
{
        const char *base = getenv("TMPDIR");
        char dir[80];
        struct sigaction action = { .sa_handler = pass_on, .sa_flags = SA_RESTART };
        int status = 0;
        /* socket names have room for 107 bytes in all */
        if (!base || base[0] != '/' || strlen(base) > BASE_MAX)
                base = "/tmp";
        sweep(base);
        snprintf(dir, sizeof(dir), "%s/mtksim.%d.XXXXXX", base, getpid());
        if (!mkdtemp(dir)) {
                fprintf(stderr, "%s: %s\n", dir, strerror(errno));
                return 1;
        }
        prctl(PR_SET_CHILD_SUBREAPER, 1);
        sigaction(SIGTERM, &action, NULL);
        sigaction(SIGINT, &action, NULL);
        sigaction(SIGHUP, &action, NULL);
        inner = fork();
        if (inner == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                save_environment();
                setenv(variable, dir, 1);
                setenv("TMPDIR", dir, 1); /* umockdev's folders */
                set_preload();
                execv("/proc/self/exe", argv);
                fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
                _exit(127);
        }
        while (waitpid(inner, &status, 0) < 0 && errno == EINTR)
                ;
        end_descendants();
        tree_remove_at(AT_FDCWD, dir);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
