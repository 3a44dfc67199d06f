/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>
#include <time.h>

#include "client/format.h"

const char *format_size(uint64_t bytes, char out[static FORMAT_MAX])
{
        static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
        size_t u = 0;
        double value = (double)bytes;

        for (; value >= 1024 && u + 1 < ELEMENTS(units); u++)
                value /= 1024;
        if (u == 0)
                snprintf(out, FORMAT_MAX, "%u B", (unsigned)bytes);
        else
                snprintf(out, FORMAT_MAX, "%.1f %s", value, units[u]);
        return out;
}

const char *format_duration(uint64_t seconds, char out[static FORMAT_MAX])
{
        unsigned h = (unsigned)(seconds / 3600), m = (unsigned)(seconds / 60 % 60),
                 s = (unsigned)(seconds % 60);

        if (h)
                snprintf(out, FORMAT_MAX, "%u:%02u:%02u", h, m, s);
        else
                snprintf(out, FORMAT_MAX, "%u:%02u", m, s);
        return out;
}

const char *format_time(uint64_t usec, char out[static FORMAT_MAX])
{
        time_t t = (time_t)(usec / 1000000);
        struct tm tm;

        if (!usec || !localtime_r(&t, &tm) || !strftime(out, FORMAT_MAX, "%Y-%m-%d %H:%M", &tm))
                strcpy(out, "-");
        return out;
}

const char *format_rfc3339(uint64_t usec, char out[static FORMAT_MAX])
{
        time_t t = (time_t)(usec / 1000000);
        struct tm tm;

        if (!gmtime_r(&t, &tm) || !strftime(out, FORMAT_MAX, "%Y-%m-%dT%H:%M:%SZ", &tm))
                strcpy(out, "1970-01-01T00:00:00Z");
        return out;
}

uint64_t format_parse_rfc3339(const char *text)
{
        struct tm tm = {};
        const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
        time_t t = end && strcmp(end, "Z") == 0 ? timegm(&tm) : 0;

        return t > 0 ? (uint64_t)t * 1000000 : 0;
}
