/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Phones with XML download agents. */

#include "boot-model.h"
#include "chips.h"
#include "xml-model.h"

static const BootTraits preloader_mt6781 = {
        .version = 3,
        .commands = BOOT_COMMANDS_FULL,
        .wdt_base = 0x10007000,
        .wdt_mode = 0x230001dd,
        .usbdl_flag = 0x1001a080,
        .efuse = 0x11cb0000,
        .agent_limit = 512 * 1024,
};
static const BootTraits preloader_2022 = {
        .version = 3,
        .commands = BOOT_COMMANDS_FULL,
        .wdt_base = 0x1c007000,
        .wdt_mode = 0x230001dd,
        .usbdl_flag = 0x1001a080,
        .efuse = 0x11f10000,
        .agent_limit = 1024 * 1024,
};

static const XmlTraits agent_2021 = {
        .features = XML_END_REFUSED | XML_CID_TURNED,
        .info = XML_INFO_2021,
        .dram_size = 4 * GiB,
        .stage1_packet = 0x1000,
};
const XmlTraits xml_agent_2022 = {
        .features = XML_OPTIONAL | XML_PROGRESS_LINES,
        .info = XML_INFO_2022,
        .dram_size = 8 * GiB,
        .stage1_packet = 0x1000,
};
static const XmlTraits agent_2023 = {
        .features = XML_OPTIONAL | XML_PROGRESS_LINES | XML_STALE,
        .info = XML_INFO_2023,
        .dram_size = 8 * GiB,
        .stage1_packet = 0x1000,
};
static const XmlTraits agent_2025 = {
        .features = XML_OPTIONAL | XML_PROGRESS_LINES | XML_NO_END_TAG,
        .info = XML_INFO_2025,
        .dram_size = 4 * GiB,
        .stage1_packet = 0x1000,
};

static const AgentForm form_2021 = {
        .address1 = 0x200000,
        .address2 = 0x40000000,
        .stub_address = 0x50000000,
        .v6 = true,
};
const AgentForm xml_form_2022 = {
        .address1 = 0x2000000,
        .address2 = 0x40000000,
        .stub_address = 0x2000000,
        .v6 = true,
};

#define XML(n, t, code, preloader, traits, container)                                              \
        .name = n, .title = t, .hw_code = code, .hw_sub = 0x8a00, .hw_ver = 0xca00, .sw_ver = 0,   \
        .da_code = code, .boot = &boot_preloader, .boot_traits = &preloader, .agent = &xml_stage1, \
        .agent_traits = &traits, .form = &container

const Personality xml_personalities[] = {
        { XML("mt6781", "MT6781, XML agent of 2021, no optional commands", 0x1066, preloader_mt6781,
                agent_2021, form_2021) },
        { XML("mt6781-ufs", "the same with UFS", 0x1066, preloader_mt6781, agent_2021, form_2021),
                .ufs = true },
        { XML("mt6781-new", "the same with a code nobody knows, and an agent for it", 0x4325,
                preloader_mt6781, agent_2021, form_2021) },
        { XML("mt6895", "MT6895, XML agent of 2022, UFS", 0x1172, preloader_2022, xml_agent_2022,
                  xml_form_2022),
                .ufs = true },
        { XML("mt6895-emmc", "the same with eMMC", 0x1172, preloader_2022, xml_agent_2022,
                xml_form_2022) },
        { XML("mt6886", "MT6886, XML agent of 2023, UFS, messages pile up", 0x1229, preloader_2022,
                  agent_2023, xml_form_2022),
                .ufs = true },
        { XML("mt6835", "MT6835, XML agent of 2025, eMMC, broken end tags", 0x1209, preloader_2022,
                agent_2025, xml_form_2022) },
        { XML("mt6835-sla", "the same, demands authorisation", 0x1209, preloader_2022, agent_2025,
                  xml_form_2022),
                .sla = true },
        {},
};
