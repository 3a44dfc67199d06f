/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Numbers as people give them. */

#include <stdbool.h>
#include <stdint.h>

/* Decimal or hexadecimal, with a unit (K, M, G, T, of 1024) if unit is true. 0, -EINVAL, -ERANGE. */
int number_parse(const char *text, bool unit, uint64_t *ret);
