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
/* The protections a phone says it has (BootIdentity.target_config), each with what it means; empty
 * without any. They may have been lifted all the same: only what the phone does counts. */
enum { BOOT_PROTECTION_MAX = 256 };
void boot_protection(uint32_t target_config, char out[static BOOT_PROTECTION_MAX]);
