/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Makes a download agent container for simulated phones.
 *
 * It has the layout of real files and no code: an agent's stages are bytes from a seed. Stage 1
 * names the chip it is for, which the simulated phone checks, and holds the SHA-256 of stage 2. */

#include "basic/cleanup.h"

enum { AGENT_CHIPS_MAX = 32 };

/* in stage 1, followed by the container's chip code in 8 hexadecimal digits */
#define AGENT_MARK "mtkbackup simulated agent for "

typedef struct AgentSpec {
        uint16_t codes[AGENT_CHIPS_MAX]; /* DA codes, an entry each */
        size_t n_codes;
        uint64_t seed;
        bool wrong_digest; /* stage 1 does not know stage 2 */
        bool v6;           /* description of the XML family */
        uint16_t hw_ver, sw_ver;
} AgentSpec;

/* The caller frees. */
int agent_make(const AgentSpec *s, uint8_t **ret, size_t *ret_size);
/* DA code of a chip of the simulator by name or "0x6765"; -ENOENT. */
int agent_code(const char *chip, uint16_t *ret);
