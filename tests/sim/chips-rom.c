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
static const BootTraits rom_mt6735 = { ROM(0x10212000) };
static const BootTraits rom_2022 = { ROM(0x1c007000) };
static const BootTraits rom_64bit = { ROM(0x1c007000), .jump64 = true };

static const XflashTraits xflash_agent = {
        .emmc_info_size = 104,
        .ufs_info_size = 208,
        .dram_size = 2 * GiB,
};
static const LegacyTraits legacy_mt6580 = {
        .version = { 0x04, 0x02, 0x94 },
        .n_ids = 7,
        .nand_status = 0xbc4,
        .features = LEGACY_WIDE,
        .dram_size = 1 * GiB,
};
static const LegacyTraits legacy_mt6735 = {
        .version = { 0x04, 0x02, 0x93 },
        .n_ids = 5,
        .nand_status = 0xbc4,
        .features = LEGACY_REVERSED | LEGACY_WIDE,
        .dram_size = 2 * GiB,
};
static const XmlTraits xml_agent = {
        .features = XML_OPTIONAL | XML_PROGRESS_LINES,
        .info = XML_INFO_2022,
        .dram_size = 8 * GiB,
        .stage1_packet = 0x1000,
};

static const AgentForm form_80000000 = {
        .address1 = 0x200000,
        .address2 = 0x80000000,
        .stub_address = 0x80010000,
        .sha1 = true,
        .stage2_size = 0x2bca8,
};
static const AgentForm form_40000000 = {
        .address1 = 0x200000,
        .address2 = 0x40000000,
        .stub_address = 0x50000000,
        .sha1 = true,
        .stage2_size = 0x2fc90,
};
static const AgentForm form_v6 = {
        .address1 = 0x2000000,
        .address2 = 0x40000000,
        .stub_address = 0x2000000,
        .v6 = true,
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
                .agent = &legacy_agent, .agent_traits = &legacy_mt6580, .form = &form_80000000 },
        { PHONE("mt6735-brom", "MT6735 in boot ROM mode, legacy", 0x0321, 0x6735, rom_mt6735),
                .agent = &legacy_agent, .agent_traits = &legacy_mt6735, .form = &form_40000000 },
        { PHONE("mt6895-brom", "MT6895 in boot ROM mode, XML, UFS", 0x1172, 0x1172, rom_2022),
                .agent = &xml_stage1, .agent_traits = &xml_agent, .form = &form_v6, .ufs = true },
        { PHONE("mt6886-brom", "MT6886 in boot ROM mode, 64-bit jump, XML, UFS", 0x1229, 0x1229,
                  rom_64bit),
                .agent = &xml_stage1, .agent_traits = &xml_agent, .form = &form_v6, .ufs = true },
        {},
};
