/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/number.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int number_parse(const char *text, bool unit, uint64_t *ret)
{
        char *end;
        uint64_t shift = 0;

        if (!isdigit((unsigned char)text[0]))
                return -EINVAL;
        errno = 0;
        uint64_t value = strtoull(text, &end, text[0] == '0' && tolower(text[1]) == 'x' ? 16 : 10);
        if (errno)
                return -errno;
        if (unit && *end) {
                static const char units[] = "KMGT";
                const char *u = strchr(units, toupper((unsigned char)*end));
                if (!u)
                        return -EINVAL;
                shift = 10 * (uint64_t)(u - units + 1);
                end++;
                if (strcmp(end, "iB") == 0)
                        end += 2;
        }
        if (*end)
                return -EINVAL;
        if (shift && value > UINT64_MAX >> shift)
                return -ERANGE;
        *ret = value << shift;
        return 0;
}
