/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "chips.h"

#include <string.h>
#include <strings.h>

#include "boot-model.h"
#include "xflash-model.h"

static const BootTraits preloader_mt6765 = {
        .version = 3,
        .commands = BOOT_COMMANDS_FULL,
        .wdt_base = 0x10007000,
        .wdt_mode = 0x230001dd,
        .usbdl_flag = 0x1001a080,
        .efuse = 0x11c50000,
        .agent_limit = 256 * 1024,
};

static const XflashTraits agent_2020 = {
        .emmc_info_size = 104,
        .ufs_info_size = 208,
        .features = XFLASH_ERROR_DETAIL,
        .dram_size = 2 * GiB,
};
static const XflashTraits agent_2018 = {
        .emmc_info_size = 96,
        .ufs_info_size = 56,
        .dram_size = 1 * GiB,
};
static const XflashTraits agent_usb3 = {
        .pairs = true,
        .emmc_info_size = 104,
        .ufs_info_size = 208,
        .dram_size = 4 * GiB,
};

#define XFLASH(n, t, code, da, traits)                                                             \
        .name = n, .title = t, .hw_code = code, .hw_sub = 0x8a00, .hw_ver = 0xca00,                \
        .sw_ver = 0x0200, .da_code = da, .boot = &boot_preloader,                                  \
        .boot_traits = &preloader_mt6765, .agent = &xflash_stage1, .agent_traits = &traits

static const Personality personalities[] = {
        { XFLASH("mt6765", "MT6765, preloader, XFlash agent of 2020", 0x0766, 0x6765, agent_2020) },
        { XFLASH("mt6765-fused", "the same, SBC, SLA and DAA on, foreign key", 0x0766, 0x6765,
                  agent_2020),
                .target_config = 7, .refuse_agent = true },
        { XFLASH("mt6765-unknown", "MT6765 with a hardware code nobody knows", 0x4321, 0x6765,
                agent_2020) },
        { XFLASH("mt6765-new", "the same, and its agent is for that code", 0x4322, 0x4322,
                agent_2020) },
        { XFLASH("mt6761", "MT6761, XFlash agent of 2018", 0x0717, 0x6761, agent_2018) },
        { XFLASH("mt6768-sla", "MT6768, XFlash agent that demands authorisation", 0x0707, 0x6768,
                  agent_2020),
                .sla = true },
        { XFLASH("mt6785", "MT6785, XFlash agent of 2020, USB 3 controller", 0x0813, 0x6785,
                agent_usb3) },
        { XFLASH("mt6785-ufs", "the same with UFS", 0x0813, 0x6785, agent_usb3), .ufs = true },
        { XFLASH("mt6781-v5", "MT6781, XFlash agent from before its XML ones", 0x1066, 0x6781,
                agent_usb3) },
        { XFLASH("mt6893", "MT6893, XFlash agent of 2021, UFS", 0x0950, 0x6893, agent_usb3),
                .ufs = true },
        {},
};

static const Personality *const tables[] = {
        personalities,
        legacy_personalities,
        xml_personalities,
        rom_personalities,
};

#define FOR_EACH_PERSONALITY(p)                                                                    \
        for (size_t _t = 0; _t < ELEMENTS(tables); _t++)                                           \
                for (const Personality *p = tables[_t]; p->name; p++)

const Personality *personality_find(const char *name)
{
        FOR_EACH_PERSONALITY(p)
        if (!strcasecmp(p->name, name))
                return p;
        return NULL;
}

const Personality *personality_by_agent(uint16_t da_code)
{
        FOR_EACH_PERSONALITY(p)
        if (p->da_code == da_code)
                return p;
        return NULL;
}

void personality_list(FILE *f)
{
        FOR_EACH_PERSONALITY(p)
        fprintf(f, "%-18s %04x  %s\n", p->name, p->hw_code, p->title);
}
