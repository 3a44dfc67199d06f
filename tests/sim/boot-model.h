/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What a phone starts with: its preloader, which listens for a tool for a while and then boots on,
 * or, with a key held or a wiped loader, the boot ROM, which waits until its watchdog bites. */

#include "stage.h"

/* which commands a preloader build knows */
typedef enum BootCommands { BOOT_COMMANDS_FULL, BOOT_COMMANDS_SHORT } BootCommands;

typedef struct BootTraits {
        uint8_t version; /* answer to GET_BL_VER */
        BootCommands commands;
        uint32_t wdt_base;
        uint32_t wdt_mode;          /* what its mode register reads at first */
        uint32_t usbdl_flag, efuse; /* base addresses of the other readable pages */
        uint32_t agent_limit;       /* bytes, when agents are checked */
        bool rom;                   /* boot ROM: full speed, no READY, obeys addresses */
        uint8_t rom_version;        /* its answer to GET_VERSION */
        bool jump64;                /* 64-bit chip: only JUMP_DA64 starts an agent */
} BootTraits;

extern const StageOps boot_preloader, boot_rom;
