/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The personalities: chip name -> boot program, agent family, and what is special about them. */

#include "stage.h"

struct Personality {
        const char *name; /* as --chip knows it */
        const char *title;
        uint16_t hw_code, hw_sub, hw_ver, sw_ver;
        uint16_t da_code; /* of its agent containers */
        const StageOps *boot;
        const void *boot_traits;  /* meaning by the boot stage */
        const StageOps *agent;    /* what runs after JUMP_DA */
        const void *agent_traits; /* meaning by the agent's stages */
        bool ufs;
        uint32_t target_config;
        bool sla, refuse_agent;
};

const Personality *personality_find(const char *name);
void personality_list(FILE *f);
