/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "protocol/boot-protection.h"

#include <stdio.h>

void boot_protection(uint32_t target_config, char out[static BOOT_PROTECTION_MAX])
{
        static const struct {
                uint32_t bit;
                const char *text;
        } bits[] = {
                { BOOT_SECURE_BOOT, "SBC (it starts only what its maker has signed)" },
                { BOOT_SLA, "SLA (it may want the authorisation of its maker's tool)" },
                { BOOT_DAA, "DAA (it may take no download agent but its maker's)" },
        };
        int n = 0;

        out[0] = 0;
        for (size_t i = 0; i < ELEMENTS(bits); i++)
                if (target_config & bits[i].bit)
                        n += snprintf(out + n, BOOT_PROTECTION_MAX - (size_t)n, "%s%s",
                                n ? ", " : "", bits[i].text);
}
