/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "protocol/phone-table.h"

#include <errno.h>
#include <string.h>

#include "format/ends-source.h"

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
        } else {
                ret->source = ret->gpt.used_backup ? "gpt-backup" : "gpt";
        }
        return add_regions(&s->storage, ret);
}

void phone_table_done(PhoneTable *t)
{
        t->layout = layout_free(t->layout);
}
