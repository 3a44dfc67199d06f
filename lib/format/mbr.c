/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "format/mbr.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "basic/bytes.h"

enum { TYPE_EXTENDED = 0x05, TYPE_EXTENDED_LBA = 0x0f, TYPE_PROTECTIVE = 0xee };

typedef struct Record {
        uint8_t type;
        uint32_t first, count; /* sectors */
} Record;

typedef struct Chain {
        Source *source;
        Layout *layout;
        uint64_t next; /* sector of the next EBR, 0 none */
        unsigned n_ebr, number;
} Chain;

static bool is_extended(uint8_t type)
{
        return type == TYPE_EXTENDED || type == TYPE_EXTENDED_LBA;
}

/* 0 and four records, -ENOENT when this is no such sector. */
static int read_sector(Source *source, uint64_t sector, Record records[4])
{
        uint8_t data[MBR_SECTOR];

        int r = source_read(source, data, sizeof(data), sector * MBR_SECTOR);
        if (r < 0)
                return r;
        if (data[510] != 0x55 || data[511] != 0xaa)
                return -ENOENT;
        for (size_t i = 0; i < 4; i++) {
                const uint8_t *p = data + 446 + 16 * i;
                if (p[0] != 0 && p[0] != 0x80)
                        return -ENOENT; /* code or text: a boot sector of something else */
                records[i] = (Record){ p[4], get_le32(p + 8), get_le32(p + 12) };
        }
        return 0;
}

static int add_part(Chain *c, const char *name, uint64_t sector, uint64_t count, bool open_end)
{
        Partition *p = layout_add(c->layout, name);

        if (!p)
                return -ENOMEM;
        p->offset = sector * MBR_SECTOR;
        p->size = open_end ? 0 : count * MBR_SECTOR;
        p->open_end = open_end;
        p->linear_address = p->physical_address = p->offset;
        return 0;
}

/* The last part has all sectors that a number can hold, counted from its EBR. */
static bool is_open(const Record *r)
{
        return r->count == UINT32_MAX - r->first || r->count == UINT32_MAX;
}

/* All records of one sector; base is what their first sectors count from. */
static int add_records(Chain *c, const Record records[4], uint64_t base)
{
        c->next = 0;
        for (size_t i = 0; i < 4; i++) {
                const Record *rec = records + i;
                char name[16];
                if (c->n_ebr == 0)
                        c->number = (unsigned)i + 1;
                if (rec->type == 0)
                        continue;
                if (is_extended(rec->type)) {
                        if (c->next != 0)
                                layout_problem(c->layout, 0, "a second chain of EBRs is left out");
                        else
                                c->next = base + rec->first;
                        continue;
                }
                snprintf(name, sizeof(name), "part%u", c->number++);
                int r = add_part(c, name, base + rec->first, rec->count, is_open(rec));
                if (r < 0)
                        return r;
        }
        return 0;
}

static int follow(Chain *c)
{
        uint64_t last = 0;

        while (c->next != 0) {
                Record records[4];
                char name[16];
                uint64_t sector = c->next;
                if (sector <= last || c->n_ebr >= MBR_CHAIN_MAX) {
                        layout_problem(c->layout, 0, "the chain of EBRs does not end");
                        return 0;
                }
                last = sector;
                snprintf(name, sizeof(name), "EBR%u", ++c->n_ebr);
                int r = read_sector(c->source, sector, records);
                if (r == -ERANGE || r == -ENODATA || r == -ENOENT) {
                        layout_problem(c->layout, 0, "%s at 0x%" PRIx64 " is %s", name,
                                sector * MBR_SECTOR,
                                r == -ENOENT ? "no partition table" : "not in what was read");
                        return 0;
                }
                if (r == 0)
                        r = add_part(c, name, sector, 1, false);
                if (c->number < 5)
                        c->number = 5;
                if (r == 0)
                        r = add_records(c, records, sector);
                if (r < 0)
                        return r;
        }
        return 0;
}

int mbr_read(Source *source, uint64_t area_size, Layout **ret)
{
        _cleanup_(layout_freep) Layout *l = NULL;
        Record records[4];
        size_t used = 0;

        int r = read_sector(source, 0, records);
        if (r < 0)
                return r == -ERANGE || r == -ENODATA ? -ENOENT : r;
        for (size_t i = 0; i < 4; i++) {
                if (records[i].type == TYPE_PROTECTIVE)
                        return -ENOENT;
                used += records[i].type != 0 && records[i].first > 0;
        }
        if (used == 0)
                return -ENOENT;
        l = layout_new();
        if (!l)
                return -ENOMEM;
        l->storage = STORAGE_EMMC;
        layout_set_region(l, REGION_USER, area_size);
        Chain c = { .source = source, .layout = l, .number = 1 };
        r = add_part(&c, "MBR", 0, 1, false);
        if (r == 0)
                r = add_records(&c, records, 0);
        if (r == 0)
                r = follow(&c);
        if (r < 0)
                return r;
        layout_check(l);
        *ret = TAKE_PTR(l);
        return 0;
}
