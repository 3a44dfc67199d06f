/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The additive sums that flash tools keep beside images: doc/checksum.md.
 *
 * They find a file that was cut or mixed up, nothing more. Checksum.ini has the sum of all bytes
 * modulo 65536; scatter_checksum.xml adds little-endian words, in stretches of 64 MiB. */

#include "basic/cleanup.h"

/* Goes on from sum, 0 at the start. */
uint16_t sum16_add(uint16_t sum, const void *data, size_t size);

/* a running sum of the second kind: the position decides how bytes are put together */
typedef struct Sum32 {
        uint32_t sum, word;
        uint64_t position;
} Sum32;
void sum32_add(Sum32 *s, const void *data, size_t size);
/* Sum of all that was added. */
uint32_t sum32_finish(const Sum32 *s);
