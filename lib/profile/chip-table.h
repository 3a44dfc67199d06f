/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The generated half of chip.c. */

#include "profile/chip.h"

typedef struct ChipAlias {
        const char *name;
        uint16_t index; /* in chip_table */
} ChipAlias;

extern const Chip chip_table[];
extern const size_t n_chip_table;
/* Sorted by name; of equal names the one to prefer comes first. */
extern const ChipAlias chip_aliases[];
extern const size_t n_chip_aliases;
