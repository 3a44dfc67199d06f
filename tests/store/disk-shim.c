/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A preload that stands between the keeper and the disk.
 *
 *   DISK_FAIL=N    the N-th call that touches a file fails (from 1; 0: none, only count)
 *   DISK_ERRNO=E   with this errno; "short": a write or read that does half of it
 *   DISK_COUNT=F   the number of calls goes into this file at exit
 *   DISK_LOG=F     everything that changes the file tree below descriptor 4, and every flush, is
 *                  appended to this file: power-cut.py replays it
 *   DISK_LIE=P     flushes of paths that contain P do nothing and are not logged
 *
 * Paths are known from the descriptors: 4 is the store, what is opened below it is followed. All
 * files are opened in the constructor, since the keeper cages itself. */

/* both names of a call are defined here, so none may stand for the other */
#undef _FILE_OFFSET_BITS

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { FDS = 1024, PATH = 512 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned long calls, fail_at;
static int fail_errno, count_fd = -1, log_fd = -1;
static bool fail_short;
static const char *lie;
static char paths[FDS][PATH]; /* "" unknown, "/" the store */

/* ---- plumbing ---- */

#define REAL(name)                                                                                 \
        static __typeof__(name) *real;                                                             \
        if (!real)                                                                                 \
        real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

static int open_early(const char *variable)
{
        const char *path = getenv(variable);

        return path ? (int)syscall(SYS_openat, AT_FDCWD, path,
                              O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)
                    : -1;
}

static int move_up(int fd)
{
        int high = fd < 0 ? -1 : (int)syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 500);

        if (fd >= 0)
                syscall(SYS_close, fd);
        return high;
}

__attribute__((constructor)) static void start(void)
{
        const char *at = getenv("DISK_FAIL"), *error = getenv("DISK_ERRNO");

        fail_at = at ? strtoul(at, NULL, 10) : 0;
        fail_short = error && strcmp(error, "short") == 0;
        fail_errno = error && !fail_short ? atoi(error) : EIO;
        lie = getenv("DISK_LIE");
        count_fd = move_up(open_early("DISK_COUNT"));
        log_fd = move_up(open_early("DISK_LOG"));
        strcpy(paths[4], "/");
}

__attribute__((destructor)) static void finish(void)
{
        char text[32];
        int n = snprintf(text, sizeof text, "%lu\n", calls);

        if (count_fd >= 0)
                (void)!syscall(SYS_write, count_fd, text, n);
}

static bool is_file(int fd)
{
        struct stat st;

        return syscall(SYS_fstat, fd, &st) == 0 && (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode));
}

/* Is it this call's turn to fail? */
static bool turn(void)
{
        return __atomic_add_fetch(&calls, 1, __ATOMIC_SEQ_CST) == fail_at && fail_at > 0;
}

#define FAIL(value)                                                                                \
        do {                                                                                       \
                if (turn()) {                                                                      \
                        errno = fail_short ? EIO : fail_errno;                                     \
                        return value;                                                              \
                }                                                                                  \
        } while (0)

/* ---- the log ---- */

static const char *path_of(int dir, const char *name, char out[PATH])
{
        if (dir < 0 || dir >= FDS || !paths[dir][0] || name[0] == '/')
                return NULL;
        if (strcmp(name, ".") == 0)
                snprintf(out, PATH, "%s", paths[dir]);
        else if (strcmp(paths[dir], "/") == 0)
                snprintf(out, PATH, "/%s", name);
        else if ((size_t)snprintf(out, PATH, "%s/%s", paths[dir], name) >= PATH)
                return NULL;
        return out;
}

static void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void note(const char *format, ...)
{
        char line[2 * PATH + 128];
        va_list arguments;
        int n;

        if (log_fd < 0)
                return;
        va_start(arguments, format);
        n = vsnprintf(line, sizeof line, format, arguments);
        va_end(arguments);
        (void)!syscall(SYS_write, log_fd, line, n);
}

static void note_write(int fd, off_t offset, const void *data, ssize_t n)
{
        if (log_fd < 0 || n <= 0 || fd >= FDS || !paths[fd][0])
                return;
        note("write %s %lld %zd\n", paths[fd], (long long)offset, n);
        (void)!syscall(SYS_write, log_fd, data, n);
}

/* The call and its note are one step, so that the log has the order of the disk. */
#define LOGGED(call, ok, ...)                                                                      \
        do {                                                                                       \
                int saved;                                                                         \
                if (log_fd >= 0)                                                                   \
                        pthread_mutex_lock(&lock);                                                 \
                r = call;                                                                          \
                saved = errno;                                                                     \
                if (ok)                                                                            \
                        note(__VA_ARGS__);                                                         \
                errno = saved;                                                                     \
                if (log_fd >= 0)                                                                   \
                        pthread_mutex_unlock(&lock);                                               \
        } while (0)

/* ---- descriptors ---- */

static void follow(int fd, int dir, const char *name)
{
        char path[PATH];
        const char *known = path_of(dir, name, path);

        if (fd >= 0 && fd < FDS)
                snprintf(paths[fd], PATH, "%s", known ? known : "");
}

int openat64(int dir, const char *name, int flags, ...)
{
        char path[PATH];
        const char *known = path_of(dir, name, path);
        struct stat st;
        va_list arguments;
        mode_t mode;
        bool makes;
        int r;

        va_start(arguments, flags);
        mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
        va_end(arguments);
        FAIL(-1);
        makes = (flags & O_CREAT) && log_fd >= 0 &&
                syscall(SYS_newfstatat, dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0;
        LOGGED((int)syscall(SYS_openat, dir, name, flags, mode), r >= 0 && makes && known,
                "create %s\n", path);
        if (r >= 0)
                follow(r, dir, name);
        return r;
}

int openat(int dir, const char *name, int flags, ...)
{
        va_list arguments;
        mode_t mode;

        va_start(arguments, flags);
        mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
        va_end(arguments);
        return openat64(dir, name, flags, mode);
}

int fcntl64(int fd, int command, ...)
{
        va_list arguments;
        long value;
        int r;

        va_start(arguments, command);
        value = va_arg(arguments, long);
        va_end(arguments);
        r = (int)syscall(SYS_fcntl, fd, command, value);
        if (r >= 0 && r < FDS && fd >= 0 && fd < FDS &&
                (command == F_DUPFD || command == F_DUPFD_CLOEXEC))
                memmove(paths[r], paths[fd], PATH);
        return r;
}

/* ---- content ---- */

static size_t part_of(size_t size)
{
        return size > 1 ? size / 2 : size;
}

ssize_t write(int fd, const void *data, size_t size)
{
        ssize_t r;

        if (!is_file(fd))
                return syscall(SYS_write, fd, data, size);
        if (turn()) {
                if (!fail_short) {
                        errno = fail_errno;
                        return -1;
                }
                size = part_of(size);
        }
        if (log_fd >= 0)
                pthread_mutex_lock(&lock);
        r = syscall(SYS_write, fd, data, size);
        if (r > 0)
                note_write(fd, (off_t)syscall(SYS_lseek, fd, 0, SEEK_CUR) - r, data, r);
        if (log_fd >= 0)
                pthread_mutex_unlock(&lock);
        return r;
}

ssize_t pwrite64(int fd, const void *data, size_t size, off_t offset)
{
        ssize_t r;

        if (turn()) {
                if (!fail_short) {
                        errno = fail_errno;
                        return -1;
                }
                size = part_of(size);
        }
        if (log_fd >= 0)
                pthread_mutex_lock(&lock);
        r = syscall(SYS_pwrite64, fd, data, size, offset);
        note_write(fd, offset, data, r);
        if (log_fd >= 0)
                pthread_mutex_unlock(&lock);
        return r;
}

ssize_t read(int fd, void *data, size_t size)
{
        if (is_file(fd) && turn()) {
                if (!fail_short) {
                        errno = fail_errno;
                        return -1;
                }
                size = part_of(size);
        }
        return syscall(SYS_read, fd, data, size);
}

ssize_t pread64(int fd, void *data, size_t size, off_t offset)
{
        if (turn()) {
                if (!fail_short) {
                        errno = fail_errno;
                        return -1;
                }
                size = part_of(size);
        }
        return syscall(SYS_pread64, fd, data, size, offset);
}

int ftruncate64(int fd, off_t size)
{
        int r;

        FAIL(-1);
        LOGGED((int)syscall(SYS_ftruncate, fd, size), r == 0 && fd < FDS && paths[fd][0],
                "truncate %s %lld\n", paths[fd], (long long)size);
        return r;
}

static bool is_lie(int fd)
{
        return lie && fd < FDS && strstr(paths[fd], lie);
}

int fsync(int fd)
{
        int r;

        FAIL(-1);
        if (is_lie(fd))
                return 0;
        LOGGED((int)syscall(SYS_fsync, fd), r == 0 && fd < FDS && paths[fd][0], "flush %s\n",
                paths[fd]);
        return r;
}

int fdatasync(int fd)
{
        int r;

        FAIL(-1);
        if (is_lie(fd))
                return 0;
        LOGGED((int)syscall(SYS_fdatasync, fd), r == 0 && fd < FDS && paths[fd][0], "flush %s\n",
                paths[fd]);
        return r;
}

int syncfs(int fd)
{
        int r;

        FAIL(-1);
        /* it covers what the lie is about */
        if (lie)
                return 0;
        LOGGED((int)syscall(SYS_syncfs, fd), r == 0 && fd < FDS && paths[fd][0], "sync\n");
        return r;
}

/* ---- names ---- */

int mkdirat(int dir, const char *name, mode_t mode)
{
        char path[PATH];
        const char *known = path_of(dir, name, path);
        int r;

        FAIL(-1);
        LOGGED((int)syscall(SYS_mkdirat, dir, name, mode), r == 0 && known, "mkdir %s\n", path);
        return r;
}

int unlinkat(int dir, const char *name, int flags)
{
        char path[PATH];
        const char *known = path_of(dir, name, path);
        int r;

        FAIL(-1);
        LOGGED((int)syscall(SYS_unlinkat, dir, name, flags), r == 0 && known, "remove %s\n", path);
        return r;
}

int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
        char a[PATH], b[PATH];
        const char *known_a = path_of(from_dir, from, a), *known_b = path_of(to_dir, to, b);
        int r;

        FAIL(-1);
        LOGGED((int)syscall(SYS_renameat2, from_dir, from, to_dir, to, flags),
                r == 0 && known_a && known_b, "rename %s %s\n", a, b);
        return r;
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
        return renameat2(from_dir, from, to_dir, to, 0);
}

int linkat(int from_dir, const char *from, int to_dir, const char *to, int flags)
{
        char a[PATH], b[PATH];
        const char *known_a = path_of(from_dir, from, a), *known_b = path_of(to_dir, to, b);
        int r;

        FAIL(-1);
        LOGGED((int)syscall(SYS_linkat, from_dir, from, to_dir, to, flags),
                r == 0 && known_a && known_b, "link %s %s\n", a, b);
        return r;
}

/* ---- looking ---- */

int fstatat64(int dir, const char *name, struct stat64 *st, int flags)
{
        FAIL(-1);
        return (int)syscall(SYS_newfstatat, dir, name, st, flags);
}

int fstat64(int fd, struct stat64 *st)
{
        FAIL(-1);
        return (int)syscall(SYS_fstat, fd, st);
}

int fstatvfs64(int fd, struct statvfs64 *st)
{
        REAL(fstatvfs64);
        FAIL(-1);
        return real(fd, st);
}

DIR *fdopendir(int fd)
{
        REAL(fdopendir);
        FAIL(NULL);
        return real(fd);
}

struct dirent64 *readdir64(DIR *d)
{
        REAL(readdir64);
        FAIL(NULL);
        return real(d);
}

int flock(int fd, int operation)
{
        FAIL(-1);
        return (int)syscall(SYS_flock, fd, operation);
}

/* ---- what the daemon was told ---- */

ssize_t sendmsg(int fd, const struct msghdr *m, int flags)
{
        static const char type[] = "COMMITTED\nBACKUP=";
        const char *text = m->msg_iov[0].iov_base;

        if (m->msg_iov[0].iov_len > sizeof type + 25 && memcmp(text, type, sizeof type - 1) == 0) {
                pthread_mutex_lock(&lock);
                note("told %.25s\n", text + sizeof type - 1);
                pthread_mutex_unlock(&lock);
        }
        return syscall(SYS_sendmsg, fd, m, flags);
}
