/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What an agent needs that the boot ROM started, on its slow link (doc/xflash.md 9). */

#include <errno.h>
#include <string.h>

#include "basic/bytes.h"
#include "protocol/fault.h"
#include "protocol/xflash-link.h"
#include "protocol/xflash-session.h"
#include "protocol/xflash-status.h"

int xflash_set_up_memory(DaSession *s, Failure *f)
{
        const DramSettings *dram = s->target.dram;
        int r;

        if (!dram)
                return dram_missing(s->target.chip ? s->target.chip->name : "The phone", f);
        r = xflash_command(s, XFLASH_INIT_EXT_RAM, "memory settings", f);
        if (r < 0)
                return r;
        r = xflash_send_word(s->transport, (uint32_t)dram->size);
        if (r >= 0)
                r = xflash_send(s->transport, dram->block, dram->size, XFLASH_REPLY_MS);
        if (r < 0)
                return xflash_lose(s, r, "its memory was being set up", f);
        r = xflash_expect_ok(s, XFLASH_START_MS, "the memory settings", f);
        if (r < 0)
                failure_hint(f,
                        "Import the preloader file of exactly this model, or connect the phone in "
                        "preloader mode: switched off, no key held.");
        return r;
}

int xflash_speed_up(DaSession *s, Failure *f)
{
        static const char slow[] = "full-speed";
        char speed[32];
        size_t size;
        int r;

        if (!da_session_can_replug(s))
                return 0;
        r = xflash_get(s, XFLASH_GET_USB_SPEED, speed, sizeof(speed), &size, f);
        if (r <= 0 || size != strlen(slow) || memcmp(speed, slow, size) != 0)
                return MIN(r, 0);
        r = xflash_command(s, XFLASH_SWITCH_USB_SPEED, "another USB speed", f);
        if (r < 0)
                return r;
        r = xflash_send_word(s->transport, 0); /* under the usual id */
        if (r < 0)
                return xflash_lose(s, r, "the USB speed was being changed", f);
        r = xflash_expect_ok(s, XFLASH_REPLY_MS, "another USB speed", f);
        return r < 0 ? r : da_session_replug(s, f);
}
