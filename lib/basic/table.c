/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "basic/table.h"

#include <errno.h>
#include <string.h>

const char *table_name(const char *const *names, size_t n, int value)
{
        return value >= 0 && (size_t)value < n ? names[value] : NULL;
}

int table_value(const char *const *names, size_t n, const char *name)
{
        for (size_t i = 0; name && i < n; i++)
                if (names[i] && strcmp(names[i], name) == 0)
                        return (int)i;
        return -ENOENT;
}
