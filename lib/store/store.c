/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/store.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdarg.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "basic/fd.h"
#include "store/chunk.h"
#include "store/names.h"
#include "store/time-text.h"

enum { STORE_FILE_MAX = 16 * 1024 };

/* ---- errors ---- */

static ErrorId error_of(int err)
{
        switch (err) {
        case -ENOSPC:
        case -EDQUOT: return ERROR_STORE_FULL;
        case -EBADMSG: return ERROR_STORE_DAMAGED;
        case -ENOMEM: return ERROR_FAILED;
        }
        return ERROR_STORE_FAILED;
}

static const char *hint_of(int err)
{
        switch (err) {
        case -ENOSPC:
        case -EDQUOT:
                return "Make room on the disk of the store, or delete backups that are not needed; "
                       "earlier backups are untouched.";
        case -EROFS: return "The file system of the store is read-only: mount it writable.";
        case -EACCES:
        case -EPERM:
                return "The service must own the store's folder and be allowed to write there "
                       "(ReadWritePaths= of its unit).";
        case -EIO: return "The disk of the store reports errors: check it before it is used again.";
        case -EBADMSG: return "Run \"mtkbackupctl verify\" on this backup.";
        }
        return "Check the disk of the store; earlier backups are untouched.";
}

static const char *reason_of(int err)
{
        switch (err) {
        case -ENOSPC: return "the disk is full";
        case -EDQUOT: return "the disk quota is used up";
        case -EBADMSG: return "it is damaged";
        }
        return strerrordesc_np(-err);
}

int store_fail(Failure *f, int err, const char *format, ...)
{
        char what[FAILURE_TEXT_MAX];
        const char *reason = reason_of(err);
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(what, sizeof what, format, arguments);
        va_end(arguments);
        what[0] = (char)toupper((unsigned char)what[0]);
        failure_set(
                f, err, error_of(err), "%s failed: %s.", what, reason ? reason : "unknown error");
        failure_hint(f, "%s", hint_of(err));
        return err;
}

/* ---- making ---- */

static const char *const folders[] = {
        "backups",
        "chunks.castr",
        "incoming",
        "quarantine",
        "trash",
};
static const char *const locks[] = { "lock", "writer.lock" };

/* Without its STORE file a folder with data in it is not a store to write to: somebody lost the
 * file or mounted the wrong disk. */
static int check_empty(int dir, const char *name, Failure *f)
{
        _cleanup_closedir_ DIR *d = NULL;
        struct dirent *entry;
        int fd = dir_open_at(dir, name);

        if (fd == -ENOENT)
                return 0;
        if (fd < 0)
                return store_fail(f, fd, "opening %s of the store", name);
        d = fdopendir(fd);
        if (!d) {
                fd_close(fd);
                return store_fail(f, -ENOMEM, "opening %s of the store", name);
        }
        while ((errno = 0, entry = readdir(d))) {
                if (entry->d_name[0] == '.')
                        continue;
                return failure_set(f, -EBADMSG, ERROR_STORE_DAMAGED,
                        "The store has %s, but its file STORE is missing.", name);
        }
        return errno > 0 ? store_fail(f, -errno, "reading %s of the store", name) : 0;
}

static int make_folders(int dir, Failure *f)
{
        for (size_t i = 0; i < ELEMENTS(folders); i++)
                if (mkdirat(dir, folders[i], 0700) < 0 && errno != EEXIST)
                        return store_fail(f, -errno, "making %s in the store", folders[i]);
        for (size_t i = 0; i < ELEMENTS(locks); i++) {
                _cleanup_close_ int fd =
                        openat(dir, locks[i], O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

                if (fd < 0)
                        return store_fail(f, -errno, "making %s in the store", locks[i]);
        }
        return 0;
}

int store_make(int dir, const char *uuid, int64_t now, Failure *f)
{
        char created[TIME_TEXT_SIZE], text[512];
        struct stat st;
        int r, n;

        if (fstatat(dir, "STORE", &st, AT_SYMLINK_NOFOLLOW) == 0)
                return 0;
        if (errno != ENOENT)
                return store_fail(f, -errno, "looking for the store");
        r = check_empty(dir, "backups", f);
        if (r == 0)
                r = check_empty(dir, "chunks.castr", f);
        if (r == 0)
                r = make_folders(dir, f);
        if (r < 0)
                return r;
        r = file_replace_at(dir, "README.txt", store_readme, strlen(store_readme), 0400);
        if (r < 0)
                return store_fail(f, r, "writing README.txt of the store");

        time_text_format(now, created);
        n = snprintf(text, sizeof text,
                "{\"format\":\"mtkbackup-store\",\"version\":%d,\"id\":\"%s\",\"chunk_size\":%d,"
                "\"digest\":\"sha256\",\"compression\":\"zstd\",\"created\":\"%s\"}\n",
                STORE_VERSION, uuid, CHUNK_SIZE, created);
        r = file_replace_at(dir, "STORE", text, (size_t)n, 0400);
        if (r < 0)
                return store_fail(f, r, "writing STORE of the store");
        return 0;
}

/* ---- opening ---- */

/* Every value that decides how chunks are read and written has to be one that we know. */
static int check_description(json_t *root, Store *s, Failure *f)
{
        static const struct {
                const char *key, *want;
        } texts[] = { { "format", "mtkbackup-store" }, { "digest", "sha256" },
                { "compression", "zstd" } };
        json_t *version = json_object_get(root, "version"), *id = json_object_get(root, "id");

        if (json_is_integer(version) && json_integer_value(version) != STORE_VERSION) {
                failure_set(f, -EOPNOTSUPP, ERROR_STORE_FAILED,
                        "The store has version %lld; this program knows only %d.",
                        json_integer_value(version), STORE_VERSION);
                failure_hint(f, "Use the newer program that made this store.");
                return -EOPNOTSUPP;
        }
        for (size_t i = 0; i < ELEMENTS(texts); i++) {
                const char *have = json_string_value(json_object_get(root, texts[i].key));

                if (!have || strcmp(have, texts[i].want) != 0)
                        return failure_set(f, -EBADMSG, ERROR_STORE_DAMAGED,
                                "The file STORE of the store says %s \"%.40s\" instead of \"%s\".",
                                texts[i].key, have ? have : "", texts[i].want);
        }
        if (!version || json_integer_value(json_object_get(root, "chunk_size")) != CHUNK_SIZE)
                return failure_set(f, -EBADMSG, ERROR_STORE_DAMAGED,
                        "The file STORE of the store has no version or another chunk size than %d.",
                        CHUNK_SIZE);
        if (!json_is_string(id) || !uuid_valid(json_string_value(id)))
                return failure_set(f, -EBADMSG, ERROR_STORE_DAMAGED,
                        "The file STORE of the store has no valid id.");
        strcpy(s->id, json_string_value(id));
        return 0;
}

static int read_description(int dir, Store *s, Failure *f)
{
        _cleanup_free_ char *text = NULL;
        json_error_t error;
        json_t *root;
        size_t size;
        int r;

        r = file_read_at(dir, "STORE", STORE_FILE_MAX, &text, &size);
        if (r == -ENOENT)
                return failure_set(f, r, ERROR_STORE_FAILED, "There is no store in the folder.");
        if (r < 0)
                return store_fail(f, r, "reading STORE of the store");
        root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
        if (!root)
                return failure_set(f, -EBADMSG, ERROR_STORE_DAMAGED,
                        "The file STORE of the store is no JSON: %s.", error.text);
        r = check_description(root, s, f);
        json_decref(root);
        return r;
}

static int take_lock(int dir, Store *s, Failure *f)
{
        int r;

        s->lock = openat(dir, "lock", O_RDWR | O_CLOEXEC | O_NOFOLLOW);
        if (s->lock < 0)
                return store_fail(f, -errno, "opening the lock of the store");
        do
                r = flock(s->lock, LOCK_SH | LOCK_NB);
        while (r < 0 && errno == EINTR);
        if (r < 0 && errno == EWOULDBLOCK)
                return failure_set(f, -EBUSY, ERROR_STORE_FAILED,
                        "The store is being cleaned up by another program.");
        return r < 0 ? store_fail(f, -errno, "locking the store") : 0;
}

int store_open(int dir, Store **ret, Failure *f)
{
        _cleanup_(store_freep) Store *s = malloc(sizeof *s);
        int r;

        if (!s)
                return store_fail(f, -ENOMEM, "opening the store");
        *s = (Store){ .dir = -1,
                .backups = -1,
                .chunks = -1,
                .incoming = -1,
                .quarantine = -1,
                .trash = -1,
                .lock = -1 };
        r = read_description(dir, s, f);
        if (r == 0)
                r = take_lock(dir, s, f);
        if (r < 0)
                return r;

        int *const fds[] = { &s->backups, &s->chunks, &s->incoming, &s->quarantine, &s->trash };

        for (size_t i = 0; i < ELEMENTS(folders); i++) {
                *fds[i] = dir_open_at(dir, folders[i]);
                if (*fds[i] < 0)
                        return store_fail(f, *fds[i], "opening %s of the store", folders[i]);
        }
        s->dir = fcntl(dir, F_DUPFD_CLOEXEC, 3);
        if (s->dir < 0)
                return store_fail(f, -errno, "opening the store");
        *ret = TAKE_PTR(s);
        return 0;
}

Store *store_free(Store *s)
{
        if (!s)
                return NULL;
        fd_close(s->dir);
        fd_close(s->backups);
        fd_close(s->chunks);
        fd_close(s->incoming);
        fd_close(s->quarantine);
        fd_close(s->trash);
        fd_close(s->lock);
        free(s);
        return NULL;
}

/* ---- the file system below ---- */

static int probe(const Store *s)
{
        static const char from[] = ".probe", to[] = ".probe.renamed";
        int r;

        r = tree_remove_at(s->incoming, to);
        if (r == 0)
                r = file_replace_at(s->incoming, from, "probe", 5, 0600);
        if (r == 0 && renameat2(s->incoming, from, s->incoming, to, RENAME_NOREPLACE) < 0)
                r = -errno;
        if (r == 0 && fsync(s->incoming) < 0)
                r = -errno;
        (void)unlinkat(s->incoming, from, 0);
        (void)unlinkat(s->incoming, to, 0);
        return r;
}

int store_probe(const Store *s, Failure *f)
{
        int r = probe(s);

        if (r == -EINVAL || r == -ENOSYS || r == -EOPNOTSUPP) {
                failure_set(f, r, ERROR_STORE_FAILED,
                        "The file system of the store cannot rename or flush as a backup needs "
                        "it.");
                failure_hint(f, "Keep the store on ext4, XFS or btrfs.");
                return r;
        }
        return r < 0 ? store_fail(f, r, "trying to write to the store") : 0;
}

int store_check_space(const Store *s, Failure *f)
{
        struct statvfs vfs;
        uint64_t left;

        if (fstatvfs(s->dir, &vfs) < 0)
                return store_fail(f, -errno, "asking for the free space of the store");
        left = (uint64_t)vfs.f_bavail * vfs.f_frsize;
        if (left >= STORE_RESERVE_MIB * MiB)
                return 0;
        failure_set(f, -ENOSPC, ERROR_STORE_FULL,
                "The disk of the store is full: %llu MiB are left, %d MiB have to stay free.",
                (unsigned long long)(left / MiB), STORE_RESERVE_MIB);
        failure_hint(f, "%s", hint_of(-ENOSPC));
        return -ENOSPC;
}
