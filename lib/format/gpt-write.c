/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Writing a GUID partition table (gpt.h). */

#include <errno.h>
#include <strings.h>
#include <string.h>

#include "basic/bytes.h"
#include "basic/digest.h"
#include "format/crc32.h"
#include "format/gpt.h"

enum { N_ENTRIES_MIN = 128, HEADER_SIZE = 92 };

/* "Microsoft basic data", which phones give to every partition */
static const uint8_t basic_data[16] = { 0xa2, 0xa0, 0xd0, 0xeb, 0xe5, 0xb9, 0x33, 0x44, 0x87, 0xc0,
        0x68, 0xb6, 0xb7, 0x26, 0x99, 0xc7 };

typedef struct Writer {
        uint32_t sector_size;
        uint64_t last; /* sector of the area */
        uint64_t first_usable, last_usable;
        uint32_t n_entries;
        size_t entries_sectors;
        uint8_t *entries; /* whole sectors */
        uint32_t entries_sum;
} Writer;

void gpt_image_done(GptImage *i)
{
        free(i->head);
        free(i->tail);
        *i = (GptImage){ 0 };
}

/* the tables themselves are in a scatter file, never in a table */
static bool is_listed(const Partition *p)
{
        return p->region == REGION_USER && p->class != CLASS_GAP &&
                strcasecmp(p->name, "pgpt") != 0 && strcasecmp(p->name, "sgpt") != 0;
}

/* An identity that depends on nothing but name and place. */
static void make_guid(const Partition *p, uint8_t out[16])
{
        char text[LAYOUT_NAME_MAX + 64];
        uint8_t sum[SHA256_SIZE];

        int n = snprintf(text, sizeof(text), "mtkbackup-partition %s %llx", p->name,
                (unsigned long long)p->offset);
        digest_of(DIGEST_SHA256, text, (size_t)n, sum);
        memcpy(out, sum, 16);
        out[7] = (uint8_t)((out[7] & 0x0f) | 0x80); /* "own making", on-disk order */
        out[8] = (uint8_t)((out[8] & 0x3f) | 0x80);
}

/* UTF-8 that was made by this house; anything else is written as '?' */
static void put_name(const char *name, uint8_t *field)
{
        const uint8_t *p = (const uint8_t *)name;

        for (size_t unit = 0; *p && unit < GPT_NAME_UNITS;) {
                size_t more = *p >= 0xf0 ? 3 : *p >= 0xe0 ? 2 : *p >= 0xc0 ? 1 : 0;
                uint32_t c = more == 0 ? *p : *p & (0x3fu >> more);
                for (p++; more > 0 && (*p & 0xc0) == 0x80; more--)
                        c = c << 6 | (*p++ & 0x3f);
                if (more > 0)
                        c = '?';
                if (c >= 0x10000) {
                        if (unit + 2 > GPT_NAME_UNITS)
                                break;
                        put_le16(field + 2 * unit++, (uint16_t)(0xd800 + ((c - 0x10000) >> 10)));
                        c = 0xdc00 + (c & 0x3ff);
                }
                put_le16(field + 2 * unit++, (uint16_t)c);
        }
}

static int put_entry(const Writer *w, const Partition *p, uint8_t *e)
{
        uint32_t ss = w->sector_size;

        if (p->unplaced || p->open_end || p->size == 0 || p->offset % ss || p->size % ss ||
                p->offset / ss < w->first_usable ||
                !range_fits(p->offset / ss, p->size / ss, w->last_usable + 1))
                return -EINVAL;
        if (p->has_guid) {
                memcpy(e, p->type_guid, 16);
                memcpy(e + 16, p->unique_guid, 16);
        } else {
                memcpy(e, basic_data, 16);
                make_guid(p, e + 16);
        }
        put_le64(e + 32, p->offset / ss);
        put_le64(e + 40, (p->offset + p->size) / ss - 1);
        put_le64(e + 48, p->attrs);
        put_name(p->name, e + 56);
        return 0;
}

static void put_header(const Writer *w, const Layout *l, bool primary, uint8_t *h)
{
        memcpy(h, "EFI PART", 8);
        put_le32(h + 8, 0x00010000);
        put_le32(h + 12, HEADER_SIZE);
        put_le64(h + 24, primary ? 1 : w->last);
        put_le64(h + 32, primary ? w->last : 1);
        put_le64(h + 40, w->first_usable);
        put_le64(h + 48, w->last_usable);
        memcpy(h + 56, l->disk_guid, 16);
        put_le64(h + 72, primary ? 2 : w->last - w->entries_sectors);
        put_le32(h + 80, w->n_entries);
        put_le32(h + 84, GPT_ENTRY_MIN);
        put_le32(h + 88, w->entries_sum);
        put_le32(h + 16, crc32_add(0, h, HEADER_SIZE));
}

/* where parts may lie: what the layout says, else right behind and before the tables */
static void choose_usable(Writer *w, const Layout *l)
{
        const Partition *sgpt = layout_find(l, "sgpt");
        uint64_t end = l->usable_end;

        w->first_usable = 2 + w->entries_sectors;
        w->last_usable = w->last - w->entries_sectors - 1;
        if (end == 0 && sgpt && sgpt->region == REGION_USER && !sgpt->unplaced)
                end = sgpt->offset;
        if (l->usable_start / w->sector_size > w->first_usable)
                w->first_usable = l->usable_start / w->sector_size;
        if (end / w->sector_size > w->first_usable && end / w->sector_size <= w->last_usable)
                w->last_usable = end / w->sector_size - 1;
}

static int prepare(Writer *w, const Layout *l, uint64_t area_size)
{
        uint32_t n = 0;

        for (size_t i = 0; i < l->n_parts; i++)
                n += is_listed(l->parts + i);
        w->n_entries = MAX(n, (uint32_t)N_ENTRIES_MIN);
        w->entries_sectors =
                ((size_t)w->n_entries * GPT_ENTRY_MIN + w->sector_size - 1) / w->sector_size;
        if (area_size % w->sector_size || area_size / w->sector_size < 2 * w->entries_sectors + 4)
                return -EINVAL;
        w->last = area_size / w->sector_size - 1;
        choose_usable(w, l);
        w->entries = calloc(w->entries_sectors, w->sector_size);
        return w->entries ? 0 : -ENOMEM;
}

static int write_tables(Writer *w, const Layout *l, GptImage *image)
{
        uint32_t ss = w->sector_size;
        uint8_t *e = w->entries;

        for (size_t i = 0; i < l->n_parts; i++) {
                if (!is_listed(l->parts + i))
                        continue;
                int r = put_entry(w, l->parts + i, e);
                if (r < 0)
                        return r;
                e += GPT_ENTRY_MIN;
        }
        w->entries_sum = crc32_add(0, w->entries, (size_t)w->n_entries * GPT_ENTRY_MIN);

        image->head_size = (2 + w->entries_sectors) * ss;
        image->tail_size = (1 + w->entries_sectors) * ss;
        image->head = calloc(1, image->head_size);
        image->tail = calloc(1, image->tail_size);
        if (!image->head || !image->tail)
                return -ENOMEM;

        uint8_t *record = image->head + 446; /* protective MBR, as phones write it: no geometry */
        record[4] = 0xee;
        put_le32(record + 8, 1);
        put_le32(record + 12, (uint32_t)MIN(w->last, UINT64_C(0xffffffff)));
        image->head[510] = 0x55;
        image->head[511] = 0xaa;
        put_header(w, l, true, image->head + ss);
        memcpy(image->head + 2 * ss, w->entries, w->entries_sectors * ss);
        memcpy(image->tail, w->entries, w->entries_sectors * ss);
        put_header(w, l, false, image->tail + w->entries_sectors * ss);
        return 0;
}

int gpt_write(const Layout *l, uint32_t sector_size, uint64_t area_size, GptImage *ret)
{
        Writer w = { .sector_size = sector_size };
        GptImage image = { 0 };

        if (sector_size != 512 && sector_size != 4096)
                return -EINVAL;
        int r = prepare(&w, l, area_size);
        if (r == 0)
                r = write_tables(&w, l, &image);
        free(w.entries);
        if (r < 0) {
                gpt_image_done(&image);
                return r;
        }
        *ret = image;
        return 0;
}
