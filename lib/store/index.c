/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/index.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "basic/bytes.h"
#include "basic/fd.h"

#define MAGIC_INDEX UINT64_C(0x96824d9c7b129ff9)
#define MAGIC_TABLE UINT64_C(0xe75b9e112f17417d)
#define MAGIC_TAIL UINT64_C(0x4b4f050e5549ecd1)

enum { BATCH = 100 }; /* entries read or written at once */

uint64_t index_chunks(uint64_t part_size)
{
        return part_size / CHUNK_SIZE + (part_size % CHUNK_SIZE > 0);
}

size_t index_chunk_length(uint64_t part_size, uint64_t i)
{
        return (size_t)MIN(part_size - i * CHUNK_SIZE, (uint64_t)CHUNK_SIZE);
}

uint64_t index_file_size(uint64_t part_size)
{
        return INDEX_HEAD_SIZE + index_chunks(part_size) * INDEX_ENTRY_SIZE + INDEX_TAIL_SIZE;
}

static void make_head(uint8_t head[INDEX_HEAD_SIZE])
{
        put_le64(head, 48);
        put_le64(head + 8, MAGIC_INDEX);
        put_le64(head + 16, 0); /* flags: SHA-256 */
        put_le64(head + 24, CHUNK_SIZE);
        put_le64(head + 32, CHUNK_SIZE);
        put_le64(head + 40, CHUNK_SIZE);
        put_le64(head + 48, UINT64_MAX);
        put_le64(head + 56, MAGIC_TABLE);
}

static void make_tail(uint64_t n, uint8_t tail[INDEX_TAIL_SIZE])
{
        put_le64(tail, 0);
        put_le64(tail + 8, 0);
        put_le64(tail + 16, 48);
        put_le64(tail + 24, n * INDEX_ENTRY_SIZE + 56);
        put_le64(tail + 32, MAGIC_TAIL);
}

/* ---- writing ---- */

struct IndexWriter {
        int fd;
        Digest *sum;
        uint64_t n, end;
        bool closed; /* a short chunk was added, nothing may follow */
        size_t used;
        uint8_t buffer[BATCH * INDEX_ENTRY_SIZE];
};

int index_create_at(int dir, const char *name, IndexWriter **ret)
{
        _cleanup_(index_writer_freep) IndexWriter *w = calloc(1, sizeof *w);
        int r;

        if (!w)
                return -ENOMEM;
        w->fd = -1;
        r = digest_new(DIGEST_SHA256, &w->sum);
        if (r < 0)
                return r;
        w->fd = openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0400);
        if (w->fd < 0)
                return -errno;
        make_head(w->buffer);
        w->used = INDEX_HEAD_SIZE;
        *ret = TAKE_PTR(w);
        return 0;
}

IndexWriter *index_writer_free(IndexWriter *w)
{
        if (!w)
                return NULL;
        digest_free(w->sum);
        fd_close(w->fd);
        free(w);
        return NULL;
}

static int flush(IndexWriter *w)
{
        int r = fd_write_full(w->fd, w->buffer, w->used);

        if (r < 0)
                return r;
        digest_add(w->sum, w->buffer, w->used);
        w->used = 0;
        return 0;
}

int index_add(IndexWriter *w, size_t length, const ChunkHash *hash)
{
        if (length == 0 || length > CHUNK_SIZE || w->closed || w->end > UINT64_MAX - length)
                return -EINVAL;
        if (sizeof w->buffer - w->used < INDEX_ENTRY_SIZE) {
                int r = flush(w);

                if (r < 0)
                        return r;
        }
        w->closed = length < CHUNK_SIZE;
        w->end += length;
        w->n++;
        put_le64(w->buffer + w->used, w->end);
        memcpy(w->buffer + w->used + 8, hash->bytes, SHA256_SIZE);
        w->used += INDEX_ENTRY_SIZE;
        return 0;
}

int index_finish(IndexWriter *w, uint8_t ret_sum[SHA256_SIZE])
{
        int r = flush(w);

        if (r < 0)
                return r;
        make_tail(w->n, w->buffer);
        w->used = INDEX_TAIL_SIZE;
        r = flush(w);
        if (r < 0)
                return r;
        digest_finish(w->sum, ret_sum);
        return 0;
}

/* ---- reading ---- */

struct IndexReader {
        int fd;
        uint64_t part_size;
        uint64_t n, i;     /* chunks in all, next one */
        size_t loaded, at; /* entries in the buffer, next one of them */
        uint8_t buffer[BATCH * INDEX_ENTRY_SIZE];
};

static int check_ends(int fd, uint64_t n, Digest *sum, bool tail)
{
        uint8_t have[INDEX_HEAD_SIZE], want[INDEX_HEAD_SIZE];
        size_t size = tail ? INDEX_TAIL_SIZE : INDEX_HEAD_SIZE;
        int r;

        if (tail)
                make_tail(n, want);
        else
                make_head(want);
        r = fd_pread_full(fd, have, size, tail ? INDEX_HEAD_SIZE + n * INDEX_ENTRY_SIZE : 0);
        if (r < 0)
                return r;
        digest_add(sum, have, size);
        return memcmp(have, want, size) == 0 ? 0 : -EBADMSG;
}

static int load(IndexReader *r)
{
        size_t n = (size_t)MIN(r->n - r->i, (uint64_t)BATCH);
        int err;

        err = fd_pread_full(
                r->fd, r->buffer, n * INDEX_ENTRY_SIZE, INDEX_HEAD_SIZE + r->i * INDEX_ENTRY_SIZE);
        if (err < 0)
                return err;
        r->loaded = n;
        r->at = 0;
        return 0;
}

static int check_all(IndexReader *r, uint8_t ret_sum[SHA256_SIZE])
{
        _cleanup_(digest_freep) Digest *sum = NULL;
        ChunkHash hash;
        uint64_t offset;
        size_t length;
        int err;

        err = digest_new(DIGEST_SHA256, &sum);
        if (err < 0)
                return err;
        err = check_ends(r->fd, r->n, sum, false);
        if (err < 0)
                return err;
        while ((err = index_next(r, &hash, &offset, &length)) > 0)
                digest_add(sum, r->buffer + (r->at - 1) * INDEX_ENTRY_SIZE, INDEX_ENTRY_SIZE);
        if (err < 0)
                return err;
        err = check_ends(r->fd, r->n, sum, true);
        if (err < 0)
                return err;
        r->i = 0;
        r->loaded = r->at = 0;
        digest_finish(sum, ret_sum);
        return 0;
}

int index_open(int fd, uint64_t part_size, IndexReader **ret, uint8_t ret_sum[SHA256_SIZE])
{
        _cleanup_(index_reader_freep) IndexReader *r = NULL;
        struct stat st;
        int err;

        if (part_size == 0 || part_size > INT64_MAX)
                return -EBADMSG;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size != index_file_size(part_size))
                return -EBADMSG;
        r = calloc(1, sizeof *r);
        if (!r)
                return -ENOMEM;
        r->fd = fd;
        r->part_size = part_size;
        r->n = index_chunks(part_size);
        err = check_all(r, ret_sum);
        if (err < 0)
                return err;
        *ret = TAKE_PTR(r);
        return 0;
}

IndexReader *index_reader_free(IndexReader *r)
{
        free(r);
        return NULL;
}

int index_next(IndexReader *r, ChunkHash *ret_hash, uint64_t *ret_offset, size_t *ret_length)
{
        const uint8_t *entry;

        if (r->i == r->n)
                return 0;
        if (r->at == r->loaded) {
                int err = load(r);

                if (err < 0)
                        return err;
        }
        entry = r->buffer + r->at++ * INDEX_ENTRY_SIZE;
        *ret_offset = r->i * CHUNK_SIZE;
        *ret_length = index_chunk_length(r->part_size, r->i);
        r->i++;
        if (get_le64(entry) != *ret_offset + *ret_length)
                return -EBADMSG;
        memcpy(ret_hash->bytes, entry + 8, SHA256_SIZE);
        return 1;
}
