/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The agent for one phone, taken out of its container: the bytes of its stages. */

#include "protocol/da-container.h"

typedef struct DaImage {
        uint8_t *data;
        size_t size; /* with signature */
        size_t sig_size;
        uint32_t address;
} DaImage;

typedef struct DaAgent {
        DaEntry entry;
        DaFamily family; /* _DA_FAMILY_MAX: nobody knows, it shows by how the agent speaks */
        char description[65];
        DaImage stage1, stage2; /* stage2.size 0: single-stage */
        DaImage extra; /* unsigned third region: NAND device table, or old chips' second stage */
        bool guess;    /* made for another version of the chip */
        bool paired;   /* stage 1 contains the digest of stage 2 (or there is no stage 2) */
} DaAgent;

/* Reads the container behind a descriptor (any regular file or memfd), chooses the entry for the
 * phone and reads its stages. 0; -ENOENT (NoDownloadAgent) when no entry fits; -EINVAL
 * (InvalidFile); -EIO; -ENOMEM. chip may be NULL: then only the hardware code counts, and the
 * family is what the file itself says, see da_entry_family. */
int da_agent_load(int fd, const Chip *chip, uint16_t hw_code, uint16_t hw_ver, uint16_t sw_ver,
        DaAgent **ret, Failure *f);
DaAgent *da_agent_free(DaAgent *a);
DEFINE_CLEANUP(DaAgent, da_agent_free)

/* True when the digest of stage 2 without its signature (SHA-256, SHA-1) lies somewhere in stage 1,
 * which is how stage 1 recognises it (doc/container.md 5). */
bool da_stages_paired(const uint8_t *stage1, size_t size1, const uint8_t *stage2, size_t size2);
