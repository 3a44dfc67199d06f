/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Names of enum values, as arrays indexed by the value. Holes are NULL. */

#include "basic/cleanup.h"

/* The name of value, or NULL when it has none. */
const char *table_name(const char *const *names, size_t n, int value);
/* The value of a name, or -ENOENT. Case counts. */
int table_value(const char *const *names, size_t n, const char *name);

/* Declares and defines Type_to_string(Type) and Type_from_string(const char *) (-ENOENT). */
#define DECLARE_TABLE(prefix, Type)                                                                \
        const char *prefix##_to_string(Type value);                                                \
        int prefix##_from_string(const char *name)
#define DEFINE_TABLE(prefix, Type, names)                                                          \
        const char *prefix##_to_string(Type value)                                                 \
        {                                                                                          \
                return table_name(names, ELEMENTS(names), (int)value);                             \
        }                                                                                          \
        int prefix##_from_string(const char *name)                                                 \
        {                                                                                          \
                return table_value(names, ELEMENTS(names), name);                                  \
        }
