/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Addresses as scatter files and PMT write them: doc/scatter.md, "Addresses".
 *
 * Such a table gives a part two addresses: a linear one, which counts through all areas of the
 * storage, and a physical one, which counts inside its area and is the one to read from. Files of
 * some tools leave the physical one zero everywhere. Values from 0xffff0000 to 0xffffffff are no
 * addresses at all: they count blocks back from the end of the area, and cannot be resolved before
 * its true size is known. */

#include "format/layout.h"

static inline bool address_is_from_end(uint64_t address)
{
        return address >= UINT64_C(0xffff0000) && address <= UINT64_C(0xffffffff);
}

/* Sets offset, from_end, end_blocks and unplaced of every part from its linear_address and
 * physical_address, the block size of the layout and the sizes of its regions. May be called again
 * when a size became known. What is doubtful becomes a problem; that a size is missing does not,
 * unplaced says so. */
void layout_place(Layout *l);

/* The other way round, for a table that is to be written: parts that flash tools expect to be
 * reserved get addresses counted from the end where block size and region size allow it, the others
 * plain ones. The physical address of a USER part is its offset, the linear one is `user_start`
 * bytes behind it (0 on everything newer than MBR phones). */
void layout_address(Layout *l, uint64_t user_start);
