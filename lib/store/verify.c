/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "basic/fd.h"
#include "basic/table.h"
#include "store/image.h"
#include "store/index.h"
#include "store/journal.h"
#include "store/sums.h"

static const char *const level_names[_VERIFY_LEVEL_MAX] = {
        [VERIFY_STRUCTURE] = "structure",
        [VERIFY_DATA] = "data",
};
DEFINE_TABLE(verify_level, VerifyLevel, level_names)

static void report(Verify *v, const Damage *d)
{
        v->n_damaged++;
        if (v->damage)
                v->damage(v->userdata, d);
}

static void report_chunk(Verify *v, const char *backup, const char *part, uint64_t offset,
        uint64_t size, const char *what)
{
        char text[PART_FILE_MAX + 128];

        snprintf(text, sizeof text, "The chunk of %s at offset 0x%" PRIx64 " %s.", part, offset,
                what);
        report(v,
                &(Damage){ .backup = backup,
                        .part = part,
                        .offset = offset,
                        .size = size,
                        .text = text });
}

static int advance(Verify *v, uint64_t bytes)
{
        return v->progress ? v->progress(v->userdata, bytes) : 0;
}

/* ---- files of the backup ---- */

/* "index/boot.caibx" and "plain/boot.img" belong to a part. */
static const ManifestPart *part_of_file(const Manifest *m, const char *path)
{
        char file[PART_FILE_MAX];
        const char *slash = strchr(path, '/'), *dot = strrchr(path, '.');

        if (!m || !slash || !dot || dot < slash || dot - slash - 1 >= (ptrdiff_t)sizeof file)
                return NULL;
        snprintf(file, sizeof file, "%.*s", (int)(dot - slash - 1), slash + 1);
        for (size_t i = 0; i < m->n_parts; i++)
                if (strcmp(m->parts[i].file, file) == 0)
                        return m->parts + i;
        return NULL;
}

static void report_file(Verify *v, const Backup *b, const char *path, const char *what)
{
        const ManifestPart *part = part_of_file(b->manifest, path);
        char text[SUMS_PATH_MAX + 80];

        snprintf(text, sizeof text, "The file %s %s.", path, what);
        report(v,
                &(Damage){ .backup = b->id,
                        .part = part ? part->file : NULL,
                        .size = part ? part->size : 0,
                        .text = text });
}

static int check_files(const Backup *b, const Sums *sums, Verify *v, Failure *f)
{
        for (size_t i = 0; i < sums->n; i++) {
                const Sum *sum = sums->files + i;
                uint8_t sha256[SHA256_SIZE];
                int r = sums_of_file(b->dir, sum->path, sha256);

                if (r == -ENOENT || r == -ELOOP)
                        report_file(v, b, sum->path, "is missing");
                else if (r == -EBADMSG || r == -EIO)
                        report_file(v, b, sum->path, "cannot be read");
                else if (r < 0)
                        return store_fail(f, r, "reading %s of backup %s", sum->path, b->id);
                else if (memcmp(sha256, sum->sha256, SHA256_SIZE) != 0)
                        report_file(v, b, sum->path, "differs from its checksum in SHA256SUMS");
                r = advance(v, 0);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* A file that the manifest speaks of has to be among those with a checksum. */
static void check_listed(const Backup *b, const Sums *sums, const char *path, Verify *v)
{
        if (!sums_find(sums, path))
                report_file(v, b, path, "is not listed in SHA256SUMS");
}

static int check_sums(const Backup *b, Verify *v, Failure *f)
{
        _cleanup_sums_ Sums sums = {};
        _cleanup_free_ char *text = NULL;
        char path[PART_FILE_MAX + 16];
        size_t size;
        int r;

        r = file_read_at(b->dir, "SHA256SUMS", SUMS_SIZE_MAX, &text, &size);
        if (r == 0)
                r = sums_parse(text, size, &sums);
        if (r == -ENOMEM)
                return store_fail(f, r, "reading SHA256SUMS of backup %s", b->id);
        if (r < 0) {
                report_file(v, b, "SHA256SUMS", "is damaged or missing");
                return 0;
        }
        for (size_t i = 0; b->manifest && i < b->manifest->n_parts; i++) {
                const ManifestPart *part = b->manifest->parts + i;

                if (!part_status_stored(part->status))
                        continue;
                snprintf(path, sizeof path, "index/%s.caibx", part->file);
                check_listed(b, &sums, path, v);
                snprintf(path, sizeof path, "plain/%s.img", part->file);
                if (part->plain)
                        check_listed(b, &sums, path, v);
        }
        return check_files(b, &sums, v, f);
}

/* ---- parts ---- */

static int check_part_data(const Store *s, const Backup *b, const ManifestPart *part,
        ChunkCodec *codec, Verify *v, Failure *f)
{
        _cleanup_(image_freep) Image *image = NULL;
        const uint8_t *data;
        Failure why = {};
        uint64_t offset;
        size_t size;
        int r;

        r = image_open(s, b->dir, b->id, part, codec, CHUNK_COLD, &image, &why);
        if (r == -EBADMSG) {
                report(v,
                        &(Damage){ .backup = b->id,
                                .part = part->file,
                                .size = part->size,
                                .text = why.text });
                return advance(v, part->size);
        }
        while (r >= 0 && (r = image_next(image, &data, &offset, &size, &why)) != 0) {
                if (r == -EBADMSG) {
                        report(v,
                                &(Damage){ .backup = b->id,
                                        .part = part->file,
                                        .offset = offset,
                                        .size = size,
                                        .text = why.text });
                        why = (Failure){};
                        r = 0;
                }
                if (r >= 0)
                        r = advance(v, size);
                if (r < 0)
                        break;
        }
        if (r >= 0)
                r = image_finish(image, &why);
        if (r == -EBADMSG) {
                report(v,
                        &(Damage){ .backup = b->id,
                                .part = part->file,
                                .size = part->size,
                                .text = why.text });
                r = 0;
        }
        if (r < 0 && f && !failure_is_set(f))
                *f = why;
        return r;
}

static int check_part_structure(
        const Store *s, const Backup *b, const ManifestPart *part, Verify *v, Failure *f)
{
        _cleanup_(index_reader_freep) IndexReader *index = NULL;
        _cleanup_close_ int fd = -1;
        uint8_t sum[SHA256_SIZE];
        char path[PART_FILE_MAX + 16];
        uint64_t offset, stored;
        ChunkHash hash;
        size_t size;
        int r;

        snprintf(path, sizeof path, "index/%s.caibx", part->file);
        fd = openat(b->dir, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
        r = fd < 0 ? -errno : index_open(fd, part->size, &index, sum);
        if (r == -ENOMEM)
                return store_fail(f, r, "reading %s of backup %s", path, b->id);
        if (r < 0 || memcmp(sum, part->index_sha256, SHA256_SIZE) != 0) {
                report_file(v, b, path, "is damaged or missing");
                return advance(v, part->size);
        }
        while ((r = index_next(index, &hash, &offset, &size)) > 0) {
                r = chunk_stat(s->chunks, &hash, &stored);
                if (r == -ENOENT || r == -EBADMSG)
                        report_chunk(v, b->id, part->file, offset, size,
                                r == -ENOENT ? "is missing" : "is empty or no file");
                else if (r < 0)
                        break;
                r = advance(v, size);
                if (r < 0)
                        return r;
        }
        return r < 0
                ? store_fail(f, r, "looking at the chunks of %s of backup %s", part->name, b->id)
                : 0;
}

uint64_t verify_size(const Manifest *m)
{
        ManifestTotals t;

        manifest_totals(m, &t);
        return t.size;
}

int verify_backup(const Store *s, Backup *b, VerifyLevel level, Verify *v, Failure *f)
{
        _cleanup_(chunk_codec_freep) ChunkCodec *codec = NULL;
        Failure why = {};
        int r;

        r = chunk_codec_new(0, &codec);
        if (r < 0)
                return store_fail(f, r, "verifying backup %s", b->id);
        r = b->manifest ? 0 : backup_read(b, s, &why);
        if (r == -EBADMSG)
                report(v, &(Damage){ .backup = b->id, .text = why.text });
        else if (r < 0) {
                if (f && !failure_is_set(f))
                        *f = why;
                return r;
        }
        r = check_sums(b, v, f);
        for (size_t i = 0; r == 0 && b->manifest && i < b->manifest->n_parts; i++) {
                const ManifestPart *part = b->manifest->parts + i;

                if (!part_status_stored(part->status))
                        continue;
                r = level == VERIFY_DATA ? check_part_data(s, b, part, codec, v, f)
                                         : check_part_structure(s, b, part, v, f);
        }
        return r;
}

/* ---- what a session stored ---- */

int verify_journal(
        const Store *s, const char *backup, int journal, uint64_t size, Verify *v, Failure *f)
{
        _cleanup_(chunk_codec_freep) ChunkCodec *codec = NULL;
        _cleanup_(journal_reader_freep) JournalReader *reader = NULL;
        const uint8_t *data;
        JournalEntry e;
        size_t n;
        int r;

        r = chunk_codec_new(0, &codec);
        if (r == 0)
                r = journal_open(journal, &reader);
        if (r < 0)
                return store_fail(f, r, "reading back the new chunks");
        while ((r = journal_next(reader, &e)) > 0) {
                if (e.type != 'C' || (e.kind != CHUNK_NEW && e.kind != CHUNK_HEALED))
                        continue;
                r = chunk_load(codec, s->chunks, &e.hash, CHUNK_COLD, &data, &n);
                if (r == 0 && n != e.length)
                        r = -EBADMSG;
                if (r == -ENOENT || chunk_damaged(r))
                        report_chunk(v, backup, e.part, e.chunk * CHUNK_SIZE, e.length,
                                "was just stored and cannot be read back from the disk");
                else if (r < 0)
                        break;
                r = advance(v, e.length);
                if (r < 0)
                        return r;
        }
        if (r < 0)
                return store_fail(f, r, "reading back the new chunks");
        if (journal_valid(reader) < size)
                report(v,
                        &(Damage){ .backup = backup,
                                .text = "The journal of the session is damaged, so that not all "
                                        "that was stored could be read back." });
        return 0;
}
