/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/intake.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>

#include "basic/bytes.h"
#include "basic/fd.h"

struct Intake {
        const Store *store;
        int stage;
        unsigned next_stage;
        bool zero_known;
        Pool *pool;
        ChunkCodec *codecs[INTAKE_THREADS];
        size_t first, n; /* items in flight: a ring */
        IntakeItem items[INTAKE_ITEMS];
};

void quarantine_chunk(const Store *s, const ChunkHash *hash)
{
        char path[CHUNK_PATH_SIZE], hex[SHA256_HEX], name[SHA256_HEX + 32];

        chunk_path(hash->bytes, path);
        hex_encode(hash->bytes, SHA256_SIZE, hex);
        snprintf(name, sizeof name, "%s.%lld", hex, (long long)time(NULL));
        /* kept for study only: where it is not possible the damaged file is just replaced */
        (void)!linkat(s->chunks, path, s->quarantine, name, 0);
}

/* ---- on a thread ---- */

static int stage_chunk(IntakeItem *i, const uint8_t *frame, size_t size)
{
        _cleanup_close_ int fd = -1;
        char name[16];
        int r;

        snprintf(name, sizeof name, "%u", i->stage);
        fd = openat(
                i->intake->stage, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0400);
        if (fd < 0)
                return store_fail(&i->failure, -errno, "making a file for a new chunk");
        r = fd_write_full(fd, frame, size);
        if (r < 0)
                return store_fail(&i->failure, r, "writing a new chunk");
        if (lseek(fd, 0, SEEK_END) != (off_t)size)
                return store_fail(&i->failure, -EIO, "checking the length of a new chunk");
        /* starts writing now, so that the flush at the checkpoint has little left to do */
        (void)sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
        i->stored = size;
        i->fd = TAKE_FD(fd);
        return 0;
}

static int take_in(IntakeItem *i, ChunkCodec *codec)
{
        const Store *s = i->intake->store;
        const uint8_t *frame;
        size_t size;
        int r;

        if (i->zero && i->size == CHUNK_SIZE)
                i->hash = *chunk_hash_zero();
        else
                chunk_hash_of(i->data, i->size, &i->hash);
        i->kind = CHUNK_REUSED;
        if (i->expected && chunk_hash_equal(i->expected, &i->hash))
                return 0;

        r = chunk_compare(codec, s->chunks, &i->hash, i->data, i->size);
        if (r == 0)
                return 0;
        if (r != -ENOENT && !chunk_damaged(r))
                return store_fail(&i->failure, r, "reading a stored chunk");
        i->kind = r == -ENOENT ? CHUNK_NEW : CHUNK_HEALED;
        if (i->kind == CHUNK_HEALED)
                quarantine_chunk(s, &i->hash);
        r = chunk_encode(codec, i->data, i->size, &frame, &size);
        if (r < 0)
                return store_fail(&i->failure, r, "compressing a chunk");
        return stage_chunk(i, frame, size);
}

static void run(Task *t, unsigned thread)
{
        IntakeItem *i = (IntakeItem *)((uint8_t *)t - offsetof(IntakeItem, task));

        i->err = take_in(i, i->intake->codecs[thread]);
}

/* ---- the caller's side ---- */

int intake_new(const Store *s, int stage, Intake **ret)
{
        _cleanup_(intake_freep) Intake *in = calloc(1, sizeof *in);
        int r;

        if (!in)
                return -ENOMEM;
        in->store = s;
        in->stage = stage;
        for (size_t i = 0; i < INTAKE_ITEMS; i++) {
                in->items[i] = (IntakeItem){ .intake = in, .fd = -1 };
                in->items[i].data = malloc(CHUNK_SIZE);
                if (!in->items[i].data)
                        return -ENOMEM;
        }
        for (size_t i = 0; i < INTAKE_THREADS; i++) {
                r = chunk_codec_new(CHUNK_LEVEL, &in->codecs[i]);
                if (r < 0)
                        return r;
        }
        r = pool_new(INTAKE_THREADS, &in->pool);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(in);
        return 0;
}

Intake *intake_free(Intake *in)
{
        if (!in)
                return NULL;
        pool_free(in->pool);
        for (size_t i = 0; i < INTAKE_THREADS; i++)
                chunk_codec_free(in->codecs[i]);
        for (size_t i = 0; i < in->n; i++) {
                IntakeItem *item = in->items + (in->first + i) % INTAKE_ITEMS;

                item->fd = fd_close(item->fd);
        }
        for (size_t i = 0; i < INTAKE_ITEMS; i++)
                free(in->items[i].data);
        free(in);
        return NULL;
}

IntakeItem *intake_next(Intake *in)
{
        return in->items + (in->first + in->n) % INTAKE_ITEMS;
}

IntakeItem *intake_slot(Intake *in)
{
        IntakeItem *i = intake_next(in);

        if (in->n == INTAKE_ITEMS)
                return NULL;
        *i = (IntakeItem){ .intake = in, .data = i->data, .fd = -1 };
        return i;
}

void intake_submit(Intake *in)
{
        IntakeItem *i = intake_next(in);

        in->n++;
        i->zero = bytes_all(i->data, i->size, 0x00);
        i->ff = !i->zero && bytes_all(i->data, i->size, 0xff);
        if (i->zero && i->size == CHUNK_SIZE && in->zero_known) {
                i->hash = *chunk_hash_zero();
                i->kind = CHUNK_ZERO;
                i->task.done = true;
                return;
        }
        i->stage = in->next_stage++;
        i->task.run = run;
        pool_submit(in->pool, &i->task);
}

IntakeItem *intake_head(Intake *in, bool wait)
{
        IntakeItem *i = in->items + in->first;

        if (in->n == 0)
                return NULL;
        if (wait)
                pool_wait(in->pool, &i->task);
        return pool_is_done(in->pool, &i->task) ? i : NULL;
}

void intake_release(Intake *in)
{
        IntakeItem *i = in->items + in->first;

        i->fd = fd_close(i->fd);
        in->first = (in->first + 1) % INTAKE_ITEMS;
        in->n--;
}

void intake_zero_known(Intake *in)
{
        in->zero_known = true;
}
