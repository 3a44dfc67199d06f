/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Forms of one partition for other programs: Android sparse, seekable zstd, a ddrescue map. As with
 * the plain form every chunk and the whole image are checked on the way. */

#include "daemon/keeper/export.h"

#include <errno.h>
#include <string.h>

#include "format/rescue-map.h"
#include "format/seekable.h"
#include "format/sparse-writer.h"

/* what a form does with the pieces of an image, in order */
typedef int (*PieceFunction)(void *userdata, const uint8_t *data, size_t size);

/* The target of an export as a sink. */
typedef struct TargetSink {
        Sink sink;
        const CopyTarget *target;
        Failure *failure;
} TargetSink;

static int target_write(Sink *s, const void *data, size_t size)
{
        TargetSink *t = (TargetSink *)s;
        CopyTarget at = *t->target;

        at.base += s->position;
        return copy_bytes(&at, data, size, t->failure);
}

static TargetSink target_sink(Export *e)
{
        return (TargetSink){
                .sink = { .write = target_write },
                .target = &e->target,
                .failure = &e->operation->failure,
        };
}

static int feed(Export *e, const ManifestPart *part, PieceFunction piece, void *userdata)
{
        _cleanup_(image_freep) Image *image = NULL;
        Failure *f = &e->operation->failure;
        const uint8_t *data;
        uint64_t offset;
        size_t n;
        int r;

        r = export_open(e, part, &image);
        if (r < 0)
                return r;
        while ((r = image_next(image, &data, &offset, &n, f)) > 0) {
                r = piece(userdata, data, n);
                if (r < 0)
                        return failure_is_set(f) ? r : store_fail(f, r, "exporting %s", part->file);
                r = export_advance(e, n);
                if (r < 0)
                        return r;
        }
        return r < 0 ? r : image_finish(image, f);
}

static int sparse_piece(void *userdata, const uint8_t *data, size_t size)
{
        return sparse_writer_add(userdata, data, size);
}

/* One pass through the image; out NULL only counts. */
static int sparse_pass(Export *e, const ManifestPart *part, Sink *out, uint32_t *chunks)
{
        _cleanup_(sparse_writer_freep) SparseWriter *w = NULL;
        const SparseOptions options = { .crc = true, .chunks = *chunks };
        Failure *f = &e->operation->failure;
        int r;

        r = sparse_writer_new(out, part->size, &options, &w);
        if (r == -EFBIG)
                return failure_set(f, r, ERROR_INVALID_OPTION, "%s is too long for a sparse image.",
                        part->file);
        if (r == 0)
                r = feed(e, part, sparse_piece, w);
        if (r == 0)
                r = sparse_writer_finish(w, chunks);
        return r < 0 && !failure_is_set(f) ? store_fail(f, r, "exporting %s", part->file) : r;
}

/* The number of chunks stands in front: a file is patched at the end, for anything else the image
 * is gone through twice. */
int export_simg(Export *e, const char *name)
{
        const ManifestPart *part = export_find(e, name);
        TargetSink out = target_sink(e);
        uint8_t header[SPARSE_HEADER_SIZE];
        uint32_t chunks = 0;
        int r;

        if (!part)
                return -ENOENT;
        e->total = e->target.sparse ? part->size : 2 * part->size;
        r = e->target.sparse ? 0 : sparse_pass(e, part, NULL, &chunks);
        if (r == 0)
                r = sparse_pass(e, part, &out.sink, &chunks);
        if (r < 0 || !e->target.sparse)
                return r;
        sparse_make_header(part->size, SPARSE_BLOCK_DEFAULT, chunks, header);
        return copy_bytes(&e->target, header, sizeof(header), &e->operation->failure);
}

/* state of a zstd export */
typedef struct Compression {
        ChunkCodec *codec; /* another one than the image's, whose bytes are being read */
        SeekableTable *table;
        Sink *out;
} Compression;

static int compress_piece(void *userdata, const uint8_t *data, size_t size)
{
        Compression *c = userdata;
        const uint8_t *frame;
        size_t n;
        int r;

        r = chunk_encode(c->codec, data, size, &frame, &n);
        if (r == 0)
                r = seekable_table_add(c->table, n, size);
        return r < 0 ? r : sink_write(c->out, frame, n);
}

int export_zst(Export *e, const char *name)
{
        _cleanup_(seekable_table_freep) SeekableTable *table = seekable_table_new();
        _cleanup_(chunk_codec_freep) ChunkCodec *codec = NULL;
        const ManifestPart *part = export_find(e, name);
        Failure *f = &e->operation->failure;
        TargetSink out = target_sink(e);
        Compression c = { .table = table, .out = &out.sink };
        int r;

        if (!part)
                return -ENOENT;
        r = table ? chunk_codec_new(CHUNK_LEVEL, &codec) : -ENOMEM;
        if (r < 0)
                return store_fail(f, r, "exporting %s", part->file);
        c.codec = codec;
        e->total = part->size;
        r = feed(e, part, compress_piece, &c);
        if (r == 0)
                r = seekable_table_write(table, &out.sink);
        return r;
}

/* Also of a part that could not be read at all: that is what such a map is for. */
int export_map(Export *e, const char *name)
{
        const ManifestPart *part = export_find(e, name);
        _cleanup_free_ RescueRange *ranges = NULL;
        _cleanup_free_ char *text = NULL;
        size_t n;

        if (!part)
                return -ENOENT;
        n = part->n_bad;
        ranges = calloc(n + 1, sizeof(*ranges));
        if (!ranges)
                return store_fail(&e->operation->failure, -ENOMEM, "exporting %s", part->file);
        for (size_t i = 0; i < n; i++)
                ranges[i] = (RescueRange){ part->bad[i].offset, part->bad[i].size, RESCUE_BAD };
        if (!part_status_stored(part->status))
                ranges[n++] = (RescueRange){ 0, part->size,
                        part->status == PART_SKIPPED ? RESCUE_NOT_TRIED : RESCUE_BAD };
        if (rescue_map_write(part->size, ranges, n, part->file, &text) < 0)
                return store_fail(&e->operation->failure, -ENOMEM, "exporting %s", part->file);
        e->errors |= part->status != PART_OK;
        e->total = strlen(text);
        return copy_bytes(&e->target, text, strlen(text), &e->operation->failure);
}
