/* SPDX-License-Identifier: GPL-3.0-or-later */

/* usage: fuzz-NAME PATTERN…
 *
 * Runs a fuzz target over the files that the patterns name, in the ordinary test suites: each file
 * as it is, cut at many places, and changed in many small ways. The changes are the same in every
 * run, so that a failure can be had again; FUZZ_RUNS=n makes more of them. What must not happen is
 * a crash, a sanitizer's report, more than a second of computing for a MiB, or much memory. With
 * -Dfuzzers=true libFuzzer takes the place of this file. */

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "basic/fd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

enum {
        CUTS_MAX = 600, /* of one file */
        RUNS = 400,     /* changes of one file */
        GROWTH = 256,   /* bytes that a change may add */
        FILE_MAX = 1024 * 1024,
        MEMORY_MAX = 64 * 1024, /* KiB, of the whole program */
};

static uint64_t seed;

static uint32_t any(uint32_t below)
{
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        return below ? (uint32_t)(seed >> 16) % below : 0;
}

static double computing_seconds(void)
{
        struct timespec now;

        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
        return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static const char *complaint;

/* The input lies at the end of its own allocation, so that reading past it is seen. */
static void run(const uint8_t *data, size_t size)
{
        uint8_t *copy = malloc(size + (size == 0));
        double start = computing_seconds();

        memcpy(copy, data, size);
        LLVMFuzzerTestOneInput(copy, size);
        free(copy);
        double limit = 1.0 + (double)size / (1024 * 1024);
        if (computing_seconds() - start > limit * (SANITIZED ? 5 : 1))
                complaint = "took too long";
}

static void put(uint8_t *p, size_t left)
{
        static const uint32_t values[] = { 0, 1, 0xff, 0x7f, 0x80, 0xffff, 0x7fffffff, 0x80000000,
                0xffffffff, 0x100, 0x1000, '\n', '#', '<', ':', '-' };
        uint32_t v = values[any(ELEMENTS(values))];
        memcpy(p, &v, MIN(left, (size_t)1 << any(3)));
}

/* One to eight changes; the size may change. */
static size_t change(uint8_t *data, size_t size, size_t max)
{
        for (uint32_t n = 1 + any(8); n > 0 && size > 0; n--) {
                size_t at = any((uint32_t)size), length = 1 + any((uint32_t)MIN(size - at, 64u));
                length = MIN(length, size - at);
                switch (any(6)) {
                case 0: data[at] ^= (uint8_t)(1u << any(8)); break;
                case 1: data[at] = (uint8_t)any(256); break;
                case 2: put(data + at, size - at); break;
                case 3: /* take away */
                        memmove(data + at, data + at + length, size - at - length);
                        size -= length;
                        break;
                case 4: /* say twice */
                        if (size + length <= max) {
                                memmove(data + at + length, data + at, size - at);
                                size += length;
                        }
                        break;
                default: { /* copy from elsewhere */
                        size_t from = any((uint32_t)size);
                        memmove(data + at, data + from, MIN(length, size - from));
                }
                }
        }
        return size;
}

static void run_file(const char *path, unsigned runs)
{
        _cleanup_free_ char *text = NULL;
        size_t size = 0;

        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
        int r = fd < 0 ? -errno : fd_read_all(fd, FILE_MAX, &text, &size);
        if (r < 0) {
                complaint = strerror(-r);
                return;
        }
        const uint8_t *data = (const uint8_t *)text;
        run(data, size);

        /* every byte of a small file and of both ends of a bigger one */
        size_t step = MAX(size / (CUTS_MAX / 2), (size_t)1);
        for (size_t n = 0; n < size; n += n < CUTS_MAX / 4 || size - n < CUTS_MAX / 4 ? 1 : step)
                run(data, n);

        seed = 0x9e3779b97f4a7c15 ^ size;
        _cleanup_free_ uint8_t *changed = malloc(size + GROWTH);
        for (unsigned i = 0; i < runs; i++) {
                memcpy(changed, data, size);
                run(changed, change(changed, size, size + GROWTH));
        }
}

static void report(size_t number, const char *what)
{
        printf("%sok %zu - %s%s%s\n", complaint ? "not " : "", number, what, complaint ? ": " : "",
                complaint ?: "");
        fflush(stdout);
}

int main(int argc, char **argv)
{
        const char *wanted = getenv("FUZZ_RUNS");
        unsigned runs = wanted ? (unsigned)strtoul(wanted, NULL, 10) : RUNS;
        glob_t files = { 0 };
        bool failed = false;

        for (int i = 1; i < argc; i++)
                glob(argv[i], i > 1 ? GLOB_APPEND : 0, NULL, &files);
        printf("1..%zu\n", files.gl_pathc + 1);
        for (size_t i = 0; i < files.gl_pathc; i++) {
                const char *name = strrchr(files.gl_pathv[i], '/');
                complaint = NULL;
                run_file(files.gl_pathv[i], runs);
                report(i + 1, name ? name + 1 : files.gl_pathv[i]);
                failed |= complaint != NULL;
        }

        struct rusage usage;
        getrusage(RUSAGE_SELF, &usage);
        complaint = files.gl_pathc == 0                      ? "no files"
                : !SANITIZED && usage.ru_maxrss > MEMORY_MAX ? "too much memory"
                                                             : NULL;
        report(files.gl_pathc + 1, "memory");
        failed |= complaint != NULL;
        globfree(&files);
        return failed;
}
