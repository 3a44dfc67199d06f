/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The preloader of a phone: listens for a tool for a while, then boots on. */

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
} BootTraits;

extern const StageOps boot_preloader;
