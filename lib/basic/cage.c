/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "basic/cage.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

/* newer than the headers of Debian 12 */
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif
#ifndef LANDLOCK_ACCESS_FS_IOCTL_DEV
#define LANDLOCK_ACCESS_FS_IOCTL_DEV (1ULL << 15)
#endif

/* ---- Landlock ---- */

/* everything up to REFER, which is what ABI 2 (Linux 5.19) knows */
static const uint64_t handled_abi2 = (LANDLOCK_ACCESS_FS_REFER << 1) - 1;
static const uint64_t keeper_rights = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE |
        LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_REMOVE_DIR |
        LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
        LANDLOCK_ACCESS_FS_REFER | LANDLOCK_ACCESS_FS_TRUNCATE;

static int cage_paths(int dir)
{
        struct landlock_ruleset_attr attr = { .handled_access_fs = handled_abi2 };
        _cleanup_close_ int ruleset = -1;
        long abi;

        abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
        if (abi < 0)
                return -errno;
        /* ABI 1 forbids every rename between directories, so a store could not work */
        if (abi < 2)
                return -EOPNOTSUPP;
        if (abi >= 3)
                attr.handled_access_fs |= LANDLOCK_ACCESS_FS_TRUNCATE;
        if (abi >= 5)
                attr.handled_access_fs |= LANDLOCK_ACCESS_FS_IOCTL_DEV;

        ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0);
        if (ruleset < 0)
                return -errno;
        if (dir >= 0) {
                struct landlock_path_beneath_attr beneath = {
                        .allowed_access = keeper_rights & attr.handled_access_fs,
                        .parent_fd = dir,
                };

                if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &beneath,
                            0) < 0)
                        return -errno;
        }
        return syscall(SYS_landlock_restrict_self, ruleset, 0) < 0 ? -errno : 0;
}

/* ---- seccomp ---- */

static const int both_allowed[] = {
        SCMP_SYS(brk),
        SCMP_SYS(clock_getres),
        SCMP_SYS(clock_gettime),
        SCMP_SYS(clock_nanosleep),
        SCMP_SYS(close),
        SCMP_SYS(epoll_create1),
        SCMP_SYS(epoll_ctl),
        SCMP_SYS(epoll_pwait),
        SCMP_SYS(epoll_wait),
        SCMP_SYS(exit),
        SCMP_SYS(exit_group),
        SCMP_SYS(fstat),
        SCMP_SYS(futex),
        SCMP_SYS(getpid),
        SCMP_SYS(getrandom),
        SCMP_SYS(gettid),
        SCMP_SYS(gettimeofday),
        SCMP_SYS(lseek),
        SCMP_SYS(madvise),
        SCMP_SYS(mremap),
        SCMP_SYS(munmap),
        SCMP_SYS(nanosleep),
        SCMP_SYS(newfstatat),
        SCMP_SYS(poll),
        SCMP_SYS(ppoll),
        SCMP_SYS(pread64),
        SCMP_SYS(read),
        SCMP_SYS(readv),
        SCMP_SYS(recvfrom),
        SCMP_SYS(recvmsg),
        SCMP_SYS(restart_syscall),
        SCMP_SYS(rt_sigaction),
        SCMP_SYS(rt_sigprocmask),
        SCMP_SYS(rt_sigreturn),
        SCMP_SYS(sched_yield),
        SCMP_SYS(sendmsg),
        SCMP_SYS(sendto),
        SCMP_SYS(sigaltstack),
        SCMP_SYS(sysinfo), /* qsort asks how much memory there is */
        SCMP_SYS(tgkill),
        SCMP_SYS(timerfd_settime),
        SCMP_SYS(write),
        SCMP_SYS(writev),
};

static const int keeper_allowed[] = {
        SCMP_SYS(eventfd2),
        SCMP_SYS(fadvise64),
        SCMP_SYS(fallocate),
        SCMP_SYS(fchmod),
        SCMP_SYS(fdatasync),
        SCMP_SYS(flock),
        SCMP_SYS(fstatfs),
        SCMP_SYS(fsync),
        SCMP_SYS(ftruncate),
        SCMP_SYS(getdents64),
        SCMP_SYS(linkat),
        SCMP_SYS(mkdirat),
        SCMP_SYS(pwrite64),
        SCMP_SYS(renameat),
        SCMP_SYS(renameat2),
        SCMP_SYS(rseq),
        SCMP_SYS(sched_getaffinity),
        SCMP_SYS(set_robust_list),
        SCMP_SYS(statx),
        SCMP_SYS(sync_file_range),
        SCMP_SYS(syncfs),
        SCMP_SYS(timerfd_create),
        SCMP_SYS(unlinkat),
        SCMP_SYS(utimensat),
};

/* Answered, not fatal: libraries ask for these and live without. libusb wants the name behind a
 * descriptor, the C library a terminal and a processor count. */
static const int both_refused[] = {
        SCMP_SYS(access),
        SCMP_SYS(chmod),
        SCMP_SYS(connect),
        SCMP_SYS(execve),
        SCMP_SYS(faccessat),
        SCMP_SYS(faccessat2),
        SCMP_SYS(fchmodat),
        SCMP_SYS(getcwd),
        SCMP_SYS(link),
        SCMP_SYS(open),
        SCMP_SYS(prlimit64),
        SCMP_SYS(readlink),
        SCMP_SYS(readlinkat),
        SCMP_SYS(socket),
        SCMP_SYS(truncate),
};

static int allow_all(scmp_filter_ctx filter, const int *calls, size_t n, uint32_t action)
{
        int r = 0;

        for (size_t i = 0; i < n && r >= 0; i++)
                r = seccomp_rule_add(filter, action, calls[i], 0);
        return r;
}

static int allow_memory(scmp_filter_ctx filter)
{
        int r;

        /* never executable */
        r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
                SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
        if (r >= 0)
                r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
                        SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
        return r;
}

static int allow_fcntl(scmp_filter_ctx filter)
{
        static const int commands[] = { F_GETFL, F_SETFL, F_GETFD, F_SETFD, F_DUPFD_CLOEXEC,
                F_GET_SEALS };
        int r = 0;

        for (size_t i = 0; i < ELEMENTS(commands) && r >= 0; i++)
                r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 1,
                        SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t)commands[i]));
        return r;
}

static int allow_ioctl(scmp_filter_ctx filter, CageKind kind)
{
        int r;

        /* "is this a terminal?" */
        r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOTTY), SCMP_SYS(ioctl), 1,
                SCMP_A1(SCMP_CMP_MASKED_EQ, 0xff00, 'T' << 8));
        if (r >= 0 && kind == CAGE_WORKER)
                r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
                        SCMP_A1(SCMP_CMP_MASKED_EQ, 0xff00, 'U' << 8));
        return r;
}

static int allow_open(scmp_filter_ctx filter, CageKind kind)
{
        int r;

        if (kind == CAGE_WORKER)
                return seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(openat), 0);
        /* Landlock before ABI 3 does not see O_TRUNC */
        r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
                SCMP_A2(SCMP_CMP_MASKED_EQ, O_TRUNC, 0));
        if (r >= 0)
                r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(openat), 1,
                        SCMP_A2(SCMP_CMP_MASKED_EQ, O_TRUNC, O_TRUNC));
        return r;
}

/* The keeper's compute pool. The flags of clone3 lie in memory, out of the filter's sight: the C
 * library falls back to clone when it is told that clone3 does not exist. */
static int allow_threads(scmp_filter_ctx filter)
{
        int r;

        r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
                SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
        if (r >= 0)
                r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
        return r;
}

static int cage_calls(CageKind kind)
{
        scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
        int r;

        if (!filter)
                return -ENOMEM;
        r = allow_all(filter, both_allowed, ELEMENTS(both_allowed), SCMP_ACT_ALLOW);
        if (r >= 0)
                r = allow_all(filter, both_refused, ELEMENTS(both_refused), SCMP_ACT_ERRNO(EPERM));
        if (r >= 0)
                r = allow_memory(filter);
        if (r >= 0)
                r = allow_fcntl(filter);
        if (r >= 0)
                r = allow_ioctl(filter, kind);
        if (r >= 0)
                r = allow_open(filter, kind);
        if (r >= 0 && kind == CAGE_KEEPER)
                r = allow_all(filter, keeper_allowed, ELEMENTS(keeper_allowed), SCMP_ACT_ALLOW);
        if (r >= 0 && kind == CAGE_KEEPER)
                r = allow_threads(filter);
        if (r >= 0)
                r = seccomp_load(filter);
        seccomp_release(filter);
        return r < 0 ? r : 0;
}

int cage_enter(CageKind kind, int dir)
{
        static const struct rlimit none = {};
        int r;

        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
                return -errno;
        if (setrlimit(RLIMIT_CORE, &none) < 0 || setrlimit(RLIMIT_MEMLOCK, &none) < 0)
                return -errno;
        r = cage_paths(dir);
        if (r < 0)
                return r;
        return cage_calls(kind);
}
