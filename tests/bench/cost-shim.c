/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A preload for the bench: processor time of a program by what it does.
 *
 * The calls that matter are few (digest, zstd, file system), so each is measured with the clock of
 * its thread. At the end one line of KEY=seconds goes to standard error. */

#undef _FORTIFY_SOURCE
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

typedef enum Cost { HASH, COMPRESS, DECODE, WRITE, _COST_MAX } Cost;
static const char *const names[_COST_MAX] = { "HASH", "COMPRESS", "DECODE", "WRITE" };
static atomic_uint_fast64_t costs[_COST_MAX];
static _Thread_local int inside; /* a measured call that makes another one */

static void *next_symbol(const char *name)
{
        void *p = dlsym(RTLD_NEXT, name);
        if (!p)
                abort();
        return p;
}

static uint64_t now(void)
{
        struct timespec t;
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
        return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

#define MEASURED(cost, type, name, parameters, arguments)                                          \
        type name parameters;                                                                      \
        type name parameters                                                                       \
        {                                                                                          \
                static type(*next) parameters;                                                     \
                if (!next)                                                                         \
                        next = (type(*) parameters)next_symbol(#name);                             \
                if (inside)                                                                        \
                        return next arguments;                                                     \
                inside = 1;                                                                        \
                uint64_t start = now();                                                            \
                type r = next arguments;                                                           \
                costs[cost] += now() - start;                                                      \
                inside = 0;                                                                        \
                return r;                                                                          \
        }

MEASURED(HASH, int, EVP_DigestUpdate, (void *c, const void *d, size_t n), (c, d, n))
MEASURED(HASH, int, EVP_Digest,
        (const void *d, size_t n, unsigned char *out, unsigned *size, const void *kind, void *e),
        (d, n, out, size, kind, e))
MEASURED(COMPRESS, size_t, ZSTD_compress2,
        (void *c, void *to, size_t room, const void *from, size_t size), (c, to, room, from, size))
MEASURED(COMPRESS, size_t, ZSTD_compressCCtx,
        (void *c, void *to, size_t room, const void *from, size_t size, int level),
        (c, to, room, from, size, level))
MEASURED(DECODE, size_t, ZSTD_decompressDCtx,
        (void *c, void *to, size_t room, const void *from, size_t size), (c, to, room, from, size))
MEASURED(WRITE, ssize_t, write, (int fd, const void *d, size_t n), (fd, d, n))
MEASURED(WRITE, ssize_t, pwrite64, (int fd, const void *d, size_t n, off64_t at), (fd, d, n, at))
MEASURED(WRITE, int, fsync, (int fd), (fd))
MEASURED(WRITE, int, fdatasync, (int fd), (fd))
MEASURED(WRITE, int, linkat, (int a, const char *b, int c, const char *d, int e), (a, b, c, d, e))
MEASURED(WRITE, int, renameat, (int a, const char *b, int c, const char *d), (a, b, c, d))

__attribute__((destructor)) static void tell(void)
{
        char line[256];
        int n = snprintf(line, sizeof(line), "COST");
        for (int i = 0; i < _COST_MAX; i++)
                n += snprintf(line + n, sizeof(line) - (size_t)n, " %s=%.6f", names[i],
                        (double)costs[i] / 1e9);
        inside = 1;
        dprintf(STDERR_FILENO, "%s\n", line);
}
