/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A flash area of which only the first and the last bytes were read.
 *
 * That is all a partition table needs, and over a cable the middle is what takes the time. */

#include "format/source.h"

typedef struct EndsSource {
        Source source;
        const uint8_t *head, *tail; /* borrowed */
        size_t head_size, tail_size;
} EndsSource;

/* area_size is that of the whole area in bytes; pieces longer than it are cut, tail may be NULL.
 * Reading what lies between the pieces gives -ENODATA. */
Source *ends_source_init(EndsSource *e, uint64_t area_size, const void *head, size_t head_size,
        const void *tail, size_t tail_size);
