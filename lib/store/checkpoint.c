/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/checkpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "basic/bytes.h"
#include "basic/fd.h"

/* a chunk on its way, or a folder to be flushed */
typedef struct Pending {
        Task task;
        size_t part;
        uint64_t chunk, length;
        ChunkHash hash;
        ChunkKind kind;
        bool staged; /* it brought a file */
        int fd;      /* of that file */
        unsigned stage;
        int folder; /* its prefix folder, when this entry is the one that flushes it */
        int err;
} Pending;

typedef struct Batch {
        Task task;
        Checkpoint *checkpoint;
        size_t n;
        uint64_t bytes;
        Pending entries[CHECKPOINT_CHUNKS];
        int err;
        Failure failure;
} Batch;

struct Checkpoint {
        CheckpointSetup setup;
        Pool *thread;      /* of one: runs a batch */
        ChunkCodec *codec; /* its */
        Batch batches[2];
        unsigned collecting; /* which of them */
        bool busy, due;
        time_t last;
        uint64_t durable;
        int err;
        Failure failure;
};

/* ---- on the checkpoint's thread ---- */

static void flush_file(Task *t, unsigned thread)
{
        Pending *p = (Pending *)((uint8_t *)t - offsetof(Pending, task));

        (void)thread;
        p->err = fsync(p->fd) < 0 ? -errno : 0;
}

static void flush_folder(Task *t, unsigned thread)
{
        Pending *p = (Pending *)((uint8_t *)t - offsetof(Pending, task));

        (void)thread;
        p->err = fsync(p->folder) < 0 ? -errno : 0;
}

static bool has_file(const Pending *p)
{
        return p->fd >= 0;
}

static bool has_folder(const Pending *p)
{
        return p->folder >= 0;
}

/* Runs one kind of flush for all entries that need it, several at a time. */
static int flush_all(
        Batch *b, bool (*needs)(const Pending *), void (*flush)(Task *, unsigned), const char *what)
{
        Pool *pool = b->checkpoint->setup.flushers;
        int err = 0;

        for (size_t i = 0; i < b->n; i++)
                if (needs(b->entries + i)) {
                        b->entries[i].task.run = flush;
                        pool_submit(pool, &b->entries[i].task);
                }
        for (size_t i = 0; i < b->n; i++)
                if (needs(b->entries + i)) {
                        pool_wait(pool, &b->entries[i].task);
                        if (err == 0)
                                err = b->entries[i].err;
                }
        return err < 0 ? store_fail(&b->failure, err, "flushing %s to the disk", what) : 0;
}

/* A file of this name appeared since the chunk was staged: another session stored it, or what is
 * there is damaged. */
static int meet_existing(Batch *b, Pending *p, const char *from, const char *to)
{
        const Store *s = b->checkpoint->setup.store;
        const uint8_t *data;
        size_t size;
        int r;

        r = chunk_load(b->checkpoint->codec, s->chunks, &p->hash, CHUNK_CACHED, &data, &size);
        if (r == 0) {
                p->kind = CHUNK_REUSED;
                return unlinkat(b->checkpoint->setup.stage, from, 0) < 0 ? -errno : 0;
        }
        if (r != -ENOENT && !chunk_damaged(r))
                return r;
        quarantine_chunk(s, &p->hash);
        p->kind = CHUNK_HEALED;
        return renameat(b->checkpoint->setup.stage, from, s->chunks, to) < 0 ? -errno : 0;
}

static int place(Batch *b, Pending *p, const char *path)
{
        int stage = b->checkpoint->setup.stage, chunks = b->checkpoint->setup.store->chunks;
        char from[16];

        snprintf(from, sizeof from, "%u", p->stage);
        if (p->kind == CHUNK_HEALED)
                return renameat(stage, from, chunks, path) < 0 ? -errno : 0;
        if (renameat2(stage, from, chunks, path, RENAME_NOREPLACE) == 0)
                return 0;
        return errno == EEXIST ? meet_existing(b, p, from, path) : -errno;
}

/* The first entry of a prefix folder opens it for the flush. */
static int open_folder(Batch *b, Pending *p, const char *prefix)
{
        for (const Pending *other = b->entries; other < p; other++)
                if (has_folder(other) && memcmp(other->hash.bytes, p->hash.bytes, 2) == 0)
                        return 0;
        p->folder = dir_open_at(b->checkpoint->setup.store->chunks, prefix);
        return MIN(p->folder, 0);
}

static int place_all(Batch *b)
{
        int chunks = b->checkpoint->setup.store->chunks;
        bool made = false;
        int r;

        for (size_t i = 0; i < b->n; i++) {
                char path[CHUNK_PATH_SIZE], prefix[5];
                Pending *p = b->entries + i;

                if (!has_file(p))
                        continue;
                chunk_path(p->hash.bytes, path);
                snprintf(prefix, sizeof prefix, "%.4s", path);
                r = mkdirat(chunks, prefix, 0700) < 0 ? -errno : 0;
                made |= r == 0;
                if (r == 0 || r == -EEXIST)
                        r = place(b, p, path);
                if (r == 0)
                        r = open_folder(b, p, prefix);
                if (r < 0)
                        return store_fail(&b->failure, r, "storing chunk %s", path);
        }
        r = flush_all(b, has_folder, flush_folder, "the folder of new chunks");
        if (r == 0 && made && fsync(chunks) < 0)
                r = store_fail(&b->failure, -errno, "flushing chunks.castr to the disk");
        return r;
}

static int write_journal(Batch *b)
{
        const CheckpointSetup *setup = &b->checkpoint->setup;
        int r = 0;

        for (size_t i = 0; i < b->n && r == 0; i++) {
                const Pending *p = b->entries + i;
                JournalEntry e = { .type = 'C',
                        .chunk = p->chunk,
                        .length = p->length,
                        .hash = p->hash,
                        .kind = p->kind };

                snprintf(e.part, sizeof e.part, "%s", setup->file_of(setup->userdata, p->part));
                r = journal_add(setup->journal, &e);
        }
        if (r == 0)
                r = journal_flush(setup->journal);
        return r < 0 ? store_fail(&b->failure, r, "writing the journal of the session") : 0;
}

static void run(Task *t, unsigned thread)
{
        Batch *b = (Batch *)((uint8_t *)t - offsetof(Batch, task));

        (void)thread;
        b->err = store_check_space(b->checkpoint->setup.store, &b->failure);
        if (b->err == 0)
                b->err = flush_all(b, has_file, flush_file, "new chunks");
        if (b->err == 0)
                b->err = place_all(b);
        if (b->err == 0)
                b->err = write_journal(b);
        for (size_t i = 0; i < b->n; i++) {
                Pending *p = b->entries + i;

                /* it is on the disk: the cache is better used otherwise */
                if (has_file(p))
                        (void)posix_fadvise(p->fd, 0, 0, POSIX_FADV_DONTNEED);
                p->fd = fd_close(p->fd);
                p->folder = fd_close(p->folder);
        }
}

/* ---- the caller's side ---- */

static time_t now(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return t.tv_sec;
}

int checkpoint_new(const CheckpointSetup *setup, Checkpoint **ret)
{
        _cleanup_(checkpoint_freep) Checkpoint *c = calloc(1, sizeof *c);
        int r;

        if (!c)
                return -ENOMEM;
        c->setup = *setup;
        for (size_t i = 0; i < ELEMENTS(c->batches); i++) {
                c->batches[i].checkpoint = c;
                c->batches[i].task.run = run;
        }
        c->last = now();
        r = chunk_codec_new(0, &c->codec);
        if (r == 0)
                r = pool_new(1, &c->thread);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(c);
        return 0;
}

static void batch_clear(Batch *b)
{
        for (size_t i = 0; i < b->n; i++) {
                fd_close(b->entries[i].fd);
                fd_close(b->entries[i].folder);
        }
        b->n = 0;
        b->bytes = 0;
        b->err = 0;
        b->failure = (Failure){};
}

Checkpoint *checkpoint_free(Checkpoint *c)
{
        if (!c)
                return NULL;
        pool_free(c->thread);
        for (size_t i = 0; i < ELEMENTS(c->batches); i++)
                batch_clear(c->batches + i);
        chunk_codec_free(c->codec);
        free(c);
        return NULL;
}

/* Takes the result of the batch under way, when it is done. */
static void collect(Checkpoint *c, bool wait)
{
        Batch *b = c->batches + !c->collecting;

        if (!c->busy)
                return;
        if (wait)
                pool_wait(c->thread, &b->task);
        if (!pool_is_done(c->thread, &b->task))
                return;
        c->busy = false;
        if (b->err < 0 && c->err == 0) {
                c->err = b->err;
                c->failure = b->failure;
        }
        if (b->err == 0)
                c->durable += b->bytes;
        batch_clear(b);
}

static int result(const Checkpoint *c, Failure *f)
{
        if (c->err < 0 && f && !failure_is_set(f))
                *f = c->failure;
        return c->err;
}

static void launch(Checkpoint *c)
{
        Batch *b = c->batches + c->collecting;

        c->due = false;
        c->last = now();
        if (b->n == 0)
                return;
        c->collecting = !c->collecting;
        c->busy = true;
        pool_submit(c->thread, &b->task);
}

/* Is a file with this content on its way? Then a second one would only be thrown away later. */
static bool is_waiting(const Checkpoint *c, const ChunkHash *hash)
{
        for (size_t i = 0; i < ELEMENTS(c->batches); i++)
                for (size_t k = 0; k < c->batches[i].n; k++) {
                        const Pending *p = c->batches[i].entries + k;

                        /* these two hold still while the other thread works on a batch */
                        if (p->staged && chunk_hash_equal(&p->hash, hash))
                                return true;
                }
        return false;
}

int checkpoint_add(Checkpoint *c, IntakeItem *item, Failure *f)
{
        bool staged;
        Batch *b;

        if (c->err < 0)
                return result(c, f);
        if (item->fd >= 0 && is_waiting(c, &item->hash)) {
                char name[16];

                snprintf(name, sizeof name, "%u", item->stage);
                item->fd = fd_close(item->fd);
                item->kind = CHUNK_REUSED;
                if (unlinkat(c->setup.stage, name, 0) < 0)
                        return store_fail(f, -errno, "removing a chunk that was met twice");
        }
        b = c->batches + c->collecting;
        staged = item->fd >= 0;
        b->entries[b->n++] = (Pending){ .part = item->part,
                .chunk = item->chunk,
                .length = item->size,
                .hash = item->hash,
                .kind = item->kind,
                .staged = staged,
                .fd = TAKE_FD(item->fd),
                .stage = item->stage,
                .folder = -1 };
        b->bytes += item->size;
        if (b->n < CHECKPOINT_CHUNKS)
                return 0;
        collect(c, true);
        if (c->err == 0)
                launch(c);
        return result(c, f);
}

int checkpoint_start(Checkpoint *c, Failure *f)
{
        c->due = true;
        return checkpoint_poll(c, f);
}

int checkpoint_poll(Checkpoint *c, Failure *f)
{
        collect(c, false);
        if (c->err < 0)
                return result(c, f);
        if (now() - c->last >= CHECKPOINT_SECONDS)
                c->due = true;
        if (c->due && !c->busy)
                launch(c);
        return 0;
}

int checkpoint_flush(Checkpoint *c, Failure *f)
{
        collect(c, true);
        if (c->err == 0)
                launch(c);
        collect(c, true);
        return result(c, f);
}

uint64_t checkpoint_durable(const Checkpoint *c)
{
        return c->durable;
}
