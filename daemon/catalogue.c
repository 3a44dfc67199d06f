/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/catalogue.h"

#include <errno.h>
#include <string.h>

#include "daemon/text.h"

void catalogue_done(Catalogue *c)
{
        for (size_t i = 0; i < c->n; i++)
                free(c->backups[i]);
        free(c->backups);
        *c = (Catalogue){ 0 };
}

bool backup_id_valid(const char *id)
{
        size_t n = strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

        return n > 0 && n <= BACKUP_ID_MAX && id[n] == 0 && id[0] != '.';
}

static int read_number(const Message *m, const char *key, uint64_t max, uint64_t *ret)
{
        int r = message_get_u64(m, key, max, ret);

        if (r == -ENOENT)
                *ret = 0;
        return r == -ENOENT ? 0 : r;
}

static int read_texts(const Message *m, Backup *b)
{
        const struct {
                const char *key;
                char *out;
                size_t size;
        } texts[] = {
                { "BACKUP", b->id, sizeof b->id },
                { "DEVICE_KEY", b->device_key, sizeof b->device_key },
                { "CHIP", b->chip, sizeof b->chip },
                { "KIND", b->kind, sizeof b->kind },
                { "RESULT", b->result, sizeof b->result },
                { "PROFILE", b->profile, sizeof b->profile },
                { "NAME", b->name, sizeof b->name },
                { "VERIFIED", b->verified, sizeof b->verified },
        };

        /* an id that does not fit must not become another one */
        if (!backup_id_valid(message_text(m, "BACKUP")))
                return -EBADMSG;
        for (size_t i = 0; i < ELEMENTS(texts); i++)
                text_copy(texts[i].out, texts[i].size, message_text(m, texts[i].key));
        return 0;
}

static int read_backup(const Message *m, Backup *b)
{
        uint64_t seq, parts, owner;
        int r = read_texts(m, b);

        r = r ?: read_number(m, "SEQ", UINT32_MAX, &seq);
        r = r ?: read_number(m, "PARTS", UINT32_MAX, &parts);
        r = r ?: read_number(m, "START", INT64_MAX, &b->start);
        r = r ?: read_number(m, "END", INT64_MAX, &b->end);
        r = r ?: read_number(m, "SIZE", UINT64_MAX, &b->size);
        r = r ?: read_number(m, "NEW_BYTES", UINT64_MAX, &b->new_bytes);
        r = r ?: read_number(m, "STORED", UINT64_MAX, &b->stored);
        r = r ?: read_number(m, "VERIFIED_AT", INT64_MAX, &b->verified_at);
        if (r < 0)
                return r;
        /* a backup of unknown origin belongs to root */
        b->owner =
                message_get_u64(m, "REQUESTED_BY", UINT32_MAX - 1, &owner) < 0 ? 0 : (uid_t)owner;
        b->seq = (uint32_t)seq;
        b->parts = (uint32_t)parts;
        return 0;
}

static bool comes_after(const Backup *a, const Backup *b)
{
        if (a->start != b->start)
                return a->start > b->start;
        return strcmp(a->id, b->id) > 0;
}

static int insert(Catalogue *c, const Backup *b, Backup **ret)
{
        size_t i = c->n;
        Backup *copy;

        if (c->n >= CATALOGUE_MAX)
                return -ENOSPC;
        if (c->n == c->allocated) {
                size_t more = MAX(2 * c->allocated, (size_t)16);
                Backup **grown = reallocarray(c->backups, more, sizeof *grown);

                if (!grown)
                        return -ENOMEM;
                c->backups = grown;
                c->allocated = more;
        }
        copy = malloc(sizeof *copy);
        if (!copy)
                return -ENOMEM;
        *copy = *b;
        for (; i > 0 && comes_after(c->backups[i - 1], b); i--)
                c->backups[i] = c->backups[i - 1];
        c->backups[i] = copy;
        c->n++;
        *ret = copy;
        return 1;
}

int catalogue_put(Catalogue *c, const Message *m, Backup **ret)
{
        Backup b = { 0 }, *known;
        int r = read_backup(m, &b);

        if (r < 0)
                return r;
        known = catalogue_find(c, b.id);
        if (!known)
                return insert(c, &b, ret);
        /* the beginning of a backup never changes, so its place does not either */
        b.start = known->start;
        *known = b;
        *ret = known;
        return 0;
}

Backup *catalogue_find(const Catalogue *c, const char *id)
{
        for (size_t i = c->n; i-- > 0;)
                if (strcmp(c->backups[i]->id, id) == 0)
                        return c->backups[i];
        return NULL;
}

Backup *catalogue_take(Catalogue *c, const char *id)
{
        for (size_t i = 0; i < c->n; i++) {
                Backup *b = c->backups[i];

                if (strcmp(b->id, id) != 0)
                        continue;
                memmove(c->backups + i, c->backups + i + 1, (c->n - i - 1) * sizeof *c->backups);
                c->n--;
                return b;
        }
        return NULL;
}
