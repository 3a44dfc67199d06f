/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Download agent files: one container holds agents for several chips, each of several regions
 * (doc/container.md). Numbers in the file are little endian.
 *
 * The parser looks at the head of a file only (header and entry table) and checks every place and
 * length in it against the size of the whole; what it accepts can be read without further thought.
 * A broken entry is kept with the reason, the others stay usable. */

#include "basic/failure.h"
#include "profile/chip.h"

enum {
        DA_FILE_MAX = 64 * 1024 * 1024,
        DA_ENTRIES_MAX = 256,
        DA_REGIONS_MAX = 10,
        DA_HEADER_SIZE = 0x6C,
        DA_ENTRY_SIZE = 0xDC,
        DA_ENTRY_SIZE_OLD = 0xD8,
        DA_HEAD_MAX = DA_HEADER_SIZE + DA_ENTRIES_MAX * DA_ENTRY_SIZE, /* bytes the parser wants */
        DA_DATA_OFFSET_MIN = 0xBC,
        DA_SIGNATURE_SIZE = 0x100,
        DA_STAGE_MIN = 0x40,
        DA_STAGE_MAX = 1024 * 1024,
        DA_REGION_MAX = 4 * 1024 * 1024,
        DA_PROBLEM_MAX = 96,
};

typedef struct DaRegion {
        uint32_t offset;   /* in the file */
        uint32_t size;     /* with signature; 0: empty */
        uint32_t address;  /* on the phone */
        uint32_t sig_size; /* the last bytes of it */
} DaRegion;

typedef struct DaEntry {
        uint16_t hw_code; /* "DA code", or what the phone reports itself */
        uint16_t hw_sub, hw_ver, sw_ver;
        uint32_t feature;
        uint16_t entry_region, n_regions;
        DaRegion regions[DA_REGIONS_MAX];
        DaRegion stage1, stage2; /* chosen by the number of regions; stage2.size 0: single-stage */
        bool usable;
        char problem[DA_PROBLEM_MAX]; /* why it is not usable; a warning when it is; or "" */
} DaEntry;

typedef struct DaContainer {
        char description[65]; /* printable */
        uint32_t version;
        bool xml;                     /* agents of the sixth generation, whatever the chip */
        uint64_t size;                /* of the file */
        char warning[DA_PROBLEM_MAX]; /* about the file as a whole, or "" */
        size_t n_entries;
        DaEntry entries[]; /* as in the file */
} DaContainer;

/* head: the first MIN(file_size, DA_HEAD_MAX) bytes of a file. 0; -EINVAL with f (InvalidFile);
 * -ENOMEM. */
int da_container_parse(
        const void *head, size_t head_size, uint64_t file_size, DaContainer **ret, Failure *f);
DaContainer *da_container_free(DaContainer *c);
DEFINE_CLEANUP(DaContainer, da_container_free)

/* Which protocol the agent of an entry for this chip speaks. */
DaFamily da_container_family(const DaContainer *c, const Chip *chip);
/* The same for an entry alone: what the file says of itself, then the chip whose code the entry
 * carries, then its stages, since only legacy agents have but one; -ENOENT when nothing tells. */
int da_entry_family(const DaContainer *c, const DaEntry *e);

/* The entry for a phone: its code is the chip's da_code or the hardware code itself; of several the
 * one for exactly this version, else the newest not above it, else the first (*ret_guess: a version
 * above the phone's). NULL when there is none that is usable. */
const DaEntry *da_container_choose(const DaContainer *c, const Chip *chip, uint16_t hw_code,
        uint16_t hw_ver, uint16_t sw_ver, bool *ret_guess);
