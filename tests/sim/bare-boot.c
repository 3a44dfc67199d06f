/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bare.h"

#include <string.h>

#include "basic/bytes.h"
#include "front-stream.h"

/* Where the watchdog of a phone in boot ROM mode is. */
static const struct {
        const char *chip;
        uint32_t watchdog;
        bool jump64;
} roms[] = {
        { "mt6765-brom", 0x10007000, false },
        { "mt6580-brom", 0x10007000, false },
        { "mt6589-brom", 0x10000000, false },
        { "mt6735-brom", 0x10212000, false },
        { "mt6895-brom", 0x1c007000, false },
        { "mt6886-brom", 0x1c007000, true },
};

static void handshake(Bare *b)
{
        static const uint8_t tokens[] = { 0xa0, 0x0a, 0x50, 0x05 };
        Host *h = b->host;
        uint8_t c = 0;
        for (int i = 0; i < 300 && c != 0x5f; i++) {
                host_write(h, tokens, 1);
                while (host_try_read(h, &c, 1, 15) && c != 0x5f)
                        ;
        }
        if (c != 0x5f)
                bare_fail("no handshake");
        for (int i = 1; i < 4; i++) {
                host_write(h, &tokens[bare_wrong(b, "token") && i == 2 ? 1 : i], 1);
                do
                        host_read(h, &c, 1);
                while (c == 0x5f);
                if ((c ^ tokens[i]) != 0xff)
                        bare_fail("handshake refused");
        }
}

static void echo(Bare *b, const void *data, size_t size)
{
        uint8_t back[4];
        host_write(b->host, data, size);
        host_read(b->host, back, size);
        if (memcmp(back, data, size) != 0)
                bare_fail("no echo");
}

static uint16_t be16(Bare *b)
{
        uint8_t d[2];
        host_read(b->host, d, 2);
        return get_be16(d);
}

static void echo32(Bare *b, uint32_t v)
{
        uint8_t d[4];
        put_be32(d, v);
        echo(b, d, 4);
}

static void watchdog_off(Bare *b, uint32_t address)
{
        echo(b, "\xd4", 1);
        echo32(b, address);
        echo32(b, 1);
        if (be16(b) > 1)
                bare_fail("watchdog not reached");
        echo32(b, 0x22000000);
        if (be16(b) > 1)
                bare_fail("watchdog not stopped");
}

void bare_boot(Bare *b)
{
        size_t size;
        uint32_t address;
        const uint8_t *agent = bare_region(b, 1, &size, &address);
        bool jump64 = false;
        uint16_t sum = 0;
        handshake(b);
        b->met = stream_now();
        if (bare_wrong(b, "loader-zlp"))
                host_write(b->host, NULL, 0);
        echo(b, "\xfd", 1);
        be16(b);
        be16(b);
        for (size_t i = 0; i < ELEMENTS(roms); i++)
                if (!strcmp(roms[i].chip, b->chip)) {
                        watchdog_off(b, roms[i].watchdog);
                        jump64 = roms[i].jump64;
                }
        echo(b, "\xd7", 1);
        echo32(b, address);
        echo32(b, (uint32_t)size);
        echo32(b, 0x100);
        if (be16(b))
                bare_fail("agent refused before it was sent");
        host_write(b->host, agent, size);
        for (size_t i = 0; i < size; i++)
                sum = (uint16_t)(sum ^ agent[i] << (i & 1 ? 8 : 0));
        if (be16(b) != sum)
                bare_fail("checksum of the agent");
        if (be16(b))
                bare_fail("agent refused");
        echo(b, jump64 ? "\xde" : "\xd5", 1);
        echo32(b, address);
        if (jump64)
                echo(b, "\1", 1);
        if (be16(b))
                bare_fail("agent not started");
}
