/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/ledger.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* one reading of a part */
typedef struct Pass {
        ChunkHash *hashes; /* critical parts only */
        uint64_t taken;    /* chunks */
        uint8_t sha256[SHA256_SIZE];
        uint64_t zero_bytes, ff_bytes;
        ManifestBad *bad;
        size_t n_bad, bad_size;
} Pass;

typedef struct Account {
        uint64_t chunks; /* of one pass */
        Pass passes[LEDGER_PASSES];
} Account;

struct Ledger {
        const Plan *plan;
        Manifest *manifest;
        int index;
        Account *accounts; /* one a part of the plan */
        Digest *sum;       /* of the part that is being read */
        IndexWriter *writer;
};

/* ---- life ---- */

static void describe_part(const PlanPart *from, ManifestPart *to)
{
        const Partition *p = from->partition;

        *to = (ManifestPart){ .offset = p->offset,
                .size = p->size,
                .class = p->class,
                .has_guid = p->has_guid,
                .attrs = p->attrs,
                .status = from->wanted ? PART_OK : PART_SKIPPED,
                .plain = from->critical };
        snprintf(to->name, sizeof to->name, "%s", p->name);
        snprintf(to->file, sizeof to->file, "%s", from->file);
        snprintf(to->region, sizeof to->region, "%s", from->region_name);
        memcpy(to->type_guid, p->type_guid, sizeof to->type_guid);
        memcpy(to->unique_guid, p->unique_guid, sizeof to->unique_guid);
}

static void describe_regions(const Layout *l, Manifest *m)
{
        m->n_regions = 0;
        /* in the order in which the parts are sorted */
        for (RegionKind kind = 0; kind < _REGION_MAX; kind++) {
                const Region *r = layout_region(l, kind);
                ManifestRegion *to = m->regions + m->n_regions;
                const char *name = region_name(l->storage, kind);

                if (!r)
                        continue;
                *to = (ManifestRegion){ .id = r->section,
                        .size = r->size,
                        .coverage = r->readable ? COVERAGE_NONE : COVERAGE_UNREADABLE };
                snprintf(to->name, sizeof to->name, "%s", name ? name : region_area(kind));
                m->n_regions++;
        }
}

int ledger_new(const Plan *plan, Manifest *manifest, int index, Ledger **ret)
{
        _cleanup_(ledger_freep) Ledger *l = calloc(1, sizeof *l);

        if (!l)
                return -ENOMEM;
        l->plan = plan;
        l->manifest = manifest;
        l->index = index;
        if (digest_new(DIGEST_SHA256, &l->sum) < 0 ||
                manifest_set_parts(manifest, plan->n_parts) < 0)
                return -ENOMEM;
        l->accounts = calloc(plan->n_parts + 1, sizeof *l->accounts);
        if (!l->accounts)
                return -ENOMEM;
        describe_regions(plan->layout, manifest);
        for (size_t i = 0; i < plan->n_parts; i++) {
                Account *a = l->accounts + i;

                describe_part(plan->parts + i, manifest->parts + i);
                a->chunks = index_chunks(manifest->parts[i].size);
                for (unsigned pass = 0; pass < LEDGER_PASSES && plan->parts[i].critical; pass++) {
                        a->passes[pass].hashes = calloc(a->chunks, sizeof(ChunkHash));
                        if (!a->passes[pass].hashes)
                                return -ENOMEM;
                }
        }
        *ret = TAKE_PTR(l);
        return 0;
}

Ledger *ledger_free(Ledger *l)
{
        if (!l)
                return NULL;
        for (size_t i = 0; l->accounts && i < l->plan->n_parts; i++)
                for (unsigned pass = 0; pass < LEDGER_PASSES; pass++) {
                        free(l->accounts[i].passes[pass].hashes);
                        free(l->accounts[i].passes[pass].bad);
                }
        free(l->accounts);
        index_writer_free(l->writer);
        digest_free(l->sum);
        free(l);
        return NULL;
}

/* ---- chunks ---- */

void ledger_push(Ledger *l, IntakeItem *item, size_t part, unsigned pass, uint64_t chunk)
{
        Account *a = l->accounts + part;

        item->part = part;
        item->pass = pass;
        item->chunk = chunk;
        item->size = index_chunk_length(l->manifest->parts[part].size, chunk);
        if (pass > 0)
                item->expected = a->passes[0].hashes + chunk;
        digest_add(l->sum, item->data, item->size);
        if (chunk + 1 == a->chunks)
                digest_finish(l->sum, a->passes[pass].sha256);
}

static int write_failed(Failure *f, int err, const ManifestPart *part)
{
        return store_fail(f, err, "writing the index of %s", part->name);
}

/* The pass that counts becomes what the manifest says. */
static int record(
        Ledger *l, size_t part, unsigned pass, uint8_t index_sha256[SHA256_SIZE], Failure *f)
{
        ManifestPart *to = l->manifest->parts + part;
        Pass *from = l->accounts[part].passes + pass;

        memcpy(to->sha256, from->sha256, SHA256_SIZE);
        memcpy(to->index_sha256, index_sha256, SHA256_SIZE);
        to->zero_bytes = from->zero_bytes;
        to->ff_bytes = from->ff_bytes;
        to->bad = TAKE_PTR(from->bad);
        to->n_bad = from->n_bad;
        if (to->n_bad > 0 && to->status == PART_OK)
                to->status = PART_BAD_RANGES;
        /* the list belongs to readable parts with holes; an unstable one has no truth to list */
        if (to->status == PART_UNSTABLE) {
                free(to->bad);
                to->bad = NULL;
                to->n_bad = 0;
        }
        return 0;
}

/* A part that is read once: its index grows chunk by chunk. */
static int take_single(Ledger *l, const IntakeItem *item, bool last, Failure *f)
{
        ManifestPart *part = l->manifest->parts + item->part;
        uint8_t sum[SHA256_SIZE];
        char name[PART_FILE_MAX + 8];
        int r = 0;

        if (item->chunk == 0) {
                snprintf(name, sizeof name, "%s.caibx", part->file);
                l->writer = index_writer_free(l->writer);
                r = index_create_at(l->index, name, &l->writer);
        }
        if (r == 0)
                r = index_add(l->writer, item->size, &item->hash);
        if (r < 0)
                return write_failed(f, r, part);
        if (!last)
                return 0;
        r = index_finish(l->writer, sum);
        l->writer = index_writer_free(l->writer);
        if (r < 0)
                return write_failed(f, r, part);
        part->reads = 1;
        return record(l, item->part, 0, sum, f);
}

int ledger_take(Ledger *l, const IntakeItem *item, Failure *f)
{
        Account *a = l->accounts + item->part;
        Pass *pass = a->passes + item->pass;
        bool last = item->chunk + 1 == a->chunks;
        int r = 0;

        pass->taken++;
        if (item->zero)
                pass->zero_bytes += item->size;
        if (item->ff)
                pass->ff_bytes += item->size;
        if (pass->hashes)
                pass->hashes[item->chunk] = item->hash;
        else
                r = take_single(l, item, last, f);
        return r < 0 ? r : last;
}

void ledger_count(Ledger *l, const IntakeItem *item)
{
        ManifestPart *part = l->manifest->parts + item->part;
        bool stored = item->kind == CHUNK_NEW || item->kind == CHUNK_HEALED;

        if (stored) {
                part->new_bytes += item->size;
                part->new_stored_bytes += item->stored;
        }
        part->chunks_healed += item->kind == CHUNK_HEALED;
        if (item->pass > 0)
                return;
        part->chunks++;
        part->chunks_new += stored;
        part->chunks_reused += !stored;
}

bool ledger_has_pass(const Ledger *l, size_t part, unsigned pass)
{
        const Account *a = l->accounts + part;

        return a->passes[pass].taken == a->chunks;
}

/* ---- passes ---- */

static bool equal(const Ledger *l, size_t part, unsigned x, unsigned y)
{
        const Account *a = l->accounts + part;

        return ledger_has_pass(l, part, x) && ledger_has_pass(l, part, y) &&
                memcmp(a->passes[x].hashes, a->passes[y].hashes, a->chunks * sizeof(ChunkHash)) ==
                0;
}

bool ledger_differs(const Ledger *l, size_t part)
{
        return ledger_has_pass(l, part, 0) && ledger_has_pass(l, part, 1) && !equal(l, part, 0, 1);
}

/* Was every byte of this pass read? */
static bool is_whole(const Ledger *l, size_t part, unsigned pass)
{
        return ledger_has_pass(l, part, pass) && l->accounts[part].passes[pass].n_bad == 0;
}

/* The pass that counts: of two equal ones that with fewer holes. Two that failed in the same place
 * are equal, too, but in the zeros put there: they do not count against one that read everything.
 * Nor has that one a witness, so that without another equal pair the part is unstable. */
static unsigned choose_pass(const Ledger *l, size_t part, bool *ret_stable)
{
        static const uint8_t pairs[][2] = { { 0, 1 }, { 0, 2 }, { 1, 2 } };
        unsigned whole = 0;

        while (whole < LEDGER_PASSES && !is_whole(l, part, whole))
                whole++;
        for (size_t i = 0; i < ELEMENTS(pairs); i++) {
                unsigned x = pairs[i][0], y = pairs[i][1];

                if (!equal(l, part, x, y) ||
                        (whole < LEDGER_PASSES && !is_whole(l, part, x) && !is_whole(l, part, y)))
                        continue;
                *ret_stable = true;
                return is_whole(l, part, x) || !is_whole(l, part, y) ? x : y;
        }
        *ret_stable = false;
        return whole < LEDGER_PASSES ? whole : 0;
}

static int settle_part(Ledger *l, size_t part, Failure *f)
{
        _cleanup_(index_writer_freep) IndexWriter *w = NULL;
        ManifestPart *to = l->manifest->parts + part;
        Account *a = l->accounts + part;
        uint8_t sum[SHA256_SIZE];
        char name[PART_FILE_MAX + 8];
        unsigned winner;
        bool stable;
        int r;

        for (unsigned pass = 0; pass < LEDGER_PASSES; pass++)
                to->reads += ledger_has_pass(l, part, pass);
        winner = choose_pass(l, part, &stable);
        if (!stable)
                to->status = PART_UNSTABLE;

        snprintf(name, sizeof name, "%s.caibx", to->file);
        r = index_create_at(l->index, name, &w);
        for (uint64_t chunk = 0; chunk < a->chunks && r == 0; chunk++)
                r = index_add(
                        w, index_chunk_length(to->size, chunk), a->passes[winner].hashes + chunk);
        if (r == 0)
                r = index_finish(w, sum);
        return r < 0 ? write_failed(f, r, to) : record(l, part, winner, sum, f);
}

int ledger_settle(Ledger *l, Failure *f)
{
        for (size_t i = 0; i < l->plan->n_parts; i++) {
                int r = 0;

                if (l->plan->parts[i].critical && l->manifest->parts[i].status != PART_UNREADABLE)
                        r = settle_part(l, i, f);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* ---- what could not be read ---- */

int ledger_bad(Ledger *l, size_t part, unsigned pass, const ManifestBad *bad, Failure *f)
{
        Pass *p = l->accounts[part].passes + pass;
        ManifestBad *last = p->n_bad > 0 ? p->bad + p->n_bad - 1 : NULL;

        if (last && last->offset + last->size == bad->offset &&
                strcmp(last->error, bad->error) == 0) {
                last->size += bad->size;
                last->tries = MAX(last->tries, bad->tries);
                return 0;
        }
        if (p->n_bad == MANIFEST_BAD_MAX)
                return failure_set(f, -E2BIG, ERROR_DEVICE_REFUSED,
                        "%s has more than %d unreadable places.", l->manifest->parts[part].name,
                        MANIFEST_BAD_MAX);
        if (p->n_bad == p->bad_size) {
                size_t size = MAX(2 * p->bad_size, (size_t)16);
                ManifestBad *bigger = realloc(p->bad, size * sizeof *bigger);

                if (!bigger)
                        return store_fail(f, -ENOMEM, "noting an unreadable place");
                p->bad = bigger;
                p->bad_size = size;
        }
        p->bad[p->n_bad++] = *bad;
        return 0;
}

void ledger_unreadable(Ledger *l, size_t part, const char *error)
{
        ManifestPart *p = l->manifest->parts + part;

        p->status = PART_UNREADABLE;
        snprintf(p->error, sizeof p->error, "%s", error);
}
