/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "protocol/cid.h"

#include <string.h>

#include "basic/bytes.h"

void cid_turn(uint8_t cid[CID_SIZE])
{
        for (size_t i = 0; i < CID_SIZE; i += 4)
                put_le32(cid + i, get_be32(cid + i));
}

bool cid_is_natural(const uint8_t cid[CID_SIZE])
{
        /* makers of eMMC */
        static const uint8_t makers[] = {
                0x02,
                0x11,
                0x13,
                0x15,
                0x2c,
                0x32,
                0x37,
                0x45,
                0x70,
                0x74,
                0x88,
                0x8f,
                0x90,
                0x9b,
                0xd6,
                0xdf,
                0xf4,
                0xfe,
        };

        return memchr(makers, cid[0], sizeof makers) && cid[1] <= 3;
}

void cid_make_natural(uint8_t cid[CID_SIZE])
{
        uint8_t turned[CID_SIZE];

        memcpy(turned, cid, CID_SIZE);
        cid_turn(turned);
        if (!cid_is_natural(cid) && cid_is_natural(turned))
                memcpy(cid, turned, CID_SIZE);
}
