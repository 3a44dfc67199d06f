/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/time-text.h"

#include <errno.h>
#include <string.h>
#include <time.h>

void time_text_format(int64_t seconds, char out[TIME_TEXT_SIZE])
{
        static const int64_t end = INT64_C(253402300800); /* of the year 9999 */
        time_t t = (time_t)(seconds < 0 || seconds >= end ? 0 : seconds);
        struct tm tm;

        gmtime_r(&t, &tm);
        strftime(out, TIME_TEXT_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

int time_text_parse(const char *text, int64_t *ret)
{
        char again[TIME_TEXT_SIZE];
        struct tm tm = {};
        char *end;
        time_t t;

        end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm);
        if (!end || *end)
                return -EINVAL;
        t = timegm(&tm);
        /* strptime takes blanks, short numbers and the 31st of February */
        time_text_format(t, again);
        if (t < 0 || strcmp(again, text) != 0)
                return -EINVAL;
        *ret = t;
        return 0;
}
