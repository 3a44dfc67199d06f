/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "format/scatter-check.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "format/address.h"
#include "format/scatter.h"

enum { SECTOR = 512 };

static const char *region_of(const Layout *l, RegionKind kind)
{
        return region_name(l->storage, kind) ?: region_area(kind);
}

static void note_hole(Layout *l, RegionKind kind, uint64_t from, uint64_t to)
{
        layout_note(l, 0, "nothing names 0x%" PRIx64 " to 0x%" PRIx64 " of %s (%" PRIu64 " KiB)",
                from, to, region_of(l, kind), (to - from) / KiB);
}

/* Walks one region by offset; the parts may stand in any order. */
static void check_holes(Layout *l, RegionKind kind)
{
        const Region *r = layout_region(l, kind);
        uint64_t at = 0;
        bool any = false;

        for (;;) {
                const Partition *next = NULL;
                uint64_t reach = at;
                for (size_t i = 0; i < l->n_parts; i++) {
                        const Partition *p = l->parts + i;
                        if (p->region != kind || p->unplaced || p->size > UINT64_MAX - p->offset)
                                continue;
                        any = true;
                        if (p->open_end && p->offset <= at)
                                return;
                        if (p->offset <= at)
                                reach = MAX(reach, p->offset + p->size);
                        else if (!next || p->offset < next->offset)
                                next = p;
                }
                if (reach > at) {
                        at = reach;
                        continue;
                }
                if (!next)
                        break;
                note_hole(l, kind, at, next->offset);
                at = next->offset;
        }
        if (any && r && r->size > at)
                note_hole(l, kind, at, r->size);
}

void scatter_check(Layout *l)
{
        layout_check(l);
        for (size_t i = 0; i < l->n_parts; i++) {
                const Partition *p = l->parts + i;
                const Region *r = layout_region(l, p->region);
                bool sgpt = strcasecmp(p->name, "sgpt") == 0;
                if (p->unplaced && p->from_end && (p->end_blocks > 0 || sgpt) && !(r && r->size))
                        layout_note(l, p->line,
                                "%s counts %u blocks from the end of %s, whose size is not known",
                                p->name, p->end_blocks, region_of(l, p->region));
                else if (p->unplaced)
                        layout_problem(l, p->line, "%s has no place", p->name);
                if (p->size % SECTOR || (!p->unplaced && p->offset % SECTOR))
                        layout_problem(l, p->line, "%s does not lie on whole sectors", p->name);
        }
        check_holes(l, REGION_USER);
}

/* ---- two tables ---- */

static bool is_scatter(const Layout *l)
{
        return l->n_parts > 0 && l->parts[0].keys & SCATTER_KEY_SCATTER;
}

/* what only a scatter can name */
static bool is_unlisted(const Partition *p)
{
        static const char *const names[] = { "pgpt", "sgpt", "mbr", "ebr1", "ebr2" };

        if (p->region != REGION_USER || p->class == CLASS_GAP)
                return true;
        for (size_t i = 0; i < ELEMENTS(names); i++)
                if (strcasecmp(p->name, names[i]) == 0)
                        return true;
        return false;
}

static void share_sizes(Layout *a, Layout *b)
{
        for (size_t i = 0; i < a->n_regions; i++) {
                const Region *r = a->regions + i, *other = layout_region(b, r->kind);
                if (r->size > 0 && (!other || other->size == 0))
                        layout_set_region(b, r->kind, r->size);
        }
}

static void compare_part(Layout *l, const Partition *p, const Partition *q)
{
        bool user = strcasecmp(p->name, "userdata") == 0 || strcasecmp(p->name, "usrdata") == 0;

        if (p->unplaced || q->unplaced)
                return;
        if (p->offset != q->offset)
                layout_problem(l, p->line, "%s lies at 0x%" PRIx64 " and at 0x%" PRIx64, p->name,
                        p->offset, q->offset);
        if (p->open_end || q->open_end || p->size == q->size)
                return;
        if (user)
                layout_note(l, p->line, "%s has 0x%" PRIx64 " and 0x%" PRIx64 " bytes", p->name,
                        p->size, q->size);
        else
                layout_problem(l, p->line, "%s has 0x%" PRIx64 " and 0x%" PRIx64 " bytes", p->name,
                        p->size, q->size);
}

static void compare_regions(Layout *l, const Layout *other)
{
        for (size_t i = 0; i < l->n_regions; i++) {
                const Region *a = l->regions + i, *b = layout_region(other, a->kind);
                if (b && a->size > 0 && b->size > 0 && a->size != b->size)
                        layout_problem(l, 0, "%s has 0x%" PRIx64 " and 0x%" PRIx64 " bytes",
                                region_of(l, a->kind), a->size, b->size);
        }
}

void scatter_compare(Layout *l, Layout *other)
{
        bool both = is_scatter(l) && is_scatter(other);

        share_sizes(l, other);
        share_sizes(other, l);
        if (is_scatter(l))
                layout_place(l);
        if (is_scatter(other))
                layout_place(other);
        compare_regions(l, other);
        for (size_t i = 0; i < l->n_parts; i++) {
                const Partition *p = l->parts + i, *q = layout_find(other, p->name);
                if (!both && is_unlisted(p))
                        continue;
                if (q)
                        compare_part(l, p, q);
                else
                        layout_problem(l, p->line, "%s is only in the first", p->name);
        }
        for (size_t i = 0; i < other->n_parts; i++) {
                const Partition *q = other->parts + i;
                if (!layout_find(l, q->name) && (both || !is_unlisted(q)))
                        layout_problem(l, q->line, "%s is only in the second", q->name);
        }
}
