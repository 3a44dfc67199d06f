/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What an agent says about its phone. The first byte chooses the question. */

#include <stdlib.h>

#include "protocol/xflash-info.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        StorageInfo s = { 0 };
        char text[16];
        int r;

        if (size < 1)
                return 0;
        switch (*data++ % 4) {
        case 0: r = xflash_parse_emmc(data, size - 1, &s); break;
        case 1: r = xflash_parse_ufs(data, size - 1, &s); break;
        case 2: r = xflash_parse_ram(data, size - 1, &s); break;
        default: xflash_parse_text(data, size - 1, text, sizeof(text)); return 0;
        }
        if (r <= 0)
                return 0;
        if (!storage_region(&s, REGION_USER) || s.n_cid > STORAGE_ID_MAX)
                abort();
        for (size_t i = 0; i < s.n_regions; i++)
                if (s.regions[i].size == 0 || s.regions[i].size % s.block_size != 0)
                        abort();
        return 0;
}
