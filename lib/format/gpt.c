/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Reading works on copies: each of the two tables (or what is left of it) becomes a Copy with its
 * checked header and its entries, or the reason why there is none. Then one of them makes the
 * layout.
 *
 * Offsets in a table are sectors of the area. The source normally starts at byte 0 of the area; a
 * lone backup table is the exception, so every read goes through copy_read, which knows the distance
 * between the two. */

#include "format/gpt.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "basic/bytes.h"
#include "format/crc32.h"
#include "format/utf8.h"

enum { HEADER_SIZE = 92 }; /* bytes; what every header has at least */

static const uint32_t sector_sizes[] = { 512, 4096 };

typedef struct Copy {
        Source *source;
        uint32_t sector_size;
        uint64_t base; /* byte of the area at which the source starts */
        bool found, ok;
        char problem[96];

        uint64_t own, other; /* sectors of this header and of the other one */
        uint64_t first_usable, last_usable;
        uint64_t entries_at;
        uint8_t disk_guid[16];
        uint32_t n_entries, entry_size;
        uint8_t *entries;
} Copy;

static void copy_done(Copy *c)
{
        free(c->entries);
}
#define _cleanup_copy_ _cleanup_(copy_done)

static int _printf_(3, 4) spoilt(Copy *c, int error, const char *format, ...)
{
        va_list ap;

        va_start(ap, format);
        vsnprintf(c->problem, sizeof(c->problem), format, ap);
        va_end(ap);
        return error;
}

/* the source ends before, or never had these bytes */
static bool is_absent(int error)
{
        return error == -ERANGE || error == -ENODATA;
}

static int copy_read(Copy *c, uint64_t area_offset, void *data, size_t size)
{
        if (area_offset < c->base)
                return -ERANGE;
        return source_read(c->source, data, size, area_offset - c->base);
}

/* Takes the fields of a header that says it stands at sector c->own. */
static int parse_header(Copy *c, uint8_t *sector)
{
        uint32_t size = get_le32(sector + 12), sum = get_le32(sector + 16);

        if (memcmp(sector, "EFI PART", 8) != 0)
                return spoilt(c, -ENOENT, "no table there");
        c->found = true;
        if (size < HEADER_SIZE || size > c->sector_size)
                return spoilt(c, -EBADMSG, "impossible header size %" PRIu32, size);
        memset(sector + 16, 0, 4);
        if (crc32_add(0, sector, size) != sum)
                return spoilt(c, -EBADMSG, "header checksum is wrong");

        Bytes b = bytes_make(sector, size);
        bytes_skip(&b, 24);
        uint64_t own = bytes_le64(&b);
        c->other = bytes_le64(&b);
        c->first_usable = bytes_le64(&b);
        c->last_usable = bytes_le64(&b);
        memcpy(c->disk_guid, bytes_take(&b, 16), 16);
        c->entries_at = bytes_le64(&b);
        c->n_entries = bytes_le32(&b);
        c->entry_size = bytes_le32(&b);
        if (c->own == UINT64_MAX)
                c->own = own;
        if (own != c->own)
                return spoilt(
                        c, -EBADMSG, "header is for sector %" PRIu64 ", not %" PRIu64, own, c->own);
        return 0;
}

/* true when a sector number makes a byte offset with room for more */
static bool is_sane_sector(uint64_t sector, uint32_t sector_size)
{
        return sector < (UINT64_C(1) << 62) / sector_size;
}

static int read_entries(Copy *c, uint32_t sum)
{
        uint64_t size = (uint64_t)c->n_entries * c->entry_size;

        if (c->entry_size < GPT_ENTRY_MIN || c->entry_size > GPT_ENTRY_MAX || c->entry_size % 8)
                return spoilt(c, -EBADMSG, "impossible entry size %" PRIu32, c->entry_size);
        if (c->n_entries == 0 || size > GPT_ENTRIES_SIZE_MAX)
                return spoilt(c, -EBADMSG, "impossible number of entries %" PRIu32, c->n_entries);
        if (c->entries_at < 2 || !is_sane_sector(c->entries_at, c->sector_size))
                return spoilt(c, -EBADMSG, "entries at impossible sector %" PRIu64, c->entries_at);
        c->entries = malloc(size);
        if (!c->entries)
                return -ENOMEM;
        int r = copy_read(c, c->entries_at * c->sector_size, c->entries, size);
        if (r < 0)
                return spoilt(c, r, "its entries cannot be read");
        if (crc32_add(0, c->entries, size) != sum)
                return spoilt(c, -EBADMSG, "entries checksum is wrong");
        return 0;
}

/* Reads the copy whose header stands at byte `at` of the source; c->own is its sector, UINT64_MAX
 * when that is not known either (then the source's end is taken for the area's end). */
static int copy_load(Copy *c, uint64_t at)
{
        uint8_t sector[4096];

        int r = source_read(c->source, sector, c->sector_size, at);
        if (r < 0)
                return spoilt(c, r, is_absent(r) ? "not in what was read" : "cannot be read");
        bool floating = c->own == UINT64_MAX;
        r = parse_header(c, sector);
        if (r < 0)
                return r;
        if (!is_sane_sector(c->own, c->sector_size) || !is_sane_sector(c->other, c->sector_size) ||
                c->first_usable > c->last_usable || c->last_usable >= MAX(c->own, c->other))
                return spoilt(c, -EBADMSG, "impossible sector numbers in the header");
        if (floating) {
                if (c->own * c->sector_size < at)
                        return spoilt(c, -EBADMSG, "header is not where it says");
                c->base = c->own * c->sector_size - at;
        }
        r = read_entries(c, get_le32(sector + 88));
        if (r < 0)
                return r;
        c->ok = true;
        return 0;
}

/* Finds the backup that belongs to a primary (which may be broken). */
static int load_backup(Copy *backup, const Copy *primary, uint64_t area_size)
{
        uint32_t ss = backup->sector_size;
        uint64_t source_size = backup->source->size;
        uint64_t last = area_size / ss; /* sectors; the last one is one less */
        int r = -ERANGE;

        if (area_size >= 3 * ss) {
                backup->own = last - 1;
                r = copy_load(backup, backup->own * ss);
                if (r == 0 || backup->found || !primary->ok || primary->other == last - 1)
                        return r;
        }
        /* the table may be made for a smaller area, or the source is only a part of the area */
        if (primary->ok) {
                backup->own = primary->other;
                return copy_load(backup, backup->own * ss);
        }
        if (area_size == 0 && source_size >= 3 * ss) {
                backup->own = UINT64_MAX;
                return copy_load(backup, (source_size / ss - 1) * ss);
        }
        return r;
}

static bool copies_equal(const Copy *a, const Copy *b)
{
        return a->own == b->other && a->other == b->own && a->first_usable == b->first_usable &&
                a->last_usable == b->last_usable && a->n_entries == b->n_entries &&
                a->entry_size == b->entry_size && memcmp(a->disk_guid, b->disk_guid, 16) == 0 &&
                memcmp(a->entries, b->entries, (size_t)a->n_entries * a->entry_size) == 0;
}

/* ---- entries to parts ---- */

/* Early tables hold bytes where UTF-16 belongs: the phone decides by the high byte of the first
 * unit. True when it was such a name. */
static bool read_name(const uint8_t *field, char out[LAYOUT_NAME_MAX + 1])
{
        size_t n = 0;

        if (field[1] != 0) {
                for (size_t i = 0; i < 64 && field[i]; i++)
                        n += utf8_put(out + n, field[i] < 0x80 ? utf8_printable(field[i]) : '?');
                out[n] = '\0';
                return true;
        }
        for (size_t i = 0; i < GPT_NAME_UNITS; i++) {
                uint32_t c = get_le16(field + 2 * i);
                if (c == 0)
                        break;
                if (c >= 0xd800 && c < 0xdc00 && i + 1 < GPT_NAME_UNITS) {
                        uint32_t low = get_le16(field + 2 * i + 2);
                        if (low >= 0xdc00 && low < 0xe000) {
                                c = 0x10000 + ((c - 0xd800) << 10 | (low - 0xdc00));
                                i++;
                        }
                }
                char text[4];
                size_t length = utf8_put(text, c >= 0xd800 && c < 0xe000 ? '?' : utf8_printable(c));
                if (n + length > LAYOUT_NAME_MAX)
                        break;
                memcpy(out + n, text, length);
                n += length;
        }
        out[n] = '\0';
        return false;
}

/* 0, or -ENOMEM. An entry that makes no sense is a problem and no part. */
static int add_part(Layout *l, const Copy *c, size_t index, GptFacts *facts)
{
        const uint8_t *e = c->entries + index * c->entry_size;
        uint64_t first = get_le64(e + 32), last = get_le64(e + 40);
        char name[LAYOUT_NAME_MAX + 1];

        if (bytes_all(e, 16, 0))
                return 0;
        bool narrow = read_name(e + 56, name);
        if (name[0] == '\0') {
                layout_problem(l, 0, "entry %zu has no name", index + 1);
                snprintf(name, sizeof(name), "unnamed-%zu", index + 1);
        }
        if (first > last || !is_sane_sector(last, c->sector_size)) {
                layout_problem(l, 0, "%s lies at impossible sectors %" PRIu64 " to %" PRIu64, name,
                        first, last);
                return 0;
        }
        if (first < c->first_usable || last > c->last_usable)
                layout_problem(l, 0, "%s is outside the sectors that the table gives away", name);
        facts->names_8bit |= narrow;

        Partition *p = layout_add(l, name);
        if (!p) {
                if (l->n_parts < LAYOUT_PARTS_MAX)
                        return -ENOMEM;
                layout_problem(
                        l, 0, "more than %d partitions, the rest is left out", LAYOUT_PARTS_MAX);
                return 0;
        }
        p->offset = first * c->sector_size;
        p->size = (last - first + 1) * c->sector_size;
        p->has_guid = true;
        memcpy(p->type_guid, e, 16);
        memcpy(p->unique_guid, e + 16, 16);
        p->attrs = get_le64(e + 48);
        return 0;
}

static int make_layout(const Copy *c, uint64_t area_size, GptFacts *facts, Layout **ret)
{
        _cleanup_(layout_freep) Layout *l = layout_new();

        if (!l)
                return -ENOMEM;
        facts->table_size = (MAX(c->own, c->other) + 1) * c->sector_size;
        memcpy(facts->disk_guid, c->disk_guid, 16);
        memcpy(l->disk_guid, c->disk_guid, 16);
        l->storage = c->sector_size == 4096 ? STORAGE_UFS : STORAGE_EMMC;
        l->usable_start = c->first_usable * c->sector_size;
        l->usable_end = (c->last_usable + 1) * c->sector_size;
        layout_set_region(l, REGION_USER, area_size ?: facts->table_size);

        if (area_size && facts->table_size != area_size)
                layout_problem(l, 0,
                        "the table was made for %" PRIu64 " bytes, the area has %" PRIu64,
                        facts->table_size, area_size);
        if (!facts->primary_ok)
                layout_problem(l, 0, "primary table: %s", facts->primary_problem);
        if (!facts->backup_ok)
                layout_problem(l, 0, "backup table: %s", facts->backup_problem);
        if (facts->primary_ok && facts->backup_ok && !facts->equal)
                layout_problem(l, 0, "primary and backup table differ; the primary is used");
        for (size_t i = 0; i < c->n_entries; i++) {
                int r = add_part(l, c, i, facts);
                if (r < 0)
                        return r;
        }
        layout_check(l);
        *ret = TAKE_PTR(l);
        return 0;
}

/* One attempt with one sector size. 0 when a copy was whole. */
static int try_sectors(
        Source *source, uint32_t sector_size, uint64_t area_size, Layout **ret, GptFacts *facts)
{
        _cleanup_copy_ Copy primary = { .source = source, .sector_size = sector_size, .own = 1 };
        _cleanup_copy_ Copy backup = { .source = source, .sector_size = sector_size };

        int p = copy_load(&primary, sector_size);
        if (p == -ENOMEM)
                return p;
        int b = load_backup(&backup, &primary, area_size);
        if (b == -ENOMEM)
                return b;
        *facts = (GptFacts){ .found = primary.found || backup.found,
                .primary_ok = primary.ok,
                .backup_ok = backup.ok,
                .sector_size = sector_size };
        snprintf(facts->primary_problem, sizeof(facts->primary_problem), "%s", primary.problem);
        snprintf(facts->backup_problem, sizeof(facts->backup_problem), "%s", backup.problem);
        if (!primary.ok && !backup.ok)
                return facts->found ? -EBADMSG : is_absent(p) || p == -ENOENT ? b : p;
        facts->used_backup = !primary.ok;
        facts->equal = primary.ok && backup.ok && copies_equal(&primary, &backup);
        return make_layout(primary.ok ? &primary : &backup, area_size, facts, ret);
}

int gpt_read(Source *source, uint64_t area_size, Layout **ret, GptFacts *facts)
{
        int result = -ENOENT;
        GptFacts best = { 0 };

        for (size_t i = 0; i < ELEMENTS(sector_sizes); i++) {
                GptFacts f = { 0 };
                int r = try_sectors(source, sector_sizes[i], area_size, ret, &f);
                if (r == 0 || r == -ENOMEM) {
                        *facts = f;
                        return r;
                }
                if (i == 0 || (f.found && !best.found)) {
                        best = f;
                        result = r;
                }
        }
        if (!best.found)
                best.sector_size = 0;
        *facts = best;
        return is_absent(result) ? -ENOENT : result;
}

void guid_format(const uint8_t g[16], char out[GUID_TEXT_SIZE])
{
        snprintf(out, GUID_TEXT_SIZE, "%08" PRIx32 "-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x",
                get_le32(g), get_le16(g + 4), get_le16(g + 6), g[8], g[9], g[10], g[11], g[12],
                g[13], g[14], g[15]);
}
