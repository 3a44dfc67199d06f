/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The walk over the backups of a store. There is no index of them: reading ten thousand manifests
 * takes two seconds, and a second truth could disagree with the first. */

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "basic/fd.h"
#include "store/backup.h"

enum { CATALOG_MAX = 1000000 };

void catalog_done(Catalog *c)
{
        free(c->names);
        *c = (Catalog){};
}

static DIR *open_listing(int dir, const char *name)
{
        int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        DIR *d = fd < 0 ? NULL : fdopendir(fd);

        if (!d)
                fd_close(fd);
        return d;
}

/* Both are valid and so fit. */
static int add(Catalog *c, const char *key, const char *id)
{
        if (c->n == c->size) {
                size_t size = MAX(2 * c->size, (size_t)64);
                BackupName *bigger;

                if (c->n >= CATALOG_MAX)
                        return -E2BIG;
                bigger = realloc(c->names, size * sizeof *bigger);
                if (!bigger)
                        return -ENOMEM;
                c->names = bigger;
                c->size = size;
        }
        strcpy(c->names[c->n].key, key);
        strcpy(c->names[c->n].id, id);
        c->n++;
        return 0;
}

static int list_device(const Store *s, const char *key, Catalog *c)
{
        _cleanup_closedir_ DIR *d = open_listing(s->backups, key);
        struct dirent *entry;

        if (!d)
                return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
        while ((errno = 0, entry = readdir(d))) {
                int r = backup_id_valid(entry->d_name) ? add(c, key, entry->d_name) : 0;

                if (r < 0)
                        return r;
        }
        return -errno;
}

static int list_all(const Store *s, Catalog *c)
{
        _cleanup_closedir_ DIR *d = open_listing(s->backups, ".");
        struct dirent *entry;

        if (!d)
                return -errno;
        while ((errno = 0, entry = readdir(d))) {
                int r = device_key_valid(entry->d_name) ? list_device(s, entry->d_name, c) : 0;

                if (r < 0)
                        return r;
        }
        return -errno;
}

static int compare(const void *a, const void *b)
{
        const BackupName *x = a, *y = b;
        int r = strcmp(x->id, y->id);

        return r != 0 ? r : strcmp(x->key, y->key);
}

int catalog_read(const Store *s, const char *key, Catalog *ret, Failure *f)
{
        _cleanup_(catalog_done) Catalog c = {};
        int r = key ? list_device(s, key, &c) : list_all(s, &c);

        if (r < 0)
                return store_fail(f, r, "listing the backups");
        if (c.n > 1)
                qsort(c.names, c.n, sizeof *c.names, compare);
        *ret = c;
        c = (Catalog){};
        return 0;
}

/* ---- one device ---- */

static uint64_t sequence_at(int dir, const char *name)
{
        _cleanup_(manifest_freep) Manifest *m = NULL;
        _cleanup_free_ char *text = NULL;
        char path[TRASH_NAME_SIZE + sizeof "/manifest.json"], why[MANIFEST_TEXT_MAX];
        size_t size;

        snprintf(path, sizeof path, "%s/manifest.json", name);
        if (file_read_at(dir, path, MANIFEST_SIZE_MAX, &text, &size) < 0 ||
                manifest_parse(text, size, &m, why) < 0)
                return 0;
        return m->seq;
}

static int trash_sequence(const Store *s, const char *key, uint64_t *max)
{
        _cleanup_closedir_ DIR *d = open_listing(s->trash, ".");
        char trashed_key[DEVICE_KEY_SIZE], id[BACKUP_ID_SIZE];
        struct dirent *entry;
        int64_t seconds;

        if (!d)
                return -errno;
        while ((errno = 0, entry = readdir(d)))
                if (trash_name_parse(entry->d_name, &seconds, trashed_key, id) == 0 &&
                        strcmp(trashed_key, key) == 0)
                        *max = MAX(*max, sequence_at(s->trash, entry->d_name));
        return -errno;
}

int catalog_sequence(const Store *s, const char *key, uint64_t *ret, Failure *f)
{
        _cleanup_(catalog_done) Catalog c = {};
        uint64_t max = 0;
        int r;

        r = catalog_read(s, key, &c, f);
        if (r < 0)
                return r;
        for (size_t i = 0; i < c.n; i++) {
                char path[DEVICE_KEY_SIZE + BACKUP_ID_SIZE];

                snprintf(path, sizeof path, "%s/%s", c.names[i].key, c.names[i].id);
                max = MAX(max, sequence_at(s->backups, path));
        }
        r = trash_sequence(s, key, &max);
        if (r < 0)
                return store_fail(f, r, "listing the trash");
        *ret = max;
        return 0;
}

static bool comparable(const Manifest *m, BackupKind kind)
{
        return m->kind == kind || m->kind == BACKUP_FULL;
}

static bool better(const Manifest *a, const Manifest *b, BackupKind kind)
{
        if ((a->kind == kind) != (b->kind == kind))
                return a->kind == kind;
        return a->seq > b->seq;
}

int catalog_parent(const Store *s, const char *key, BackupKind kind, Backup **ret, Failure *f)
{
        _cleanup_(backup_freep) Backup *best = NULL;
        _cleanup_(catalog_done) Catalog c = {};
        int r;

        r = catalog_read(s, key, &c, f);
        if (r < 0)
                return r;
        for (size_t i = 0; i < c.n; i++) {
                _cleanup_(backup_freep) Backup *b = NULL;

                /* a damaged one is nothing to compare with, and not this backup's problem */
                if (backup_open_at(s, key, c.names[i].id, &b, NULL) < 0 ||
                        backup_read(b, s, NULL) < 0 || !comparable(b->manifest, kind) ||
                        (best && !better(b->manifest, best->manifest, kind)))
                        continue;
                backup_free(best);
                best = TAKE_PTR(b);
        }
        *ret = TAKE_PTR(best);
        return 0;
}
