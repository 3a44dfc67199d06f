/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A preload for tests: a program whose time of day is wrong. The file that CLOCK_SHIM names holds by
 * how many seconds; it is read when the program starts, with CLOCK_SHIM_LIVE in the environment at
 * every question, and without it the time is right. Clocks that only run forward are left alone. */

#undef _FORTIFY_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static time_t offset;

static void read_offset(void)
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

__attribute__((constructor)) static void begin(void)
{
        read_offset();
}

int clock_gettime(clockid_t clock, struct timespec *ret)
{
        long r = syscall(SYS_clock_gettime, clock, ret);

        if (r != 0 || clock != CLOCK_REALTIME)
                return (int)r;
        if (getenv("CLOCK_SHIM_LIVE"))
                read_offset();
        ret->tv_sec += offset;
        return 0;
}
