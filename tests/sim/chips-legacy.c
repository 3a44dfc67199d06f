/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Phones with legacy download agents, each a way in which these differ. */

#include "boot-model.h"
#include "chips.h"
#include "legacy-model.h"

/* ---- boot programs ---- */

static const BootTraits preloader_2012 = {
        .version = 1,
        .commands = BOOT_COMMANDS_SHORT,
        .wdt_base = 0xc0000000,
        .wdt_mode = 0x2305,
        .usbdl_flag = 0x10001818,
        .efuse = 0xc1019000,
        .agent_limit = 256 * 1024,
};
static const BootTraits preloader_2014 = {
        .version = 1,
        .commands = BOOT_COMMANDS_SHORT,
        .wdt_base = 0x10007000,
        .wdt_mode = 0x230001dd,
        .usbdl_flag = 0x10001818,
        .efuse = 0x10009000,
        .agent_limit = 256 * 1024,
};
static const BootTraits preloader_old_base = {
        .version = 1,
        .commands = BOOT_COMMANDS_SHORT,
        .wdt_base = 0x10000000,
        .wdt_mode = 0x230001dd,
        .usbdl_flag = 0x10001818,
        .efuse = 0x10009000,
        .agent_limit = 256 * 1024,
};
static const BootTraits preloader_mt6735 = {
        .version = 3,
        .commands = BOOT_COMMANDS_FULL,
        .wdt_base = 0x10212000,
        .wdt_mode = 0x2300005d,
        .usbdl_flag = 0x10000818,
        .efuse = 0x11c50000,
        .agent_limit = 256 * 1024,
};

/* ---- agents ---- */

static const LegacyTraits agent_mt6577 = {
        .version = { 0x03, 0x02, 0x84 },
        .nand_status = 0xbc4,
        .features = LEGACY_SINGLE | LEGACY_LINEAR | LEGACY_BARE_512,
        .dram_size = 512 * MiB,
};
static const LegacyTraits agent_mt6572 = {
        .version = { 0x04, 0x02, 0x88 },
        .n_ids = 7,
        .nand_status = 0xbc4,
        .features = LEGACY_LINEAR | LEGACY_BARE_512,
        .dram_size = 512 * MiB,
};
static const LegacyTraits agent_mt6572_nand = {
        .version = { 0x04, 0x02, 0x88 },
        .n_ids = 7,
        .nand_status = 0xbc4,
        .features = LEGACY_NAND,
        .dram_size = 256 * MiB,
};
static const LegacyTraits agent_mt6572_nor = {
        .version = { 0x04, 0x02, 0x88 },
        .n_ids = 7,
        .nand_status = 0xbc4,
        .features = LEGACY_NOR,
        .dram_size = 64 * MiB,
};
static const LegacyTraits agent_mt6571 = {
        .version = { 0x04, 0x02, 0x8b },
        .n_ids = 7,
        .nand_status = 0xbc4,
        .features = LEGACY_WORD_SPACE | LEGACY_WIDE,
        .dram_size = 512 * MiB,
};
const LegacyTraits legacy_agent_mt6580 = {
        .version = { 0x04, 0x02, 0x94 },
        .n_ids = 7,
        .nand_status = 0xbc4,
        .features = LEGACY_WIDE,
        .dram_size = 1 * GiB,
};
static const LegacyTraits agent_mt6582 = {
        .version = { 0x04, 0x02, 0x87 },
        .n_ids = 5,
        .nand_status = 0xbc4,
        .features = LEGACY_WORD_SPACE,
        .dram_size = 1 * GiB,
};
const LegacyTraits legacy_agent_mt6589 = {
        .version = { 0x03, 0x02, 0x86 },
        .n_ids = 5,
        .nand_status = 0xbc4,
        .features = LEGACY_WORD_DRAM | LEGACY_REVERSED | LEGACY_LINEAR,
        .dram_size = 1 * GiB,
};
static const LegacyTraits agent_mt6592 = {
        .version = { 0x04, 0x02, 0x8a },
        .n_ids = 5,
        .dram_extras = 20,
        .nand_status = 0xbe7,
        .dram_size = 1 * GiB,
};
const LegacyTraits legacy_agent_mt6735 = {
        .version = { 0x04, 0x02, 0x93 },
        .n_ids = 5,
        .nand_status = 0xbc4,
        .features = LEGACY_REVERSED | LEGACY_WIDE,
        .dram_size = 2 * GiB,
};
static const LegacyTraits agent_mt6795 = {
        .version = { 0x03, 0x02, 0x92 },
        .n_ids = 5,
        .nand_status = 0xbc4,
        .features = LEGACY_WIDE | LEGACY_NO_ZLPS,
        .dram_size = 3 * GiB,
};
static const LegacyTraits agent_mt8127 = {
        .version = { 0x04, 0x02, 0x8d },
        .n_ids = 7,
        .nand_status = 0xbc4,
        .features = LEGACY_WIDE | LEGACY_EXTRA,
        .dram_size = 1 * GiB,
};
static const LegacyTraits agent_mt8135 = {
        .version = { 0x03, 0x02, 0x89 },
        .n_ids = 5,
        .nand_status = 0xbc4,
        .features = LEGACY_BLOCKS | LEGACY_REVERSED | LEGACY_LINEAR,
        .dram_size = 1 * GiB,
};
static const LegacyTraits agent_mt8590 = {
        .version = { 0x04, 0x02, 0x91 },
        .n_ids = 7,
        .nand_status = 0xbc4,
        .features = LEGACY_WIDE | LEGACY_EXTRA,
        .dram_size = 512 * MiB,
};

/* ---- containers ---- */

static const AgentForm form_single = {
        .address1 = 0xc2000000,
        .address2 = 0xc2038000,
        .stub_address = 0xc2010000,
        .index = 1,
        .table_entries = 103,
};
static const AgentForm form_mt6572 = {
        .address1 = 0x2007000,
        .address2 = 0x80000000,
        .stub_address = 0x80010000,
        .sha1 = true,
        .stage2_size = 0x27130,
};
const AgentForm legacy_form_80000000 = {
        .address1 = 0x200000,
        .address2 = 0x80000000,
        .stub_address = 0x80010000,
        .sha1 = true,
        .stage2_size = 0x2bca8,
};
const AgentForm legacy_form_40000000 = {
        .address1 = 0x200000,
        .address2 = 0x40000000,
        .stub_address = 0x50000000,
        .sha1 = true,
        .stage2_size = 0x2fc90,
};
const AgentForm legacy_form_unsigned = {
        .address1 = 0x12000000,
        .address2 = 0x82038000,
        .stub_address = 0x12020000,
        .index = 1,
        .sha1 = true,
        .unsigned_stage2 = true,
        .stage2_size = 0x3a20,
};

#define LEGACY(n, t, code, da, preloader, traits, container)                                       \
        .name = n, .title = t, .hw_code = code, .da_code = da, .boot = &boot_preloader,            \
        .boot_traits = &preloader, .agent = &legacy_agent, .agent_traits = &traits,                \
        .form = &container

#define VERSIONS(sub, hw, sw) .hw_sub = sub, .hw_ver = hw, .sw_ver = sw

const Personality legacy_personalities[] = {
        { LEGACY("mt6577", "MT6577 (code 6575), one stage, 2012", 0x6575, 0x6575, preloader_2012,
                  agent_mt6577, form_single),
                VERSIONS(0x8b00, 0xcb00, 0xe201), .plain = true },
        { LEGACY("mt6577-new", "the same with a code nobody knows, and an agent for it", 0x4323,
                  0x4323, preloader_2012, agent_mt6577, form_single),
                VERSIONS(0x8b00, 0xcb00, 0xe201), .plain = true },
        { LEGACY("mt6572", "MT6572, linear address space", 0x6572, 0x6572, preloader_2014,
                  agent_mt6572, form_mt6572),
                VERSIONS(0x8a00, 0xca00, 0), .plain = true },
        { LEGACY("mt6572-nand", "MT6572 with raw NAND", 0x6572, 0x6572, preloader_2014,
                  agent_mt6572_nand, form_mt6572),
                VERSIONS(0x8a00, 0xca00, 0), .plain = true },
        { LEGACY("mt6572-nor", "MT6572 with NOR", 0x6572, 0x6572, preloader_2014, agent_mt6572_nor,
                  form_mt6572),
                VERSIONS(0x8a00, 0xca00, 0), .plain = true },
        { LEGACY("mt6571", "MT6571, wants a configuration word", 0x6571, 0x6571, preloader_2014,
                  agent_mt6571, legacy_form_80000000),
                VERSIONS(0x8a00, 0xca00, 0), .plain = true },
        { LEGACY("mt6580", "MT6580", 0x6580, 0x6580, preloader_2014, legacy_agent_mt6580,
                  legacy_form_80000000),
                VERSIONS(0x8a00, 0xca00, 0), .plain = true },
        { LEGACY("mt6582", "MT6582, wants a configuration word", 0x6582, 0x6582, preloader_2014,
                  agent_mt6582, legacy_form_80000000),
                VERSIONS(0x8a00, 0xca00, 0), .plain = true },
        { LEGACY("mt6589", "MT6589 (code 6583), linear, wants a word of 0", 0x6583, 0x6583,
                  preloader_old_base, legacy_agent_mt6589, legacy_form_unsigned),
                VERSIONS(0x8a00, 0xca00, 0), .plain = true },
        { LEGACY("mt6592", "MT6592, 20 bytes behind the DRAM status", 0x6592, 0x6592,
                  preloader_2014, agent_mt6592, legacy_form_80000000),
                VERSIONS(0x8a00, 0xca00, 0), .plain = true },
        { LEGACY("mt6735", "MT6735", 0x0321, 0x6735, preloader_mt6735, legacy_agent_mt6735,
                  legacy_form_40000000),
                VERSIONS(0x8a00, 0xca00, 0) },
        { LEGACY("mt6735-new", "the same with a code nobody knows, and an agent for it", 0x4324,
                  0x4324, preloader_mt6735, legacy_agent_mt6735, legacy_form_40000000),
                VERSIONS(0x8a00, 0xca00, 0) },
        { LEGACY("mt6795", "MT6795, no zero-length packets", 0x6795, 0x6795, preloader_2014,
                  agent_mt6795, legacy_form_40000000),
                VERSIONS(0x8a00, 0xca00, 0), .plain = true },
        { LEGACY("mt8127", "MT8127, one more word in the report", 0x8127, 0x8127, preloader_2014,
                  agent_mt8127, legacy_form_80000000),
                VERSIONS(0x8a00, 0xca00, 0), .plain = true },
        { LEGACY("mt8135", "MT8135, linear, unsigned second stage", 0x8135, 0x8135,
                  preloader_old_base, agent_mt8135, legacy_form_unsigned),
                VERSIONS(0x8a00, 0xca00, 0), .plain = true },
        { LEGACY("mt8590", "MT8590, one more word in the report", 0x8590, 0x8590, preloader_2014,
                  agent_mt8590, legacy_form_80000000),
                VERSIONS(0x8a00, 0xcb01, 0x0102), .plain = true },
        {},
};
