/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The personalities: chip name -> boot program, agent family, and what is special about them. */

#include "stage.h"

typedef struct LegacyTraits LegacyTraits;
typedef struct XmlTraits XmlTraits;

/* How the entry of a download agent container looks. */
typedef struct AgentForm {
        uint32_t address1, address2; /* where the stages are loaded */
        uint32_t stub_address;
        uint16_t index;         /* entry region */
        bool v6;                /* XML family: absolute signature places, region 0 is region 1 */
        bool sha1;              /* stage 1 knows the SHA-1 of stage 2, not the SHA-256 */
        bool unsigned_stage2;   /* and no digest of it anywhere */
        uint32_t stage2_size;   /* bytes; 0: the usual one */
        uint32_t table_entries; /* of NAND devices in place of a second stage */
} AgentForm;

struct Personality {
        const char *name; /* as --chip knows it */
        const char *title;
        uint16_t hw_code, hw_sub, hw_ver, sw_ver;
        uint16_t da_code; /* of its agent containers */
        const StageOps *boot;
        const void *boot_traits;  /* meaning by the boot stage */
        const StageOps *agent;    /* what runs after JUMP_DA */
        const void *agent_traits; /* meaning by the agent's stages */
        const AgentForm *form;    /* NULL: as XFlash agents are */
        bool ufs;
        bool plain; /* a preloader without ME_ID, SOC_ID, PL_CAP */
        uint32_t target_config;
        bool sla, refuse_agent;
};

const Personality *personality_find(const char *name);
/* The first one with this code in its agents' containers, or NULL. */
const Personality *personality_by_agent(uint16_t da_code);
void personality_list(FILE *f);

/* the families' tables, which end with a nameless one */
extern const Personality legacy_personalities[], xml_personalities[], rom_personalities[];

/* agents and forms of containers that phones in boot ROM mode have, too */
extern const LegacyTraits legacy_agent_mt6580, legacy_agent_mt6589, legacy_agent_mt6735;
extern const AgentForm legacy_form_80000000, legacy_form_40000000, legacy_form_unsigned;
extern const AgentForm xml_form_2022;
extern const XmlTraits xml_agent_2022;
