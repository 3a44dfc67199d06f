/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The CRC-32 of GPT headers and sparse images: reflected, polynomial 0xEDB88320, start and end
 * inverted. */

#include "basic/cleanup.h"

/* Sum of `data` going on from `crc`, which is 0 at the start. */
uint32_t crc32_add(uint32_t crc, const void *data, size_t size);
