/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* From the first byte of a legacy agent to its report: hello, configuration, second stage
 * (doc/legacy.md 2 and 3).
 *
 * Neither the container nor the version says how an agent wants to be started; the byte after C0
 * does (00 two stages, 03 one). What it wants behind the 18 configuration bytes is a matter of the
 * build: it stays silent until it has it, so words are sent one by one, each after a long silence. */

#include "protocol/dram.h"
#include "protocol/legacy-report.h"
#include "protocol/legacy-wire.h"

enum {
        LEGACY_HELLO_MS = 5000,
        LEGACY_SILENCE_MS = 3000, /* how long an agent that wants nothing may take to say so */
        LEGACY_WORDS_MAX = 7,
        LEGACY_STAGE2_PACKET = 0x1000,
};

/* What the host knows when the agent was started. */
typedef struct LegacyStart {
        uint16_t hw_code;
        bool brom;            /* the boot ROM has started it, no preloader */
        uint8_t brom_version; /* 0xff from a preloader */
        uint8_t bl_version;   /* answer to GET_BL_VER; 0xfe from the boot ROM */
        /* second stage with its signature, or the NAND device table of a single-stage agent */
        const uint8_t *second;
        size_t second_size;
        uint32_t second_address;
        /* DRAM settings of this phone's board, NULL when there are none */
        const DramSettings *dram;
        bool greeted;        /* its first byte was taken already */
        unsigned silence_ms; /* 0: LEGACY_SILENCE_MS; tests wait less */
} LegacyStart;

typedef struct LegacyHello {
        bool single_stage;
        uint32_t nand_status, emmc_status;
        unsigned n_nand_ids;
        uint16_t nand_ids[LEGACY_NAND_IDS_MAX];
        uint8_t emmc_id[16]; /* as it came: some agents turn the bytes of each word around */
        uint8_t major, minor, chip;
        unsigned n_words; /* configuration words it wanted */
        LegacyReport report;
} LegacyHello;

/* Talks to an agent that was just started, up to and with its report. */
int legacy_hello(Transport *t, const LegacyStart *start, LegacyHello *ret, Failure *f);
