/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bare.h"

#include <string.h>

#include "basic/bytes.h"
#include "gen-preloader.h"

static void put_word(Bare *b, uint32_t v)
{
        uint8_t d[4];
        put_le32(d, v);
        bare_put_frame(b, d, 4);
}

static uint32_t get_status(Bare *b)
{
        uint8_t d[4];
        if (bare_get_header(b) != 4)
                bare_fail("no status");
        host_read(b->host, d, 4);
        return get_le32(d);
}

static void command(Bare *b, uint32_t code)
{
        put_word(b, code);
        if (get_status(b))
                bare_fail("command refused");
}

static void set_up_memory(Bare *b)
{
        PreloaderSpec spec = { .version = 20, .n_entries = 1, .bare = true };
        _cleanup_free_ uint8_t *settings = NULL;
        size_t size;
        if (preloader_make(&spec, &settings, &size) < 0)
                bare_fail("no memory settings");
        command(b, 0x1000a);
        put_word(b, (uint32_t)size);
        bare_put_frame(b, settings, size);
        if (get_status(b))
                bare_fail("memory not set up");
}

static void start(Bare *b)
{
        uint8_t env[20] = { 3, 0, 0, 0, 1 }, where[16], hello;
        uint32_t address;
        size_t size;
        const uint8_t *stage2 = bare_region(b, 2, &size, &address);
        host_read(b->host, &hello, 1);
        if (hello != 0xc0)
                bare_fail("agent says no C0");
        bare_put_frame(b, bare_wrong(b, "sync") ? "SINK" : "SYNC", 4);
        put_word(b, 0x10100);
        put_le32(env + 8, b->host_os);
        bare_put_frame(b, env, sizeof(env));
        if (get_status(b))
                bare_fail("environment refused");
        put_word(b, 0x10101);
        put_word(b, 0);
        if (get_status(b) || get_status(b) != 0x434e5953)
                bare_fail("stage 1 is not ready");
        if (strstr(b->chip, "brom"))
                set_up_memory(b);
        size -= 0x100;
        command(b, 0x10008);
        put_le64(where, address);
        put_le64(where + 8, size);
        bare_put_frame(b, where, sizeof(where));
        bare_put_frame(b, stage2, size);
        if (get_status(b))
                bare_fail("stage 2 refused");
        if (get_status(b) != 0x434e5953)
                bare_fail("stage 2 is not ready");
}

static void read_area(Bare *b)
{
        uint8_t block[56] = {};
        uint64_t left = b->size, offset = b->offset;
        put_le32(block, b->storage);
        put_le32(block + 4, b->section);
        put_le64(block + 8, b->offset);
        put_le64(block + 16, b->size);
        command(b, bare_wrong(b, "write") ? 0x10004 : 0x10005);
        bare_put_frame(b, block, sizeof(block));
        uint32_t status = get_status(b);
        if (status)
                bare_fail("read refused with %08x", status);
        while (left) {
                if (get_status(b))
                        bare_fail("read error");
                uint32_t n = bare_get_header(b);
                if (bare_wrong(b, "early-ack"))
                        put_word(b, 0);
                bool too_little = bare_take(b, n, offset);
                if (!bare_wrong(b, "early-ack"))
                        put_word(b, 0);
                if (too_little)
                        bare_stay();
                left -= MIN(left, (uint64_t)n);
                offset += n;
        }
        if (get_status(b))
                bare_fail("read failed at its end");
}

static void finish(Bare *b)
{
        uint8_t block[24] = { !b->off };
        command(b, 0x10007);
        bare_put_frame(b, block, sizeof(block));
        if (get_status(b))
                bare_fail("shutdown refused");
}

const BareFamily bare_xflash = { start, read_area, finish };
