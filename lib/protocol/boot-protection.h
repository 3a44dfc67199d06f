/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The protections of a phone, for people: D8 of doc/boot.md. */

#include "protocol/boot.h"

/* The protections a phone says it has (BootIdentity.target_config), each with what it means; empty
 * without any. They may have been lifted all the same: only what the phone does counts. */
enum { BOOT_PROTECTION_MAX = 256 };
void boot_protection(uint32_t target_config, char out[static BOOT_PROTECTION_MAX]);
