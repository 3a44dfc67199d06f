/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The answers of an XFlash agent about its phone: bytes in, StorageInfo out (doc/xflash.md 5).
 * Each takes one whole payload and touches only the fields it is about. */

#include "protocol/session.h"

/* 1 this is the storage (type, block size, regions, id filled), 0 there is none of this kind,
 * -EPROTO for sizes that cannot be. */
int xflash_parse_emmc(const void *data, size_t size, StorageInfo *s);
int xflash_parse_ufs(const void *data, size_t size, StorageInfo *s);
/* 0, or -EPROTO for a length that is neither of the two known forms. */
int xflash_parse_ram(const void *data, size_t size, StorageInfo *s);
/* Copies a text without terminator, printable characters only. */
void xflash_parse_text(const void *data, size_t size, char *out, size_t out_size);
