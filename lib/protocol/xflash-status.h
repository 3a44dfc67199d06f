/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Status words of XFlash agents: doc/xflash.md 7. Bits 31 and 30 are the severity, 29 to 16 the
 * domain (common, security, library, device, host, boot ROM, agent), the rest counts. */

#include "basic/failure.h"

enum XflashStatus {
        XFLASH_ABORTED = 0xC0010002,
        XFLASH_UNKNOWN_COMMAND = 0xC0010003,
        XFLASH_UNKNOWN_CONTROL = 0xC0010004,
        XFLASH_OUT_OF_RANGE = 0xC004000B,
        XFLASH_HASH_MISMATCH = 0xC0070004,
};

/* Only words with bit 31 are errors; others with bits set are information. */
static inline bool xflash_is_error(uint32_t status)
{
        return status >> 31 != 0;
}
/* What a word means; "unknown status" with its domain for one nobody knows. Static. */
const char *xflash_status_text(uint32_t status);
/* Fills f for a request the agent refused: "The phone refused <what>: <text> (<word>)." with the
 * error id the word stands for and what the person can do. -EACCES; -ERANGE for a range outside. */
int xflash_refuse(Failure *f, uint32_t status, const char *what);
