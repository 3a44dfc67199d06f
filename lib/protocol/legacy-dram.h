/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Memory set-up of a legacy agent that the boot ROM started (doc/legacy.md 5). */

#include "protocol/dram.h"
#include "protocol/legacy-wire.h"

/* Goes on behind the status that asked for it: chooses the entry for this phone's eMMC, sends it and
 * waits for the verdict. settings NULL: says what is missing (ERROR_NO_DOWNLOAD_AGENT, -ENOKEY). */
int legacy_dram_send(Transport *t, uint16_t hw_code, const DramSettings *settings, Failure *f);
