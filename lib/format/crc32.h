/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The CRC-32 of GPT headers and sparse images: reflected, polynomial 0xEDB88320, start and end
 * inverted. */

#include "basic/cleanup.h"

/* Sum of `data` going on from `crc`, which is 0 at the start. */
uint32_t crc32_add(uint32_t crc, const void *data, size_t size);
/* The same for a stretch of zeros of any length, in a few hundred steps. */
uint32_t crc32_add_zeros(uint32_t crc, uint64_t size);
