/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bare.h"

#include <string.h>

#include "basic/bytes.h"

void bare_put_frame(Bare *b, const void *data, size_t size)
{
        uint8_t f[12 + 64];
        put_le32(f, 0xfeeeeeef);
        put_le32(f + 4, 1);
        put_le32(f + 8, (uint32_t)size);
        if (bare_wrong(b, "joined") && size <= 64) {
                memcpy(f + 12, data, size);
                host_write(b->host, f, 12 + size);
                return;
        }
        if (bare_wrong(b, "magic"))
                f[0] = 0;
        host_write(b->host, f, 12);
        if (bare_wrong(b, "zlp"))
                host_write(b->host, NULL, 0);
        host_write(b->host, data, size);
}

uint32_t bare_get_header(Bare *b)
{
        uint8_t f[12];
        host_read(b->host, f, 12);
        if (get_le32(f) != 0xfeeeeeef)
                bare_fail("no frame");
        return get_le32(f + 8);
}
