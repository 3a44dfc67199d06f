/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The map file of ddrescue: which stretches of an image were read and which were not:
 * doc/rescue-map.md. Written so that ddrescue, ddrescueview and partclone understand it. */

#include "basic/cleanup.h"

typedef enum RescueStatus {
        RESCUE_FINISHED = '+',
        RESCUE_BAD = '-',
        RESCUE_NOT_SCRAPED = '/',
        RESCUE_NOT_TRIMMED = '*',
        RESCUE_NOT_TRIED = '?',
} RescueStatus;

typedef struct RescueRange {
        uint64_t offset, size;
        char status; /* one of the above; anything else is written as RESCUE_BAD */
} RescueRange;

/* Text of the map of `size` bytes, to be freed: the ranges, in any order, and everything else
 * finished. Where ranges overlap the later one of the sorted list gives way. comment: one line.
 * 0 or -ENOMEM. */
int rescue_map_write(
        uint64_t size, const RescueRange *ranges, size_t n, const char *comment, char **ret);
