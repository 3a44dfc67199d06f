/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/commit.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <sys/stat.h>

#include "basic/fd.h"
#include "store/copy.h"
#include "store/index.h"
#include "store/sums.h"
#include "store/time-text.h"

enum { DEVICE_FILE_MAX = 64 * 1024 };

/* ---- filling ---- */

static int flush_at(int dir, const char *path, Failure *f)
{
        _cleanup_close_ int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

        if (fd < 0)
                return store_fail(f, -errno, "opening %s of the new backup", path);
        if (fsync(fd) < 0)
                return store_fail(f, -errno, "flushing %s of the new backup", path);
        return 0;
}

static int write_file(int dir, const char *path, const void *data, size_t size, Failure *f)
{
        _cleanup_close_ int fd = -1;
        int r;

        fd = openat(dir, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0400);
        r = fd < 0 ? -errno : fd_write_full(fd, data, size);
        if (r == 0 && fsync(fd) < 0)
                r = -errno;
        return r < 0 ? store_fail(f, r, "writing %s of the new backup", path) : 0;
}

static int copy_index(int from, int to, const char *name, Failure *f)
{
        _cleanup_close_ int in = openat(from, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        _cleanup_close_ int out = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);
        uint8_t buffer[16 * 1024];
        int r = 0;

        if (in < 0 || out < 0)
                return store_fail(f, -errno, "copying index %s", name);
        for (;;) {
                ssize_t n = read(in, buffer, sizeof buffer);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        r = -errno;
                if (n <= 0)
                        break;
                r = fd_write_full(out, buffer, (size_t)n);
                if (r < 0)
                        break;
        }
        return r < 0 ? store_fail(f, r, "copying index %s", name) : 0;
}

static int add_index(const Commit *c, int dir, const ManifestPart *part, Sums *sums, Failure *f)
{
        char path[PART_FILE_MAX + 16];
        int r = 0;

        snprintf(path, sizeof path, "index/%s.caibx", part->file);
        if (c->index >= 0) {
                _cleanup_close_ int index = dir_open_at(dir, "index");

                if (index < 0)
                        return store_fail(f, index, "opening the folder of the new backup");
                r = copy_index(c->index, index, path + strlen("index/"), f);
        }
        if (r == 0)
                r = flush_at(dir, path, f);
        if (r < 0)
                return r;
        r = sums_add(sums, path, part->index_sha256);
        return r < 0 ? store_fail(f, r, "listing %s", path) : 0;
}

/* The image comes from the stored chunks, so that writing it is the first time they are read. */
static int add_plain(const Commit *c, int dir, const ManifestPart *part, Sums *sums, Failure *f)
{
        _cleanup_(image_freep) Image *image = NULL;
        _cleanup_close_ int fd = -1;
        char path[PART_FILE_MAX + 16];
        CopyTarget to;
        int r;

        snprintf(path, sizeof path, "plain/%s.img", part->file);
        fd = openat(dir, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0400);
        if (fd < 0)
                return store_fail(f, -errno, "making %s of the new backup", path);
        to = (CopyTarget){ .fd = fd, .sparse = true, .what = path, .ours = true };
        r = image_open(c->store, dir, c->manifest->id, part, c->codec, CHUNK_CACHED, &image, f);
        if (r == 0)
                r = copy_image(image, &to, part->size, f);
        if (r < 0)
                return r;
        if (fsync(fd) < 0)
                return store_fail(f, -errno, "flushing %s of the new backup", path);
        r = sums_add(sums, path, part->sha256);
        return r < 0 ? store_fail(f, r, "listing %s", path) : 0;
}

static int add_text(
        int dir, const char *path, const char *text, size_t size, Sums *sums, Failure *f)
{
        uint8_t sha256[SHA256_SIZE];
        int r = write_file(dir, path, text, size, f);

        if (r < 0)
                return r;
        digest_of(DIGEST_SHA256, text, size, sha256);
        r = sums_add(sums, path, sha256);
        return r < 0 ? store_fail(f, r, "listing %s", path) : 0;
}

static int add_reports(const Commit *c, int dir, Sums *sums, Failure *f)
{
        int r = 0;

        if (c->n_reports == 0)
                return 0;
        if (mkdirat(dir, "report", 0700) < 0 && errno != EEXIST)
                return store_fail(f, -errno, "making a folder for the new backup");
        for (size_t i = 0; i < c->n_reports && r == 0; i++) {
                char path[64];

                snprintf(path, sizeof path, "report/%s", c->reports[i].name);
                r = add_text(dir, path, c->reports[i].text, strlen(c->reports[i].text), sums, f);
        }
        return r < 0 ? r : flush_at(dir, "report", f);
}

static int add_manifest(const Commit *c, int dir, Sums *sums, Failure *f)
{
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r = manifest_write(c->manifest, &text, &size);

        if (r < 0)
                return store_fail(f, r, "composing manifest.json");
        return add_text(dir, "manifest.json", text, size, sums, f);
}

static int add_sums(int dir, Sums *sums, Failure *f)
{
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r = sums_write(sums, &text, &size);

        if (r < 0)
                return store_fail(f, r, "composing SHA256SUMS");
        return write_file(dir, "SHA256SUMS", text, size, f);
}

static int make_folders(const Commit *c, Failure *f)
{
        static const char *const names[] = { "", "/index", "/plain" };

        for (size_t i = 0; i < ELEMENTS(names); i++) {
                char path[64];

                snprintf(path, sizeof path, "%s%s", c->folder, names[i]);
                if (mkdirat(c->session, path, 0700) < 0 && errno != EEXIST)
                        return store_fail(f, -errno, "making a folder for the new backup");
        }
        return 0;
}

int commit_prepare(const Commit *c, Failure *f)
{
        _cleanup_sums_ Sums sums = {};
        _cleanup_close_ int dir = -1;
        int r;

        r = make_folders(c, f);
        if (r < 0)
                return r;
        dir = dir_open_at(c->session, c->folder);
        if (dir < 0)
                return store_fail(f, dir, "opening the folder of the new backup");
        for (size_t i = 0; i < c->manifest->n_parts && r == 0; i++) {
                const ManifestPart *part = c->manifest->parts + i;

                if (!part_status_stored(part->status))
                        continue;
                r = add_index(c, dir, part, &sums, f);
                if (r == 0 && part->plain)
                        r = add_plain(c, dir, part, &sums, f);
        }
        if (r == 0)
                r = add_reports(c, dir, &sums, f);
        if (r == 0)
                r = add_manifest(c, dir, &sums, f);
        if (r == 0)
                r = add_sums(dir, &sums, f);
        if (r == 0)
                r = flush_at(dir, "index", f);
        if (r == 0)
                r = flush_at(dir, "plain", f);
        if (r == 0)
                r = flush_at(dir, ".", f);
        return r;
}

/* ---- publishing ---- */

/* A label for people, rewritten with every backup; nothing depends on it. */
static void write_device(const Commit *c, int device)
{
        _cleanup_free_ char *old = NULL;
        char first[TIME_TEXT_SIZE], last[TIME_TEXT_SIZE];
        json_t *root = NULL;
        const char *seen;
        char *text;
        size_t size;

        time_text_format(c->manifest->start, first);
        time_text_format(c->manifest->end, last);
        if (file_read_at(device, "device.json", DEVICE_FILE_MAX, &old, &size) == 0)
                root = json_loadb(old, size, 0, NULL);
        seen = json_string_value(json_object_get(root, "first_seen"));
        if (seen)
                snprintf(first, sizeof first, "%s", seen);
        json_decref(root);
        root = json_pack("{s:s, s:s, s:s, s:s}", "key", c->manifest->device.key, "label",
                c->manifest->device.chip, "first_seen", first, "last_seen", last);
        text = root ? json_dumps(root, JSON_INDENT(1) | JSON_SORT_KEYS) : NULL;
        if (text)
                (void)file_replace_at(device, "device.json", text, strlen(text), 0600);
        free(text);
        json_decref(root);
}

int commit_publish(const Commit *c, Failure *f)
{
        _cleanup_close_ int device = -1;

        device = dir_make_at(c->store->backups, c->manifest->device.key, 0700);
        if (device < 0)
                return store_fail(f, device, "making the folder of the phone");
        if (fsync(c->store->backups) < 0)
                return store_fail(f, -errno, "flushing the folder of the backups");
        write_device(c, device);
        if (renameat2(c->session, c->folder, device, c->manifest->id, RENAME_NOREPLACE) < 0)
                return store_fail(f, -errno, "renaming the new backup into place");
        if (fsync(device) < 0 || fsync(c->session) < 0)
                return store_fail(f, -errno, "flushing the folder of the new backup");
        return 0;
}
