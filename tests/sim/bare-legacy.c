/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bare.h"

#include <string.h>

#include "basic/bytes.h"
#include "gen-preloader.h"

enum { ACK = 0x5a, NEXT = 0x69, PACKET = 0x100000, NAND_ENTRY = 52, REPORT_ONE_STAGE = 186 };

/* What agents want to know behind the 18 bytes of settings, from a preloader and in boot ROM mode,
 * and say behind the memory's status. */
static const struct {
        uint16_t code;
        bool word;
        uint32_t value[2];
        size_t extra;
} chips[] = { { 0x6571, true, { 1, 1 }, 0 }, { 0x6582, true, { 1, 1 }, 0 },
        { 0x6583, true, { 0, 1 }, 0 }, { 0x6592, false, {}, 20 } };

static bool one_stage, one_space, nand, nor;
static uint64_t boot_size, rpmb_size;
static unsigned ids;

static void put(Bare *b, const void *data, size_t size)
{
        host_write(b->host, data, size);
}

static void put_word(Bare *b, uint32_t v)
{
        uint8_t d[4];
        put_be32(d, v);
        put(b, d, 4);
}

static uint8_t get(Bare *b)
{
        uint8_t c;
        host_read(b->host, &c, 1);
        return c;
}

static uint32_t get_word(Bare *b)
{
        uint8_t d[4];
        host_read(b->host, d, 4);
        return get_be32(d);
}

static void acknowledged(Bare *b, const char *what)
{
        uint8_t c = get(b);
        if (c != ACK)
                bare_fail("%02x in answer to %s", c, what);
}

/* Tables first, then the phone works. */
static void start_one_stage(Bare *b)
{
        static const uint8_t settings[10] = { 0xff, 1, 0, 8, 0, 0x70, 7, 0xff, 0xff, 2 };
        uint8_t report[REPORT_ONE_STAGE];
        size_t size;
        const uint8_t *table = bare_region(b, 2, &size, NULL);
        get(b);
        get(b);
        put(b, settings, sizeof(settings));
        acknowledged(b, "settings");
        if (get_word(b) != NAND_ENTRY)
                bare_fail("other entries");
        put_word(b, (uint32_t)(size / NAND_ENTRY));
        acknowledged(b, "the number of entries");
        for (size_t i = 0; i < size / NAND_ENTRY; i++) {
                put(b, table + i * NAND_ENTRY, NAND_ENTRY);
                if (get(b) != NEXT)
                        bare_fail("entry not taken");
        }
        host_read(b->host, report, sizeof(report));
        if (report[176] != ACK || report[185] != 0xc1)
                bare_fail("no report");
        boot_size = get_be32(report + 62);
        rpmb_size = get_be32(report + 70);
        one_stage = one_space = true;
}

static void set_up_memory(Bare *b)
{
        PreloaderSpec spec = { .version = 20, .n_entries = 1, .bare = true };
        _cleanup_free_ uint8_t *settings = NULL;
        uint8_t skip[64];
        size_t size;
        if (preloader_make(&spec, &settings, &size) < 0)
                bare_fail("no memory settings");
        host_read(b->host, skip, 4 + 16 + 4 + 2 + 2 * ids);
        put(b, "\xe8", 1);
        put_word(b, spec.version);
        acknowledged(b, "the version of the memory settings");
        size = get_word(b);
        if (size != PRELOADER_ENTRY)
                bare_fail("memory settings of %zu bytes", size);
        put(b, "\x5a", 1);
        put_word(b, (uint32_t)size);
        put(b, settings + 0x70, size);
        host_read(b->host, skip, 2);
        put(b, "\x5a", 1);
        put_word(b, 0x80000001);
        if (get_word(b))
                bare_fail("memory not set up");
        host_read(b->host, skip, 10);
}

static void send_stage2(Bare *b)
{
        uint32_t address;
        size_t size;
        const uint8_t *stage2 = bare_region(b, 2, &size, &address);
        uint8_t head[12];
        put_be32(head, address);
        put_be32(head + 4, (uint32_t)size);
        put_be32(head + 8, 0x1000);
        put(b, head, sizeof(head));
        acknowledged(b, "the head of stage 2");
        for (size_t done = 0; done < size; done += 0x1000) {
                put(b, stage2 + done, MIN(size - done, (size_t)0x1000));
                acknowledged(b, "stage 2");
        }
        acknowledged(b, "all of stage 2");
        put(b, "\x5a", 1);
}

/* There is no length: it ends with an acknowledgement, two words and C1. */
static void take_report(Bare *b)
{
        uint8_t r[300];
        size_t size = 214 + 2 * ids;
        host_read(b->host, r, size);
        do {
                if (size + 4 > sizeof(r))
                        bare_fail("no end of the report");
                host_read(b->host, r + size, 4);
                size += 4;
        } while (r[size - 10] != ACK || r[size - 1] != 0xc1 || size < 218 + 2 * ids);
        /* counted from the back: closing block, an extra word perhaps, RAM, card, eMMC */
        for (size_t extra = 0; extra <= 4; extra += 4) {
                const uint8_t *emmc = r + size - 10 - extra - 38 - 28 - 92;
                if (!get_be32(emmc) && !get_be32(emmc + 4) && get_be32(emmc + 8)) {
                        boot_size = get_be32(emmc + 8);
                        rpmb_size = get_be32(emmc + 24);
                        return;
                }
        }
        nor = !get_be32(r) && get_be32(r + 8);
        nand = !nor;
}

static void start(Bare *b)
{
        uint8_t settings[18] = { 0xff, 3, 0, 8, 0, 0x70, 7, 0xff, 0xff, 1 }, skip[64];
        uint32_t status;
        size_t extra = 0;
        bool brom = strstr(b->chip, "brom");
        if (get(b) != 0xc0)
                bare_fail("agent says no C0");
        if (get(b) == 3) {
                start_one_stage(b);
                return;
        }
        host_read(b->host, skip, 5);
        ids = get_be16(skip + 3);
        if (ids > 16)
                bare_fail("%u ids", ids);
        host_read(b->host, skip, 2 * ids + 20);
        put(b, "\x5a", 1);
        host_read(b->host, skip, 3);
        settings[1] = brom ? 0xfe : 1;
        settings[14] = 2;
        settings[15] = 1;
        settings[16] = 2;
        put(b, settings, sizeof(settings));
        for (size_t i = 0; i < ELEMENTS(chips); i++)
                if (chips[i].code == b->da_code) {
                        if (chips[i].word)
                                put_word(b, chips[i].value[brom]);
                        extra = chips[i].extra;
                }
        status = get_word(b);
        if (status == 0xbc3 || status == 0xbbf)
                set_up_memory(b);
        else if (status)
                bare_fail("memory status %08x", status);
        else
                host_read(b->host, skip, extra);
        send_stage2(b);
        take_report(b);
        put(b, "\x72", 1);
        acknowledged(b, "the speed");
        get(b);
}

static void choose(Bare *b, uint8_t part)
{
        if (bare_wrong(b, "joined")) {
                put(b, (uint8_t[]){ 0x60, part }, 2);
                return;
        }
        put(b, "\x60", 1);
        acknowledged(b, "choosing");
        put(b, &part, 1);
        acknowledged(b, "the area");
}

static void ask(Bare *b, uint64_t address, uint64_t size)
{
        uint8_t command[] = { bare_wrong(b, "write") ? 0x62 : 0xd6, 0x0b, nor ? 0 : 2 }, range[16];
        put(b, command, 1);
        if (!one_stage)
                put(b, command + 1, 1);
        put(b, command + 2, 1);
        put_be32(range, (uint32_t)(address >> 32));
        put_be32(range + 4, (uint32_t)address);
        put_be32(range + 8, (uint32_t)(size >> 32));
        put_be32(range + 12, (uint32_t)size);
        put(b, range, 8);
        put(b, range + 8, 8);
        acknowledged(b, "the range");
        put_word(b, PACKET);
}

/* A boot area at the beginning of what should be USER: everything is one space. */
static void look_at_space(Bare *b)
{
        uint8_t sector[512 + 2];
        ask(b, 0, 512);
        host_read(b->host, sector, sizeof(sector));
        put(b, "\x5a", 1);
        one_space |= !memcmp(sector, "EMMC_BOOT", 10);
}

/* Page by page, each with its sum. */
static void read_nand(Bare *b)
{
        static const uint8_t head[] = { 0xdf, 0x0b, 1, 1 };
        uint32_t page;
        put(b, head, sizeof(head));
        put_word(b, (uint32_t)b->offset);
        put_word(b, (uint32_t)b->size);
        put_word(b, 0);
        acknowledged(b, "the range");
        page = get_word(b);
        get_word(b);
        if (get_word(b) != page)
                bare_fail("spare areas were not asked for");
        put_word(b, 1);
        if (get_word(b) != b->size)
                bare_fail("another size");
        for (uint64_t done = 0; done < b->size; done += page) {
                bare_take(b, page, b->offset + done);
                host_drain(b->host, 2);
                put(b, "\x5a", 1);
        }
}

static void read_area(Bare *b)
{
        if (nand) {
                read_nand(b);
                return;
        }
        uint64_t base = 0;
        bool user = !strcmp(b->area, "user"), boot2 = !strcmp(b->area, "boot2");
        if (bare_wrong(b, "zlp"))
                put(b, NULL, 0);
        if (!nor) {
                choose(b, one_stage ? 0 : 8);
                look_at_space(b);
        }
        if (one_space)
                base = user ? 2 * boot_size + rpmb_size : boot2 ? boot_size : 0;
        else if (!nor)
                choose(b, user ? 8 : boot2 ? 2 : 1);
        ask(b, base + b->offset, b->size);
        for (uint64_t done = 0, n; done < b->size; done += n) {
                n = MIN(b->size - done, (uint64_t)PACKET);
                if (bare_wrong(b, "early-ack"))
                        put(b, "\x5a", 1);
                bool too_little = bare_take(b, n, b->offset + done);
                if (!too_little)
                        host_drain(b->host, 2);
                if (!bare_wrong(b, "early-ack"))
                        put(b, "\x5a", 1);
                if (too_little)
                        bare_stay();
        }
}

static void finish(Bare *b)
{
        static const uint8_t how[8] = { [7] = 1 };
        if (!b->off) {
                put(b, "\xdb", 1);
                put(b, how, sizeof(how));
                acknowledged(b, "the reset");
        } else {
                put(b, "\xd9", 1);
                acknowledged(b, "the end");
                if (!one_stage) {
                        uint8_t c;
                        put_word(b, 0);
                        host_try_read(b->host, &c, 1, 2000);
                }
        }
}

const BareFamily bare_legacy = { start, read_area, finish };
