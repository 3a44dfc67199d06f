/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "format/layout.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <strings.h>

#include "basic/bytes.h"
#include "format/utf8.h"

Layout *layout_new(void)
{
        return calloc(1, sizeof(Layout));
}

Layout *layout_free(Layout *l)
{
        if (!l)
                return NULL;
        free(l->parts);
        free(l->problems);
        free(l);
        return NULL;
}

/* Makes room for one more element; doubles, up to max. */
static bool grow(void **array, size_t n, size_t *allocated, size_t element, size_t max)
{
        if (n < *allocated)
                return true;
        if (n >= max)
                return false;
        size_t wanted = MIN(MAX(*allocated * 2, (size_t)16), max);
        void *bigger = realloc(*array, wanted * element);
        if (!bigger)
                return false;
        *array = bigger;
        *allocated = wanted;
        return true;
}

Partition *layout_add(Layout *l, const char *name)
{
        if (!grow((void **)&l->parts, l->n_parts, &l->parts_size, sizeof(Partition),
                    LAYOUT_PARTS_MAX))
                return NULL;
        Partition *p = l->parts + l->n_parts++;
        *p = (Partition){ .region = REGION_USER };
        utf8_copy(p->name, sizeof(p->name), name);
        p->class = part_class_of(p->name);
        return p;
}

static void _printf_(4, 0)
        add_problem(Layout *l, unsigned line, bool note, const char *format, va_list ap)
{
        Problem problem = { .line = line, .note = note };

        if (l->n_problems >= LAYOUT_PROBLEMS_MAX)
                return;
        vsnprintf(problem.text, sizeof(problem.text), format, ap);
        for (size_t i = 0; i < l->n_problems; i++)
                if (l->problems[i].line == line && strcmp(l->problems[i].text, problem.text) == 0)
                        return;
        if (l->n_problems == LAYOUT_PROBLEMS_MAX - 1)
                problem = (Problem){ .text = "there are more problems" };
        if (grow((void **)&l->problems, l->n_problems, &l->problems_size, sizeof(Problem),
                    LAYOUT_PROBLEMS_MAX))
                l->problems[l->n_problems++] = problem;
}

void layout_problem(Layout *l, unsigned line, const char *format, ...)
{
        va_list ap;

        va_start(ap, format);
        add_problem(l, line, false, format, ap);
        va_end(ap);
}

void layout_note(Layout *l, unsigned line, const char *format, ...)
{
        va_list ap;

        va_start(ap, format);
        add_problem(l, line, true, format, ap);
        va_end(ap);
}

const Partition *layout_find(const Layout *l, const char *name)
{
        for (size_t i = 0; i < l->n_parts; i++)
                if (strcasecmp(l->parts[i].name, name) == 0)
                        return l->parts + i;
        return NULL;
}

const Region *layout_region(const Layout *l, RegionKind kind)
{
        for (size_t i = 0; i < l->n_regions; i++)
                if (l->regions[i].kind == kind)
                        return l->regions + i;
        return NULL;
}

Region *layout_set_region(Layout *l, RegionKind kind, uint64_t size)
{
        Region *r = NULL;
        for (size_t i = 0; i < l->n_regions && !r; i++)
                if (l->regions[i].kind == kind)
                        r = l->regions + i;
        if (!r) {
                if (l->n_regions >= ELEMENTS(l->regions))
                        return NULL;
                r = l->regions + l->n_regions++;
                *r = (Region){ .kind = kind, .readable = true };
        }
        r->size = size;
        return r;
}

/* what is written to both boot areas stands where the first of them is */
static RegionKind where(const Partition *p)
{
        return p->region == REGION_BOOT1_BOOT2 ? REGION_BOOT1 : p->region;
}

static bool comes_before(const Partition *a, const Partition *b)
{
        if (where(a) != where(b))
                return where(a) < where(b);
        if (a->unplaced != b->unplaced)
                return b->unplaced;
        return !a->unplaced && a->offset < b->offset;
}

void layout_sort(Layout *l)
{
        /* tables come nearly sorted, which an insertion sort likes */
        for (size_t i = 1; i < l->n_parts; i++) {
                size_t at = i;
                while (at > 0 && comes_before(l->parts + i, l->parts + at - 1))
                        at--;
                if (at == i)
                        continue;
                Partition moved = l->parts[i];
                memmove(l->parts + at + 1, l->parts + at, (i - at) * sizeof(Partition));
                l->parts[at] = moved;
        }
}

static bool has_extent(const Partition *p)
{
        return !p->unplaced && !p->open_end && p->size > 0;
}

static int compare_extents(const void *a, const void *b)
{
        const Partition *x = *(const Partition *const *)a, *y = *(const Partition *const *)b;
        if (comes_before(x, y))
                return -1;
        if (comes_before(y, x))
                return 1;
        return x < y ? -1 : x > y;
}

static void check_overlaps(Layout *l)
{
        _cleanup_free_ const Partition **sorted = calloc(l->n_parts + 1, sizeof(*sorted));
        size_t n = 0;
        if (!sorted)
                return;
        for (size_t i = 0; i < l->n_parts; i++)
                if (has_extent(l->parts + i) && l->parts[i].size <= UINT64_MAX - l->parts[i].offset)
                        sorted[n++] = l->parts + i;
        qsort(sorted, n, sizeof(*sorted), compare_extents);

        /* the part that reaches farthest so far is the one a later part can run into */
        const Partition *farthest = n > 0 ? sorted[0] : NULL;
        for (size_t i = 1; i < n; i++) {
                const Partition *p = sorted[i];
                if (where(p) == where(farthest) && p->offset < farthest->offset + farthest->size)
                        layout_problem(l, p->line, "%s overlaps %s", p->name, farthest->name);
                if (where(p) != where(farthest) ||
                        p->offset + p->size > farthest->offset + farthest->size)
                        farthest = p;
        }
}

static void check_part(Layout *l, const Partition *p)
{
        const Region *r = layout_region(l, where(p));
        const char *region = region_name(l->storage, p->region);

        if (p->unplaced)
                return;
        if (p->size == 0 && !p->open_end)
                layout_problem(l, p->line, "%s has no size", p->name);
        if (p->size > UINT64_MAX - p->offset)
                layout_problem(l, p->line, "%s ends behind the end of all numbers", p->name);
        else if (r && r->size > 0 && p->offset + p->size > r->size)
                layout_problem(l, p->line,
                        "%s ends at 0x%" PRIx64 ", behind the end of %s (0x%" PRIx64 ")", p->name,
                        p->offset + p->size, region ?: region_area(p->region), r->size);
}

size_t layout_check(Layout *l)
{
        size_t before = l->n_problems;

        for (size_t i = 0; i < l->n_parts; i++) {
                check_part(l, l->parts + i);
                for (size_t j = 0; j < i; j++)
                        if (strcasecmp(l->parts[i].name, l->parts[j].name) == 0) {
                                layout_problem(
                                        l, l->parts[i].line, "%s is there twice", l->parts[i].name);
                                break;
                        }
        }
        check_overlaps(l);
        return l->n_problems - before;
}

static bool add_gap(Layout *l, const Region *r, uint64_t offset, uint64_t size, bool whole)
{
        char name[32];

        snprintf(name, sizeof(name), "_gap-%" PRIx64, offset);
        if (whole && r->kind == REGION_BOOT1)
                snprintf(name, sizeof(name), "preloader");
        else if (whole && r->kind == REGION_BOOT2)
                snprintf(name, sizeof(name), "preloader_backup");
        Partition *p = layout_add(l, name);
        if (!p)
                return false;
        p->region = r->kind;
        p->offset = offset;
        p->size = size;
        return true;
}

static bool is_tiled(const Region *r)
{
        return r->readable && r->size > 0;
}

/* Walks the sorted parts of one region from its start to its end. */
static int tile_region(Layout *l, const Region *r, size_t n_parts)
{
        uint64_t end = 0;
        bool empty = true;
        Partition *open = NULL;

        for (size_t i = 0; i < n_parts; i++) {
                Partition *p = l->parts + i;
                if (p->region != r->kind)
                        continue;
                if (p->unplaced || p->offset < end || !range_fits(p->offset, p->size, r->size))
                        return -EINVAL;
                if (open) {
                        open->size = p->offset - open->offset;
                        open->open_end = false;
                        end = p->offset;
                }
                open = p->open_end ? p : NULL;
                uint64_t offset = p->offset, size = p->size;
                /* adding may move the parts: p and open are looked up anew */
                if (offset > end && !add_gap(l, r, end, offset - end, false))
                        return -ENOMEM;
                open = open ? l->parts + i : NULL;
                end = offset + size;
                empty = false;
        }
        if (open) {
                open->size = r->size - open->offset;
                open->open_end = false;
        } else if (end < r->size && !add_gap(l, r, end, r->size - end, empty))
                return -ENOMEM;
        return 0;
}

int layout_tile(Layout *l)
{
        layout_sort(l);

        /* on a copy first: nothing is added when one region cannot be tiled */
        size_t n = l->n_parts;
        _cleanup_(layout_freep) Layout *tiled = layout_new();
        if (!tiled)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                Partition *p = layout_add(tiled, l->parts[i].name);
                if (!p)
                        return -ENOMEM;
                *p = l->parts[i];
        }
        for (size_t i = 0; i < l->n_regions; i++) {
                if (!is_tiled(l->regions + i))
                        continue;
                int r = tile_region(tiled, l->regions + i, n);
                if (r < 0)
                        return r;
        }
        free(l->parts);
        l->parts = TAKE_PTR(tiled->parts);
        l->n_parts = tiled->n_parts;
        l->parts_size = tiled->parts_size;
        layout_sort(l);
        return 0;
}
