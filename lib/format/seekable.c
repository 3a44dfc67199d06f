/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "format/seekable.h"

#include <errno.h>
#include <zstd.h>

#include "basic/bytes.h"

#define SKIPPABLE_MAGIC UINT32_C(0x184D2A5E)
#define SEEKABLE_MAGIC UINT32_C(0x8F92EAB1)

enum {
        HEADER = 8, /* of the skippable frame */
        ENTRY = 8,  /* two lengths; checksums, which a table may have, are skipped */
        ENTRY_WITH_SUM = 12,
        FOOTER = 9,
        FLAG_SUMS = 0x80,
        FLAGS_RESERVED = 0x7C,
        FRAME_MAX = SEEKABLE_FRAME_CONTENT + 64 * 1024,
};

typedef struct Lengths {
        uint32_t frame, content;
} Lengths;

struct SeekableTable {
        Lengths *entries;
        size_t n, allocated;
};

SeekableTable *seekable_table_new(void)
{
        return calloc(1, sizeof(SeekableTable));
}

SeekableTable *seekable_table_free(SeekableTable *t)
{
        if (!t)
                return NULL;
        free(t->entries);
        free(t);
        return NULL;
}

int seekable_table_add(SeekableTable *t, size_t frame_size, size_t content_size)
{
        if (t->n == SEEKABLE_FRAMES_MAX || frame_size > UINT32_MAX || content_size > UINT32_MAX)
                return -E2BIG;
        if (t->n == t->allocated) {
                size_t want = MAX(2 * t->allocated, 1024U);
                Lengths *bigger = reallocarray(t->entries, want, sizeof(*bigger));

                if (!bigger)
                        return -ENOMEM;
                t->entries = bigger;
                t->allocated = want;
        }
        t->entries[t->n++] = (Lengths){ (uint32_t)frame_size, (uint32_t)content_size };
        return 0;
}

int seekable_table_write(const SeekableTable *t, Sink *out)
{
        uint8_t raw[MAX(MAX(HEADER, ENTRY), FOOTER)];
        int r;

        put_le32(raw, SKIPPABLE_MAGIC);
        put_le32(raw + 4, (uint32_t)(t->n * ENTRY + FOOTER));
        r = sink_write(out, raw, HEADER);
        for (size_t i = 0; i < t->n && r == 0; i++) {
                put_le32(raw, t->entries[i].frame);
                put_le32(raw + 4, t->entries[i].content);
                r = sink_write(out, raw, ENTRY);
        }
        if (r < 0)
                return r;
        put_le32(raw, (uint32_t)t->n);
        raw[4] = 0;
        put_le32(raw + 5, SEEKABLE_MAGIC);
        return sink_write(out, raw, FOOTER);
}

/* where a frame is, and its content */
typedef struct Place {
        uint64_t file, content; /* offsets */
} Place;

struct SeekableSource {
        Source source;
        Source *file;
        ZSTD_DCtx *context;
        Place *places; /* n + 1: the last one is the end */
        size_t n;
        size_t loaded; /* the frame whose content is in `content`; n: none */
        uint8_t frame[FRAME_MAX];
        uint8_t content[SEEKABLE_FRAME_CONTENT];
};

static size_t find_frame(const SeekableSource *s, uint64_t offset)
{
        size_t low = 0, high = s->n;

        while (high - low > 1) {
                size_t middle = (low + high) / 2;

                if (s->places[middle].content <= offset)
                        low = middle;
                else
                        high = middle;
        }
        return low;
}

static int load_frame(SeekableSource *s, size_t i)
{
        const Place *p = &s->places[i];
        size_t frame = (size_t)(p[1].file - p->file), content = (size_t)(p[1].content - p->content);
        int r;

        if (s->loaded == i)
                return 0;
        s->loaded = s->n;
        r = source_read(s->file, s->frame, frame, p->file);
        if (r < 0)
                return r;
        if (ZSTD_decompressDCtx(s->context, s->content, sizeof(s->content), s->frame, frame) !=
                content)
                return -EBADMSG;
        s->loaded = i;
        return 0;
}

static int seekable_read(Source *source, void *data, size_t size, uint64_t offset)
{
        SeekableSource *s = (SeekableSource *)source;
        uint8_t *out = data;

        while (size > 0) {
                size_t i = find_frame(s, offset), n;
                int r = load_frame(s, i);

                if (r < 0)
                        return r;
                n = (size_t)MIN(s->places[i + 1].content - offset, size);
                memcpy(out, s->content + (offset - s->places[i].content), n);
                out += n;
                offset += n;
                size -= n;
        }
        return 0;
}

static const SourceOps seekable_ops = { .read = seekable_read };

/* Checks the footer; the length of an entry and where the table begins. */
static int read_footer(Source *file, size_t *ret_n, size_t *ret_entry, uint64_t *ret_table)
{
        uint8_t raw[FOOTER], header[HEADER];
        uint64_t length;
        int r;

        if (file->size < HEADER + FOOTER)
                return -ENOENT;
        r = source_read(file, raw, sizeof(raw), file->size - FOOTER);
        if (r < 0)
                return r;
        if (get_le32(raw + 5) != SEEKABLE_MAGIC)
                return -ENOENT;
        *ret_n = get_le32(raw);
        *ret_entry = raw[4] & FLAG_SUMS ? ENTRY_WITH_SUM : ENTRY;
        length = (uint64_t)*ret_n * *ret_entry + FOOTER;
        if ((raw[4] & FLAGS_RESERVED) || *ret_n > SEEKABLE_FRAMES_MAX ||
                length + HEADER > file->size)
                return -EBADMSG;
        *ret_table = file->size - length;
        r = source_read(file, header, sizeof(header), *ret_table - HEADER);
        if (r < 0)
                return r;
        return get_le32(header) == SKIPPABLE_MAGIC && get_le32(header + 4) == length ? 0 : -EBADMSG;
}

static int read_places(SeekableSource *s, size_t entry, uint64_t table)
{
        uint8_t raw[ENTRY_WITH_SUM];
        Place at = { 0 };
        int r;

        for (size_t i = 0; i < s->n; i++) {
                r = source_read(s->file, raw, entry, table + i * entry);
                if (r < 0)
                        return r;
                s->places[i] = at;
                if (get_le32(raw) > FRAME_MAX || get_le32(raw + 4) > SEEKABLE_FRAME_CONTENT)
                        return -EFBIG;
                /* an empty frame would never be left again */
                if (get_le32(raw + 4) == 0)
                        return -EBADMSG;
                at.file += get_le32(raw);
                at.content += get_le32(raw + 4);
        }
        s->places[s->n] = at;
        return at.file == table - HEADER ? 0 : -EBADMSG;
}

int seekable_source_new(Source *file, SeekableSource **ret)
{
        _cleanup_(seekable_source_freep) SeekableSource *s = NULL;
        uint64_t table;
        size_t n, entry;
        int r;

        r = read_footer(file, &n, &entry, &table);
        if (r < 0)
                return r;
        s = calloc(1, sizeof(*s));
        if (!s)
                return -ENOMEM;
        s->places = calloc(n + 1, sizeof(*s->places));
        s->context = ZSTD_createDCtx();
        if (!s->places || !s->context)
                return -ENOMEM;
        s->file = file;
        s->n = s->loaded = n;
        r = read_places(s, entry, table);
        if (r < 0)
                return r;
        s->source = (Source){ .ops = &seekable_ops, .size = s->places[n].content };
        *ret = TAKE_PTR(s);
        return 0;
}

SeekableSource *seekable_source_free(SeekableSource *s)
{
        if (!s)
                return NULL;
        ZSTD_freeDCtx(s->context);
        free(s->places);
        free(s);
        return NULL;
}

Source *seekable_source(SeekableSource *s)
{
        return &s->source;
}
