/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "protocol/phone-table.h"

#include <errno.h>
#include <string.h>

#include "format/ends-source.h"
#include "format/ptable.h"
#include "protocol/session-source.h"

typedef struct Window {
        uint8_t *data;
        size_t size, capacity;
} Window;

static int take(void *userdata, const uint8_t *data, size_t size)
{
        Window *w = userdata;

        if (size > w->capacity - w->size)
                return -EPROTO; /* more than was asked for */
        memcpy(w->data + w->size, data, size);
        w->size += size;
        return 0;
}

static int read_window(
        DaSession *s, const Region *user, uint64_t offset, size_t size, uint8_t *data, Failure *f)
{
        Window w = { .data = data, .capacity = size };

        return da_session_read(s, user, offset, size, take, &w, f);
}

/* The layout has what the storage has; what the table says of regions is only its own size. */
static int add_regions(const StorageInfo *storage, PhoneTable *t)
{
        t->layout->storage = storage->type;
        t->layout->block_size = storage->block_size;
        t->layout->n_regions = 0;
        for (size_t i = 0; i < storage->n_regions; i++) {
                Region *r = layout_set_region(
                        t->layout, storage->regions[i].kind, storage->regions[i].size);

                if (!r)
                        return -ENOMEM;
                *r = storage->regions[i];
        }
        return 0;
}

static void explain(PhoneTable *t, int r)
{
        if (r == -ENOENT)
                snprintf(t->problem, sizeof(t->problem), "There is no partition table.");
        else
                snprintf(t->problem, sizeof(t->problem),
                        "Both partition tables are damaged: %.60s; %.60s.", t->gpt.primary_problem,
                        t->gpt.backup_problem);
}

/* What an older table says and a backup can use: parts of USER, inside it, none over another. The
 * rest of the area is read as well, it only has no name. */
static int take_parts(const Layout *from, uint64_t user_size, Layout *to)
{
        uint64_t end = 0;

        for (size_t i = 0; i < from->n_parts; i++) {
                const Partition *p = &from->parts[i];
                Partition *added;

                if (p->region != REGION_USER || p->offset < end || p->offset >= user_size)
                        continue;
                added = layout_add(to, p->name);
                if (!added)
                        return -ENOMEM;
                *added = *p;
                if (p->open_end || p->size == 0 || p->size > user_size - p->offset)
                        added->size = user_size - p->offset;
                added->open_end = false;
                end = added->offset + added->size;
        }
        return 0;
}

/* Phones before GPT have a PMT, or a chain of boot records. */
static int read_older(DaSession *s, const Region *user, PhoneTable *t, Failure *f)
{
        _cleanup_(layout_freep) Layout *found = NULL;
        SessionSource source;
        PtableFacts facts;
        Failure own = {};
        int r;

        r = ptable_read(session_source_init(&source, s, user, &own), user->size, &found, &facts);
        if (s->lost) {
                if (f && !failure_is_set(f))
                        *f = own;
                return -EPROTO;
        }
        if (r == -ENOMEM)
                return r;
        if (r < 0 || facts.offset != 0 || (facts.kind != PTABLE_PMT && facts.kind != PTABLE_MBR))
                return 0;
        layout_sort(found);
        r = take_parts(found, user->size, t->layout);
        if (r == 0 && t->layout->n_parts > 0) {
                t->source = ptable_kind_to_string(facts.kind);
                t->problem[0] = 0;
        }
        return r;
}

/* The agent has its own idea of the partitions: better some names than none. */
static int ask_agent(DaSession *s, const Region *user, PhoneTable *t, Failure *f)
{
        _cleanup_(layout_freep) Layout *found = layout_new();
        Failure own = {};
        int r;

        if (!found)
                return -ENOMEM;
        r = da_session_table(s, found, &own);
        if (s->lost && f && !failure_is_set(f))
                *f = own;
        if (s->lost || r == -ENOMEM)
                return r;
        if (r < 0)
                return 0;
        layout_sort(found);
        r = take_parts(found, user->size, t->layout);
        if (r == 0 && t->layout->n_parts > 0)
                t->source = "agent";
        return r;
}

int phone_table_read(DaSession *s, PhoneTable *ret, Failure *f)
{
        const Region *user = storage_region(&s->storage, REGION_USER);
        _cleanup_free_ uint8_t *head = NULL, *tail = NULL;
        EndsSource ends;
        Source *source;
        size_t size;
        int r;

        *ret = (PhoneTable){ .source = "none" };
        size = (size_t)MIN(user->size, (uint64_t)GPT_WINDOW);
        head = malloc(size);
        tail = malloc(size);
        if (!head || !tail)
                return -ENOMEM;
        r = read_window(s, user, 0, size, head, f);
        if (r >= 0)
                r = read_window(s, user, user->size - size, size, tail, f);
        if (r < 0)
                return r;

        source = ends_source_init(&ends, user->size, head, size, tail, size);
        r = gpt_read(source, user->size, &ret->layout, &ret->gpt);
        if (r == -ENOMEM)
                return r;
        if (r < 0) {
                explain(ret, r);
                ret->layout = layout_new();
                if (!ret->layout)
                        return -ENOMEM;
                /* a broken GPT is no reason to believe in something older */
                r = r == -ENOENT ? read_older(s, user, ret, f) : 0;
                if (r == 0 && ret->layout->n_parts == 0)
                        r = ask_agent(s, user, ret, f);
                if (r < 0)
                        return r;
        } else {
                ret->source = ret->gpt.used_backup ? "gpt-backup" : "gpt";
        }
        return add_regions(&s->storage, ret);
}

void phone_table_done(PhoneTable *t)
{
        t->layout = layout_free(t->layout);
}
