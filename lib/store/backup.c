/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "basic/fd.h"
#include "store/sums.h"

Backup *backup_free(Backup *b)
{
        if (!b)
                return NULL;
        fd_close(b->device);
        fd_close(b->dir);
        manifest_free(b->manifest);
        free(b);
        return NULL;
}

static int no_such_backup(const char *id, Failure *f)
{
        failure_set(f, -ENOENT, ERROR_NO_SUCH_BACKUP, "There is no backup \"%.60s\".", id);
        failure_hint(f, "\"mtkbackupctl backups\" lists what there is.");
        return -ENOENT;
}

int backup_open_at(const Store *s, const char *key, const char *id, Backup **ret, Failure *f)
{
        _cleanup_(backup_freep) Backup *b = NULL;

        if (!device_key_valid(key) || !backup_id_valid(id))
                return no_such_backup(id, f);
        b = calloc(1, sizeof *b);
        if (!b)
                return store_fail(f, -ENOMEM, "opening backup %s", id);
        strcpy(b->key, key);
        strcpy(b->id, id);
        b->dir = -1;
        b->device = dir_open_at(s->backups, key);
        if (b->device >= 0)
                b->dir = dir_open_at(b->device, id);
        if (b->dir < 0) {
                int r = b->device < 0 ? b->device : b->dir;

                return r == -ENOENT ? no_such_backup(id, f)
                                    : store_fail(f, r, "opening backup %s", id);
        }
        *ret = TAKE_PTR(b);
        return 0;
}

int backup_open(const Store *s, const char *id, Backup **ret, Failure *f)
{
        _cleanup_closedir_ DIR *d = NULL;
        struct dirent *entry;
        int fd;

        if (!backup_id_valid(id))
                return no_such_backup(id, f);
        fd = openat(s->backups, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        d = fd < 0 ? NULL : fdopendir(fd);
        if (!d) {
                fd_close(fd);
                return store_fail(f, -errno, "listing the backups");
        }
        while ((errno = 0, entry = readdir(d))) {
                char path[NAME_MAX + 1 + BACKUP_ID_SIZE];
                struct stat st;

                if (!device_key_valid(entry->d_name))
                        continue;
                snprintf(path, sizeof path, "%s/%s", entry->d_name, id);
                if (fstatat(s->backups, path, &st, AT_SYMLINK_NOFOLLOW) == 0)
                        return backup_open_at(s, entry->d_name, id, ret, f);
        }
        return errno > 0 ? store_fail(f, -errno, "listing the backups") : no_such_backup(id, f);
}

/* ---- manifest ---- */

static int damaged(const Backup *b, Failure *f, const char *what)
{
        failure_set(f, -EBADMSG, ERROR_STORE_DAMAGED, "Backup %s is damaged: %s.", b->id, what);
        return -EBADMSG;
}

/* A manifest that cannot be compared with its checksum is as good as one that differs from it. */
static int check_sum(const Backup *b, const char *text, size_t size, Failure *f)
{
        _cleanup_sums_ Sums sums = {};
        _cleanup_free_ char *list = NULL;
        uint8_t sha256[SHA256_SIZE];
        size_t list_size;
        const Sum *sum;
        int r;

        r = file_read_at(b->dir, "SHA256SUMS", SUMS_SIZE_MAX, &list, &list_size);
        if (r == -ENOENT || r == -EFBIG || r == -EINVAL)
                return damaged(b, f, "SHA256SUMS is missing or no file");
        if (r < 0)
                return store_fail(f, r, "reading SHA256SUMS of backup %s", b->id);
        r = sums_parse(list, list_size, &sums);
        if (r == -EBADMSG)
                return damaged(b, f, "SHA256SUMS has a line that is no checksum");
        if (r < 0)
                return store_fail(f, r, "reading SHA256SUMS of backup %s", b->id);
        sum = sums_find(&sums, "manifest.json");
        digest_of(DIGEST_SHA256, text, size, sha256);
        if (!sum || memcmp(sum->sha256, sha256, SHA256_SIZE) != 0)
                return damaged(b, f, "manifest.json differs from its checksum in SHA256SUMS");
        return 0;
}

int backup_read(Backup *b, const Store *s, Failure *f)
{
        _cleanup_(manifest_freep) Manifest *m = NULL;
        _cleanup_free_ char *text = NULL;
        char why[MANIFEST_TEXT_MAX], what[MANIFEST_TEXT_MAX + 32];
        size_t size;
        int r;

        r = file_read_at(b->dir, "manifest.json", MANIFEST_SIZE_MAX, &text, &size);
        if (r == -ENOENT || r == -EFBIG || r == -EINVAL)
                return damaged(b, f, "manifest.json is missing or no file");
        if (r < 0)
                return store_fail(f, r, "reading manifest.json of backup %s", b->id);
        r = manifest_parse(text, size, &m, why);
        if (r == -EBADMSG) {
                snprintf(what, sizeof what, "manifest.json: %s", why);
                return damaged(b, f, what);
        }
        if (r < 0)
                return store_fail(f, r, "reading manifest.json of backup %s", b->id);
        if (strcmp(m->id, b->id) != 0 || strcmp(m->device.key, b->key) != 0)
                return damaged(b, f, "its folder and its manifest.json name different backups");
        if (strcmp(m->store_id, s->id) != 0)
                return damaged(b, f, "manifest.json names another store");
        r = check_sum(b, text, size, f);
        if (r < 0)
                return r;
        manifest_free(b->manifest);
        b->manifest = TAKE_PTR(m);
        return 0;
}

/* ---- trash ---- */

int backup_trash(Backup *b, const Store *s, int64_t now, bool *ret_moved, Failure *f)
{
        char name[TRASH_NAME_SIZE], state[BACKUP_ID_SIZE + 11],
                trashed[TRASH_NAME_SIZE + sizeof ".state.json"];
        int r;

        *ret_moved = false;
        r = trash_name_make(now, b->key, b->id, name);
        if (r == 0 && renameat2(b->device, b->id, s->trash, name, RENAME_NOREPLACE) < 0)
                r = -errno;
        if (r < 0)
                return store_fail(f, r, "moving backup %s to the trash", b->id);
        *ret_moved = true;
        /* its state goes along; it may be missing */
        state_file(b->id, state);
        snprintf(trashed, sizeof trashed, "%s.state.json", name);
        (void)renameat(b->device, state, s->trash, trashed);
        if (fsync(s->trash) < 0 || fsync(b->device) < 0)
                return store_fail(f, -errno, "moving backup %s to the trash", b->id);
        return 0;
}
