/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What legacy-model.c (start-up, both stages) and legacy-command.c (commands) share. */

#include "chips.h"
#include "legacy-model.h"

typedef struct Legacy Legacy;
typedef void (*LegacyWant)(Legacy *l, const uint8_t *data);

struct Legacy {
        Stage stage;

        LegacyWant want; /* NULL: nothing is awaited */
        size_t want_size, got;
        uint8_t small[256], *large;

        bool linear;
        uint32_t word; /* configuration word */

        /* second stage */
        uint8_t *stage1;
        size_t n_stage1;
        bool ours; /* stage 1 was made by mkagent */
        uint32_t packet, size, done;
        uint32_t entries, entry;

        /* the command that runs */
        uint8_t op, host, storage, part;
        uint64_t address, length, left;
        uint32_t chunk;
        bool again; /* the packet that waits for its answer may be wanted once more */
};

static inline Model *legacy_model(Legacy *l)
{
        return l->stage.model;
}
static inline const LegacyTraits *legacy_traits(const Legacy *l)
{
        return l->stage.chip->agent_traits;
}
static inline bool legacy_has(const Legacy *l, unsigned feature)
{
        return (legacy_traits(l)->features & feature) != 0;
}

void legacy_u8(Legacy *l, uint8_t v);
void legacy_be16(Legacy *l, uint16_t v);
void legacy_be32(Legacy *l, uint32_t v);
void legacy_be64(Legacy *l, uint64_t v); /* leaves as two packets */
void legacy_refuse(Legacy *l, uint32_t status);
/* The next `size` bytes go to next. */
void legacy_want(Legacy *l, size_t size, LegacyWant next);
void legacy_stuck(Legacy *l, const char *why);
/* Waits for a command. */
void legacy_loop(Legacy *l);
/* The phone's CID in natural order. */
void legacy_cid(const Legacy *l, uint8_t cid[16]);
void legacy_report(Legacy *l);
void legacy_report_single(Legacy *l);
void legacy_packet(Stage *s, const uint8_t *data, size_t size);
