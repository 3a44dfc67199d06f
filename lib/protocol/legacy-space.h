/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Where the areas of an eMMC lie for a legacy agent (doc/legacy.md 6).
 *
 * Most agents address each area from 0 after it was chosen. On some everything is one space: BOOT1
 * at 0, then BOOT2, RPMB, the GP areas, USER; choosing an area is acknowledged and does nothing.
 * Believing such an agent would shift a backup of USER by the size of what stands before it and
 * lose its end, without any error. The header of the boot area at address 0 of "USER" gives it
 * away. */

#include "protocol/legacy-read.h"
#include "protocol/legacy-report.h"

typedef struct LegacySpace {
        bool linear;
        bool choose;        /* command 60 is to be sent before a read */
        uint64_t user_base; /* of USER in a linear space */
        bool proven;        /* USER's start was seen there (a table), not only computed */
} LegacySpace;

/* Looks at the phone. single_stage: whether the agent has one stage. */
int legacy_space_find(LegacyReader *r, const LegacyReport *report, bool single_stage,
        LegacySpace *ret, Failure *f);
/* The number of an area for command 60, and its start in the address space. */
int legacy_space_locate(const LegacySpace *s, const LegacyReport *report, RegionKind kind,
        uint8_t *ret_part, uint64_t *ret_base);
