/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Status words of boot ROM and preloader: doc/boot.md 8. */

#include "basic/failure.h"

enum { BOOT_STATUS_OK_MAX = 0x00FF }; /* newer boot ROMs answer a successful write with 1 */

static inline bool boot_status_ok(uint16_t status)
{
        return status <= BOOT_STATUS_OK_MAX;
}
/* What a word means, or NULL for one nobody knows. Static. */
const char *boot_status_text(uint16_t status);
/* Fills f: AuthRequired for the words that ask for the maker's signature, else DeviceRefused; with
 * the word, its meaning and what to do. `what` is the request: "the download agent". -EACCES. */
int boot_status_refuse(Failure *f, uint16_t status, const char *what);
