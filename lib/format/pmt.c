/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "format/pmt.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "basic/bytes.h"
#include "format/address.h"

enum {
        NAME_SIZE = 64,
        TABLE_SIZE_MAX = 8 + PMT_RECORDS_MAX * 96,
        STEP = 64 * 1024,
        TAIL_STEPS = 64,
};

/* the four first bytes on flash */
static const struct {
        char bytes[5];
        unsigned version;
        bool mirror;
} signatures[] = {
        { "1vTP", 1, false },
        { "1TPM", 1, true },
        { "3vTP", 3, false },
        { "3TPM", 3, true },
};

/* Where records start and how they are built; nothing in the table says which it is. Positions are
 * bytes in a record; wide numbers have 8 bytes. */
typedef struct Shape {
        unsigned version, first, size;
        bool wide;
        unsigned size_at, offset_at, part_at; /* part_at 0: none */
} Shape;

static const Shape shapes[] = {
        { 1, 4, 88, true, 64, 72, 0 },
        { 1, 8, 88, true, 64, 72, 0 },
        { 1, 4, 76, false, 64, 68, 0 },
        { 1, 8, 76, false, 64, 68, 0 },
        { 3, 8, 96, true, 64, 80, 72 },
};

static uint64_t number(const uint8_t *p, bool wide)
{
        return wide ? get_le64(p) : get_le32(p);
}

/* 1 to 63 printable characters, zeros behind them */
static bool is_name(const uint8_t *p)
{
        size_t n = 0;

        while (n < NAME_SIZE && p[n] > 0x20 && p[n] < 0x7f)
                n++;
        return n > 0 && n < NAME_SIZE && bytes_all(p + n, NAME_SIZE - n, 0);
}

/* How many records make sense in this shape. */
static size_t count_records(const Shape *s, const uint8_t *table, size_t size)
{
        size_t n = 0;

        while (n < PMT_RECORDS_MAX && range_fits(s->first + n * s->size, s->size, size)) {
                const uint8_t *record = table + s->first + n * s->size;
                if (!is_name(record))
                        break;
                if (number(record + s->size_at, s->wide) >> 48 ||
                        number(record + s->offset_at, s->wide) >> 48)
                        break;
                n++;
        }
        return n;
}

static RegionKind region_of(const Shape *s, const uint8_t *record, const char *name)
{
        static const RegionKind regions[] = { REGION_USER, REGION_BOOT1, REGION_BOOT2, REGION_RPMB,
                REGION_GP1, REGION_GP2, REGION_GP3, REGION_GP4, REGION_USER };
        uint64_t id = s->part_at ? get_le64(record + s->part_at) : 0;

        if (id > 0 && id < ELEMENTS(regions))
                return regions[id];
        return strcasecmp(name, "preloader") == 0 ? REGION_BOOT1 : REGION_USER;
}

/* Offsets may count through all areas: then MBR lies where the preloader ends. */
static void make_physical(Layout *l)
{
        const Partition *mbr = layout_find(l, "mbr"), *loader = layout_find(l, "preloader");
        uint64_t base = mbr && loader && mbr->linear_address == loader->size ? loader->size : 0;

        for (size_t i = 0; i < l->n_parts; i++) {
                Partition *p = l->parts + i;
                p->physical_address = p->linear_address;
                if (p->region == REGION_USER && !address_is_from_end(p->linear_address) &&
                        p->linear_address >= base)
                        p->physical_address -= base;
        }
}

static int make_layout(const Shape *s, const uint8_t *table, size_t n, Layout **ret)
{
        _cleanup_(layout_freep) Layout *l = layout_new();

        if (!l)
                return -ENOMEM;
        l->storage = s->wide ? STORAGE_EMMC : STORAGE_NAND;
        l->block_size = 0x20000;
        for (size_t i = 0; i < n; i++) {
                const uint8_t *record = table + s->first + i * s->size;
                char name[NAME_SIZE + 1];
                Bytes b = bytes_make(record, NAME_SIZE);
                bytes_text(&b, NAME_SIZE, name);
                Partition *p = layout_add(l, name);
                if (!p)
                        return -ENOMEM;
                p->region = region_of(s, record, name);
                p->size = number(record + s->size_at, s->wide);
                p->open_end = p->size == 0;
                p->linear_address = number(record + s->offset_at, s->wide);
        }
        make_physical(l);
        layout_place(l);
        layout_check(l);
        *ret = TAKE_PTR(l);
        return 0;
}

/* The piece of the source that can hold a table. */
static int read_table(Source *source, uint64_t offset, uint8_t *table, size_t *ret_size)
{
        int r = source_read_some(source, table, TABLE_SIZE_MAX, offset, ret_size);
        return r < 0 ? r : *ret_size < 4 ? -ENOENT : 0;
}

static int find_signature(const uint8_t *table, unsigned *ret_version, bool *ret_mirror)
{
        for (size_t i = 0; i < ELEMENTS(signatures); i++)
                if (memcmp(table, signatures[i].bytes, 4) == 0) {
                        *ret_version = signatures[i].version;
                        *ret_mirror = signatures[i].mirror;
                        return 0;
                }
        return -ENOENT;
}

int pmt_read(Source *source, uint64_t offset, Layout **ret, PmtFacts *facts)
{
        uint8_t table[TABLE_SIZE_MAX];
        const Shape *best = NULL;
        size_t size, best_count = 0;
        unsigned version;
        bool mirror;

        int r = read_table(source, offset, table, &size);
        if (r == 0)
                r = find_signature(table, &version, &mirror);
        if (r < 0)
                return r;
        for (size_t i = 0; i < ELEMENTS(shapes); i++) {
                if (shapes[i].version != version)
                        continue;
                size_t count = count_records(shapes + i, table, size);
                if (count > best_count) {
                        best = shapes + i;
                        best_count = count;
                }
        }
        if (!best)
                return -EBADMSG;
        *facts = (PmtFacts){ .version = version,
                .offset = offset,
                .record_size = best->size,
                .first_record = best->first };
        return make_layout(best, table, best_count, ret);
}

/* ---- finding ---- */

/* Compares a second copy with the first, records only. */
static void compare_mirror(Source *source, uint64_t offset, PmtFacts *facts)
{
        uint8_t a[TABLE_SIZE_MAX], b[TABLE_SIZE_MAX];
        size_t na, nb, first = facts->first_record;

        facts->mirror_found = true;
        facts->mirror_offset = offset;
        if (read_table(source, facts->offset, a, &na) < 0 || read_table(source, offset, b, &nb) < 0)
                return;
        size_t n = MIN(na, nb);
        facts->mirror_equal = n > first && memcmp(a + first, b + first, n - first) == 0;
}

typedef struct Search {
        Source *source;
        Layout *layout;
        PmtFacts facts;
        bool is_mirror; /* what was found is the second copy */
        int result;
} Search;

/* True when there is nothing more to look for. */
static bool look_at(Search *s, uint64_t offset)
{
        uint8_t mark[4];
        unsigned version;
        bool mirror;

        int r = source_read(s->source, mark, sizeof(mark), offset);
        if (r < 0 && r != -ERANGE && r != -ENODATA) {
                s->result = r;
                return true;
        }
        if (r < 0 || find_signature(mark, &version, &mirror) < 0)
                return false;
        if (s->layout) {
                if (offset == s->facts.offset || mirror == s->is_mirror ||
                        version != s->facts.version)
                        return false;
                compare_mirror(s->source, offset, &s->facts);
                return true;
        }
        r = pmt_read(s->source, offset, &s->layout, &s->facts);
        if (r == 0)
                s->is_mirror = mirror;
        else if (s->result == -ENOENT)
                s->result = r;
        return false;
}

static void search(Search *s)
{
        uint64_t size = s->source->size;

        if (look_at(s, 0) || look_at(s, 0x100000))
                return;
        for (uint64_t back = 1; back <= TAIL_STEPS && back * STEP <= size; back++)
                if (look_at(s, size - back * STEP))
                        return;
        for (uint64_t at = STEP; at < MIN(size, (uint64_t)PMT_SCAN_SIZE); at += STEP)
                if (look_at(s, at))
                        return;
}

int pmt_find(Source *source, Layout **ret, PmtFacts *facts)
{
        Search s = { .source = source, .result = -ENOENT };

        search(&s);
        if (!s.layout)
                return s.result;
        if (s.facts.mirror_found && !s.facts.mirror_equal)
                layout_problem(s.layout, 0,
                        "the two copies of the table differ; the one at 0x%" PRIx64 " is used",
                        s.facts.offset);
        *facts = s.facts;
        *ret = s.layout;
        return 0;
}
