/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Phones in boot ROM mode: 0e8d:0003, full speed, packets of 64 bytes, no strings, no READY, memory
 * not set up, a watchdog that bites. */

#include "boot-model.h"
#include "chips.h"
#include "legacy-model.h"
#include "xflash-model.h"
#include "xml-model.h"

#define ROM(base)                                                                                  \
        .version = 0xfe, .commands = BOOT_COMMANDS_FULL, .wdt_base = base, .wdt_mode = 0x230001dd, \
        .agent_limit = 1024 * 1024, .rom = true, .rom_version = 5

static const BootTraits rom = { ROM(0x10007000) };
static const BootTraits rom_mt6589 = { ROM(0x10000000) };
static const BootTraits rom_mt6735 = { ROM(0x10212000) };
static const BootTraits rom_2022 = { ROM(0x1c007000) };
static const BootTraits rom_64bit = { ROM(0x1c007000), .jump64 = true };

static const XflashTraits xflash_agent = {
        .emmc_info_size = 104,
        .ufs_info_size = 208,
        .dram_size = 2 * GiB,
};
#define PHONE(n, t, code, da, traits)                                                              \
        .name = n, .title = t, .hw_code = code, .hw_sub = 0x8a00, .hw_ver = 0xca00, .sw_ver = 0,   \
        .da_code = da, .boot = &boot_rom, .boot_traits = &traits

const Personality rom_personalities[] = {
        { PHONE("mt6765-brom", "MT6765 in boot ROM mode, XFlash", 0x0766, 0x6765, rom),
                .agent = &xflash_stage1, .agent_traits = &xflash_agent },
        { PHONE("mt6765-brom-locked", "the same with SBC, SLA and DAA", 0x0766, 0x6765, rom),
                .agent = &xflash_stage1, .agent_traits = &xflash_agent, .target_config = 0xe7 },
        { PHONE("mt6580-brom", "MT6580 in boot ROM mode, legacy", 0x6580, 0x6580, rom),
                .agent = &legacy_agent, .agent_traits = &legacy_agent_mt6580,
                .form = &legacy_form_80000000 },
        { PHONE("mt6589-brom", "MT6589 in boot ROM mode, legacy, wants a word of 1", 0x6583, 0x6583,
                  rom_mt6589),
                .agent = &legacy_agent, .agent_traits = &legacy_agent_mt6589,
                .form = &legacy_form_unsigned },
        { PHONE("mt6735-brom", "MT6735 in boot ROM mode, legacy", 0x0321, 0x6735, rom_mt6735),
                .agent = &legacy_agent, .agent_traits = &legacy_agent_mt6735,
                .form = &legacy_form_40000000 },
        { PHONE("mt6895-brom", "MT6895 in boot ROM mode, XML, UFS", 0x1172, 0x1172, rom_2022),
                .agent = &xml_stage1, .agent_traits = &xml_agent_2022, .form = &xml_form_2022,
                .ufs = true },
        { PHONE("mt6886-brom", "MT6886 in boot ROM mode, 64-bit jump, XML, UFS", 0x1229, 0x1229,
                  rom_64bit),
                .agent = &xml_stage1, .agent_traits = &xml_agent_2022, .form = &xml_form_2022,
                .ufs = true },
        {},
};
