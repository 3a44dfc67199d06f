/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "format/rom.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

enum { PIECES_MAX = 2 * LAYOUT_PARTS_MAX + _REGION_MAX };

void rom_file_name(const char *name, char out[static ROM_FILE_MAX])
{
        size_t n = 0;

        for (const char *p = name; *p && n + 4 < ROM_FILE_MAX - 8; p++) {
                bool plain = isalnum((unsigned char)*p) || strchr("_-.", *p);

                if (!plain || (p == name && *p == '.'))
                        n += (size_t)snprintf(out + n, 4, "%%%02X", (unsigned char)*p);
                else
                        out[n++] = *p;
        }
        if (n == 0)
                out[n++] = '_';
        out[n] = 0;
}

static int by_place(const void *a, const void *b)
{
        const RomPiece *x = a, *y = b;

        if (x->region != y->region)
                return x->region < y->region ? -1 : 1;
        if (x->offset != y->offset)
                return x->offset < y->offset ? -1 : 1;
        if (x->size != y->size) /* the larger of two that begin together comes first */
                return x->size > y->size ? -1 : 1;
        return strcmp(x->name, y->name);
}

void rom_plan_sort(RomPlan *p)
{
        qsort(p->pieces, p->n_pieces, sizeof(*p->pieces), by_place);
}

static RomPiece *add(
        RomPlan *p, const char *name, RegionKind region, uint64_t offset, uint64_t size)
{
        uint64_t total = p->sizes[region];
        RomPiece *piece;

        if (p->n_pieces == PIECES_MAX)
                return NULL;
        piece = &p->pieces[p->n_pieces++];
        *piece = (RomPiece){
                .region = region,
                .offset = offset,
                .size = size,
                .present = offset < total ? MIN(size, total - offset) : 0,
                .class = part_class_of(name),
        };
        snprintf(piece->name, sizeof(piece->name), "%s", name);
        return piece;
}

/* Where a part without an end stops: at the next one of its region, or with the region. */
static uint64_t end_of(const Layout *l, const Partition *q, uint64_t total)
{
        uint64_t end = MAX(total, q->offset);

        if (!q->open_end && q->size > 0)
                return q->size <= UINT64_MAX - q->offset ? q->offset + q->size : UINT64_MAX;
        for (size_t i = 0; i < l->n_parts; i++) {
                const Partition *p = &l->parts[i];

                if (p->region == q->region && !p->unplaced && p->offset > q->offset)
                        end = MIN(end, p->offset);
        }
        return end;
}

static int add_part(RomPlan *p, const Layout *l, const Partition *q)
{
        static const RegionKind both[] = { REGION_BOOT1, REGION_BOOT2 };
        bool twice = q->region == REGION_BOOT1_BOOT2;

        for (size_t i = 0; i < (twice ? 2 : 1); i++) {
                RegionKind region = twice ? both[i] : q->region;
                uint64_t total = p->sizes[region], end = end_of(l, q, total);

                if (q->unplaced || total == 0 || end == q->offset)
                        continue;
                if (!add(p, q->name, region, q->offset, end - q->offset))
                        return -E2BIG;
        }
        return 0;
}

/* A boot area that no table says anything about is the preloader as a whole, as in layout_tile(). */
static const char *gap_name(char out[static 32], RegionKind region, uint64_t start, bool whole)
{
        if (whole && region == REGION_BOOT1)
                return "preloader";
        if (whole && region == REGION_BOOT2)
                return "preloader_backup";
        snprintf(out, 32, "_gap-%" PRIx64, start);
        return out;
}

/* Adds a piece for [start, end) of a region; nothing when that is empty. */
static bool add_gap(RomPlan *p, RegionKind region, uint64_t start, uint64_t end)
{
        bool whole = start == 0 && end == p->sizes[region];
        char name[32];

        return start >= end ||
                add(p, gap_name(name, region, start, whole), region, start, end - start);
}

/* Adds what no piece covers and marks what is covered twice; the pieces are sorted. */
static int fill_gaps(RomPlan *p)
{
        size_t n = p->n_pieces, i = 0;

        for (int region = 0; region < _REGION_MAX; region++) {
                uint64_t end = 0, total = p->sizes[region];

                for (; i < n && (int)p->pieces[i].region <= region; i++) {
                        RomPiece *q = &p->pieces[i];

                        q->overlaps = q->offset < end;
                        if (!add_gap(p, (RegionKind)region, end, MIN(q->offset, total)))
                                return -E2BIG;
                        end = MAX(end, q->offset + q->size);
                }
                if (!add_gap(p, (RegionKind)region, end, total))
                        return -E2BIG;
        }
        return 0;
}

/* Gives each piece a file name of its own: a second one of the same name gets "~2". Case does not
 * tell two names apart, since the files may have to live where it does not count. */
static void name_files(RomPlan *p)
{
        for (size_t i = 0; i < p->n_pieces; i++) {
                RomPiece *q = &p->pieces[i];
                size_t length, same = 1;

                rom_file_name(q->name, q->file);
                for (size_t k = 0; k < i; k++)
                        same += strcasecmp(p->pieces[k].name, q->name) == 0;
                length = strlen(q->file);
                if (same > 1)
                        snprintf(q->file + length, sizeof(q->file) - length, "~%zu", same);
        }
}

int rom_plan_new(const Layout *l, const uint64_t sizes[static _REGION_MAX], RomPlan **ret)
{
        _cleanup_(rom_plan_freep) RomPlan *p = calloc(1, sizeof(*p));
        int r;

        if (!p)
                return -ENOMEM;
        p->pieces = calloc(PIECES_MAX, sizeof(*p->pieces));
        if (!p->pieces)
                return -ENOMEM;
        memcpy(p->sizes, sizes, sizeof(p->sizes));
        for (size_t i = 0; i < l->n_parts; i++) {
                r = add_part(p, l, &l->parts[i]);
                if (r < 0)
                        return r;
        }
        rom_plan_sort(p);
        r = fill_gaps(p);
        if (r < 0)
                return r;
        rom_plan_sort(p);
        name_files(p);
        *ret = TAKE_PTR(p);
        return 0;
}

RomPlan *rom_plan_free(RomPlan *p)
{
        if (!p)
                return NULL;
        free(p->pieces);
        free(p);
        return NULL;
}
