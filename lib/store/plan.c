/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/plan.h"

#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <string.h>

#include "basic/bytes.h"

/* ---- globs ---- */

typedef struct Globs {
        char text[PLAN_GLOBS_MAX][PLAN_GLOB_MAX];
        size_t n;
} Globs;

static int globs_read(Globs *g, const char *list, const char *what, Failure *f)
{
        g->n = 0;
        for (const char *p = list ? list : ""; *p;) {
                size_t length = strcspn(p, ",");

                if (length >= PLAN_GLOB_MAX || g->n == PLAN_GLOBS_MAX)
                        return failure_set(f, -EINVAL, ERROR_INVALID_OPTION,
                                "The list of %s has more than %d patterns, or one of more than %d "
                                "bytes.",
                                what, PLAN_GLOBS_MAX, PLAN_GLOB_MAX - 1);
                if (length > 0)
                        snprintf(g->text[g->n++], PLAN_GLOB_MAX, "%.*s", (int)length, p);
                p += length + (p[length] == ',');
        }
        return 0;
}

static bool globs_match(const Globs *g, const char *name)
{
        for (size_t i = 0; i < g->n; i++)
                if (fnmatch(g->text[i], name, 0) == 0)
                        return true;
        return false;
}

/* ---- the table ---- */

static void note(Plan *p, const Partition *bad, const char *why)
{
        if (p->table_ok)
                snprintf(p->table_problem, sizeof p->table_problem, "%s %s", bad->name, why);
        p->table_ok = false;
}

static const char *misplaced(const Layout *l, const Partition *p)
{
        const Region *region = layout_region(l, p->region);

        if (!region || region->size == 0)
                return "lies in an area this phone does not have";
        if (p->unplaced || p->open_end || p->size == 0)
                return "has no size";
        if (!range_fits(p->offset, p->size, region->size))
                return "ends behind the end of its area";
        return NULL;
}

static bool overlap(const Partition *a, const Partition *b)
{
        return a->region == b->region && a->offset < b->offset + b->size &&
                b->offset < a->offset + a->size;
}

static int by_size(const void *a, const void *b)
{
        const Partition *x = *(const Partition *const *)a, *y = *(const Partition *const *)b;

        if (x->size != y->size)
                return x->size < y->size ? -1 : 1;
        return x < y ? -1 : x > y;
}

/* Takes what fits. Of two partitions that overlap the smaller one stays: the irreplaceable ones are
 * small, and a broken entry that claims half of the flash must not hide them. */
static int take_partitions(Plan *p, const Layout *from)
{
        _cleanup_free_ const Partition **kept = calloc(from->n_parts + 1, sizeof *kept);
        _cleanup_free_ const Partition **all = calloc(from->n_parts + 1, sizeof *all);
        size_t n = 0, n_all = 0;

        if (!kept || !all)
                return -ENOMEM;
        for (size_t i = 0; i < from->n_parts; i++) {
                const char *why = misplaced(from, from->parts + i);

                if (why)
                        note(p, from->parts + i, why);
                else
                        all[n_all++] = from->parts + i;
        }
        qsort(all, n_all, sizeof *all, by_size);
        for (size_t i = 0; i < n_all; i++) {
                size_t k = 0;

                while (k < n && !overlap(kept[k], all[i]))
                        k++;
                if (k == n)
                        kept[n++] = all[i];
                else
                        note(p, all[i], "overlaps a smaller one");
        }
        for (size_t i = 0; i < n; i++) {
                Partition *copy = layout_add(p->layout, kept[i]->name);

                if (!copy)
                        return -ENOMEM;
                *copy = *kept[i];
        }
        return 0;
}

static int make_layout(Plan *p, const Layout *from, Failure *f)
{
        int r;

        p->layout = layout_new();
        if (!p->layout)
                return -ENOMEM;
        p->layout->storage = from->storage;
        p->layout->block_size = from->block_size;
        for (size_t i = 0; i < from->n_regions; i++) {
                const Region *region = from->regions + i;

                if (region->size == 0)
                        continue;
                *layout_set_region(p->layout, region->kind, region->size) = *region;
        }
        if (p->layout->n_regions == 0)
                return failure_set(f, -EINVAL, ERROR_PROTOCOL_VIOLATION,
                        "The phone reported no storage area with a size.");
        r = take_partitions(p, from);
        if (r < 0)
                return r;
        r = layout_tile(p->layout);
        /* a table so full of entries that the gaps between them do not fit: read the areas whole */
        if (r == -ENOMEM && p->layout->n_parts > 0) {
                note(p, p->layout->parts, "is one of too many partitions");
                p->layout->n_parts = 0;
                r = layout_tile(p->layout);
        }
        return r;
}

/* ---- what is wanted ---- */

typedef struct Filter {
        Globs areas, partitions, exclude;
        bool area[_REGION_MAX];
} Filter;

static int filter_read(Filter *filter, const PlanRequest *request, Failure *f)
{
        int r;

        r = globs_read(&filter->areas, request->areas, "areas", f);
        if (r == 0)
                r = globs_read(&filter->partitions, request->partitions, "partitions", f);
        if (r == 0)
                r = globs_read(&filter->exclude, request->exclude, "exclude", f);
        if (r < 0)
                return r;
        for (size_t i = 0; i < ELEMENTS(filter->area); i++)
                filter->area[i] = filter->areas.n == 0;
        for (size_t i = 0; i < filter->areas.n; i++) {
                RegionKind kind;

                if (region_from_area(filter->areas.text[i], &kind) < 0)
                        return failure_set(f, -EINVAL, ERROR_INVALID_OPTION,
                                "\"%s\" is no storage area.", filter->areas.text[i]);
                filter->area[kind] = true;
        }
        return 0;
}

static bool asked_for(const Filter *filter, const Partition *p)
{
        return filter->area[p->region] &&
                (filter->partitions.n == 0 || globs_match(&filter->partitions, p->name));
}

static bool readable(const PlanPart *part)
{
        return part->region->readable;
}

static int name_file(Plan *p, PlanPart *part)
{
        size_t n_parts = (size_t)(part - p->parts);
        unsigned n = 1;
        int r;

        r = part_file_encode(part->partition->name, part->file, sizeof part->file);
        if (r < 0)
                return r;
        for (size_t i = 0; i < n_parts; i++)
                if (strcmp(p->parts[i].partition->name, part->partition->name) == 0)
                        n++;
        return part_file_number(part->file, sizeof part->file, n);
}

/* `full` lists every part of the phone, what is not wanted as skipped; the other kinds list what was
 * asked for, and of that what is excluded as skipped. */
static int select_parts(Plan *p, const Filter *filter)
{
        p->parts = calloc(p->layout->n_parts + 1, sizeof *p->parts);
        if (!p->parts)
                return -ENOMEM;
        for (size_t i = 0; i < p->layout->n_parts; i++) {
                const Partition *partition = p->layout->parts + i;
                PlanPart *part = p->parts + p->n_parts;
                const char *region;
                int r;

                *part = (PlanPart){ .partition = partition,
                        .region = layout_region(p->layout, partition->region) };
                if (!part->region || !readable(part) ||
                        (p->kind != BACKUP_FULL && !asked_for(filter, partition)) ||
                        (p->kind == BACKUP_CRITICAL && partition->class > CLASS_LOADER))
                        continue;
                region = region_name(p->layout->storage, partition->region);
                snprintf(part->region_name, sizeof part->region_name, "%s",
                        region ? region : region_area(partition->region));
                part->wanted = asked_for(filter, partition) &&
                        !globs_match(&filter->exclude, partition->name);
                r = name_file(p, part);
                if (r < 0)
                        return r;
                p->n_parts++;
        }
        return 0;
}

/* ---- order ---- */

static void choose_critical(Plan *p)
{
        for (PartClass class = CLASS_TABLE; class <= CLASS_LOADER; class ++)
                for (size_t i = 0; i < p->n_parts; i++) {
                        PlanPart *part = p->parts + i;
                        uint64_t size = part->partition->size;

                        if (!part->wanted || part->partition->class != class ||
                                size > PLAN_CRITICAL_PART_MIB * MiB ||
                                size > PLAN_CRITICAL_ALL_MIB * MiB - p->critical_bytes)
                                continue;
                        part->critical = true;
                        p->critical_bytes += size;
                        p->order[p->n_order++] = i;
                }
        p->n_critical = p->n_order;
}

static int order_parts(Plan *p)
{
        p->order = calloc(p->n_parts + 1, sizeof *p->order);
        if (!p->order)
                return -ENOMEM;
        choose_critical(p);
        for (PartClass class = CLASS_TABLE; class < _CLASS_MAX; class ++)
                for (size_t i = 0; i < p->n_parts; i++)
                        if (p->parts[i].wanted && !p->parts[i].critical &&
                                p->parts[i].partition->class == class)
                                p->order[p->n_order++] = i;
        for (size_t i = 0; i < p->n_order; i++)
                p->bytes += p->parts[p->order[i]].partition->size;
        return 0;
}

/* ---- what is not there ---- */

static bool has_part(const Plan *p, const char *name)
{
        for (size_t i = 0; i < p->n_parts; i++)
                if (strcmp(p->parts[i].partition->name, name) == 0)
                        return true;
        return false;
}

/* A pattern may match nothing. A name is meant: a backup without that partition is not what was
 * asked for. */
static void miss_names(Plan *p, const Globs *g)
{
        for (size_t i = 0; i < g->n && !p->missing[0]; i++)
                if (!strpbrk(g->text[i], "*?[\\") && !has_part(p, g->text[i]))
                        snprintf(p->missing, sizeof p->missing,
                                "There is no partition \"%s\" that could be read.", g->text[i]);
}

static void miss_areas(Plan *p, const Filter *filter)
{
        for (size_t i = 0; i < p->layout->n_regions; i++) {
                const Region *region = p->layout->regions + i;
                bool named = filter->areas.n > 0;
                char *text = named ? p->missing : p->unread;

                if (region->readable || !filter->area[region->kind] || text[0] ||
                        (!named && region->kind == REGION_RPMB))
                        continue;
                snprintf(text, sizeof p->missing, "%s cannot be read on this phone.",
                        region_area(region->kind));
        }
}

/* Read once or not at all: too large to be among those that are read twice. */
static void miss_critical(Plan *p)
{
        for (size_t i = 0; i < p->n_parts && !p->missing[0]; i++)
                if (p->parts[i].wanted && !p->parts[i].critical)
                        snprintf(p->missing, sizeof p->missing,
                                "%s is too large for a backup of the critical set.",
                                p->parts[i].partition->name);
}

static void look_for_missing(Plan *p, const Filter *filter)
{
        miss_names(p, &filter->partitions);
        if (p->kind == BACKUP_CRITICAL)
                miss_critical(p);
        else if (filter->partitions.n == 0)
                miss_areas(p, filter);
}

/* A backup of kind critical holds the critical set and nothing else. */
static void drop_uncritical(Plan *p)
{
        for (size_t i = 0; i < p->n_parts; i++)
                if (!p->parts[i].critical)
                        p->parts[i].wanted = false;
}

static int plan_fill(Plan *p, const Layout *layout, const PlanRequest *request, Failure *f)
{
        Filter filter;
        int r;

        r = filter_read(&filter, request, f);
        if (r < 0)
                return r;
        p->kind = request->kind;
        r = make_layout(p, layout, f);
        if (r == 0)
                r = select_parts(p, &filter);
        if (r == 0)
                r = order_parts(p);
        if (r < 0)
                return r;
        look_for_missing(p, &filter);
        if (p->kind == BACKUP_CRITICAL) {
                drop_uncritical(p);
                p->n_order = p->n_critical;
                p->bytes = p->critical_bytes;
        }
        if (p->n_order == 0)
                return failure_set(f, -EINVAL, ERROR_INVALID_OPTION,
                        "No partition of this phone is among those to be read.");
        return 0;
}

int plan_new(const Layout *layout, const PlanRequest *request, Plan **ret, Failure *f)
{
        _cleanup_(plan_freep) Plan *p = calloc(1, sizeof *p);
        int r;

        if (!p)
                return failure_set(f, -ENOMEM, ERROR_FAILED, "There is not enough memory.");
        p->table_ok = true;
        r = plan_fill(p, layout, request, f);
        if (r < 0)
                return failure_set(
                        f, r, ERROR_FAILED, "Planning the backup failed: %s.", strerrordesc_np(-r));
        *ret = TAKE_PTR(p);
        return 0;
}

Plan *plan_free(Plan *p)
{
        if (!p)
                return NULL;
        layout_free(p->layout);
        free(p->parts);
        free(p->order);
        free(p);
        return NULL;
}

void plan_digest(const Plan *p, uint8_t ret[SHA256_SIZE])
{
        _cleanup_free_ char *text = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&text, &size);

        memset(ret, 0, SHA256_SIZE);
        if (!out)
                return;
        fprintf(out, "%s\n", backup_kind_to_string(p->kind));
        for (size_t i = 0; i < p->n_parts; i++)
                fprintf(out, "%s %s %" PRIu64 " %" PRIu64 " %d %d\n", p->parts[i].file,
                        p->parts[i].region_name, p->parts[i].partition->offset,
                        p->parts[i].partition->size, p->parts[i].wanted, p->parts[i].critical);
        if (fclose(out) == 0)
                digest_of(DIGEST_SHA256, text, size, ret);
}
