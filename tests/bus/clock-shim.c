/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A preload for tests: a program whose time of day is wrong. The file that CLOCK_SHIM names holds by
 * how many seconds; it is read when the program starts, and without it the time is right. */

#undef _FORTIFY_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static time_t offset;

__attribute__((constructor)) static void begin(void)
{
        const char *path = getenv("CLOCK_SHIM");
        FILE *f = path ? fopen(path, "re") : NULL;
        long long seconds = 0;

        if (!f)
                return;
        if (fscanf(f, "%lld", &seconds) == 1)
                offset = (time_t)seconds;
        fclose(f);
}

int clock_gettime(clockid_t clock, struct timespec *ret)
{
        long r = syscall(SYS_clock_gettime, clock, ret);

        if (r == 0 && clock == CLOCK_REALTIME)
                ret->tv_sec += offset;
        return (int)r;
}
