/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/session.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "basic/bytes.h"
#include "basic/fd.h"
#include "store/ledger.h"
#include "store/time-text.h"

struct Session {
        const Store *store;
        const Plan *plan;
        const Manifest *parent;
        const CommitReport *reports;
        size_t n_reports;
        Manifest *manifest, *critical;
        struct timespec begin;
        bool committed;
        int dir; /* locked exclusively as long as the session lives */
        int stage, index;
        Journal *journal;
        Pool *flushers;
        Intake *intake;
        Checkpoint *checkpoint;
        Ledger *ledger;
        ChunkCodec *codec; /* of the calling thread */
};

/* ---- begin ---- */

static const char *file_of(void *userdata, size_t part)
{
        const Session *s = userdata;

        return s->plan->parts[part].file;
}

static int lock_folder(int dir)
{
        int r;

        do
                r = flock(dir, LOCK_EX | LOCK_NB);
        while (r < 0 && errno == EINTR);
        return r < 0 ? -errno : 0;
}

static int make_folders(Session *s, Failure *f)
{
        static const char *const names[] = { "stage", "final", "final/index" };
        const char *id = s->manifest->id;

        if (mkdirat(s->store->incoming, id, 0700) < 0)
                return store_fail(f, -errno, "making the folder of the session");
        s->dir = dir_open_at(s->store->incoming, id);
        if (s->dir < 0)
                return store_fail(f, s->dir, "opening the folder of the session");
        if (lock_folder(s->dir) < 0)
                return store_fail(f, -errno, "locking the folder of the session");
        for (size_t i = 0; i < ELEMENTS(names); i++)
                if (mkdirat(s->dir, names[i], 0700) < 0)
                        return store_fail(f, -errno, "making a folder of the session");
        s->stage = dir_open_at(s->dir, "stage");
        s->index = dir_open_at(s->dir, "final/index");
        if (s->stage < 0 || s->index < 0)
                return store_fail(f, MIN(s->stage, s->index), "opening a folder of the session");
        return 0;
}

static int describe(Session *s, const char *boot_id, Failure *f)
{
        char plan[SHA256_HEX], created[TIME_TEXT_SIZE];
        uint8_t sum[SHA256_SIZE];
        json_t *root;
        char *text;
        int r;

        plan_digest(s->plan, sum);
        hex_encode(sum, sizeof sum, plan);
        time_text_format(s->manifest->start, created);
        root = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:[s]}", "backup", s->manifest->id,
                "device", s->manifest->device.key, "plan", plan, "store", s->store->id, "created",
                created, "boot_id", boot_id, "attached", created);
        text = root ? json_dumps(root, JSON_INDENT(1) | JSON_SORT_KEYS) : NULL;
        json_decref(root);
        if (!text)
                return store_fail(f, -ENOMEM, "describing the session");
        r = file_replace_at(s->dir, "session.json", text, strlen(text), 0600);
        free(text);
        return r < 0 ? store_fail(f, r, "writing session.json") : 0;
}

static int start_workers(Session *s)
{
        CheckpointSetup setup = { .store = s->store,
                .stage = s->stage,
                .journal = s->journal,
                .file_of = file_of,
                .userdata = s };
        int r;

        r = pool_new(CHECKPOINT_FLUSHERS, &s->flushers);
        if (r < 0)
                return r;
        setup.flushers = s->flushers;
        r = checkpoint_new(&setup, &s->checkpoint);
        if (r == 0)
                r = intake_new(s->store, s->stage, &s->intake);
        if (r == 0)
                r = chunk_codec_new(0, &s->codec);
        return r;
}

static int begin(Session *s, const char *boot_id, Failure *f)
{
        JournalEntry attached = { .type = 'E', .time = s->manifest->start, .word = "attach" };
        int r;

        r = store_check_space(s->store, f);
        if (r == 0)
                r = make_folders(s, f);
        if (r == 0)
                r = describe(s, boot_id, f);
        if (r < 0)
                return r;
        r = journal_create_at(s->dir, "journal", &s->journal);
        if (r == 0)
                r = journal_add(s->journal, &attached);
        if (r == 0)
                r = journal_flush(s->journal);
        if (r == 0 && (fsync(s->dir) < 0 || fsync(s->store->incoming) < 0))
                r = -errno;
        if (r < 0)
                return store_fail(f, r, "starting the journal of the session");
        r = ledger_new(s->plan, s->manifest, s->index, &s->ledger);
        if (r == 0)
                r = start_workers(s);
        return r < 0 ? store_fail(f, r, "starting the session") : 0;
}

static Manifest *copy_head(const Manifest *from)
{
        Manifest *to = manifest_new();

        if (!to)
                return NULL;
        *to = *from;
        to->parts = NULL;
        to->checks = NULL;
        to->n_parts = to->n_checks = 0;
        if (manifest_set_checks(to, from->n_checks) < 0)
                return manifest_free(to);
        for (size_t i = 0; i < from->n_checks; i++)
                to->checks[i] = from->checks[i];
        return to;
}

int session_begin(const SessionSetup *setup, Session **ret, Failure *f)
{
        _cleanup_(session_freep) Session *s = calloc(1, sizeof *s);
        int r;

        if (!s)
                return store_fail(f, -ENOMEM, "starting the session");
        *s = (Session){ .store = setup->store,
                .plan = setup->plan,
                .parent = setup->parent,
                .reports = setup->reports,
                .n_reports = setup->n_reports,
                .dir = -1,
                .stage = -1,
                .index = -1 };
        clock_gettime(CLOCK_MONOTONIC, &s->begin);
        s->manifest = copy_head(setup->head);
        if (!s->manifest)
                return store_fail(f, -ENOMEM, "starting the session");
        r = begin(s, setup->boot_id, f);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(s);
        return 0;
}

Session *session_free(Session *s)
{
        if (!s)
                return NULL;
        intake_free(s->intake);
        checkpoint_free(s->checkpoint);
        pool_free(s->flushers);
        ledger_free(s->ledger);
        chunk_codec_free(s->codec);
        journal_free(s->journal);
        fd_close(s->stage);
        fd_close(s->index);
        /* As long as sessions cannot be resumed there is nothing to keep; what cannot be removed
         * now is swept at the next start. */
        if (s->dir >= 0)
                (void)tree_remove_at(s->store->incoming, s->manifest->id);
        fd_close(s->dir);
        manifest_free(s->critical);
        manifest_free(s->manifest);
        free(s);
        return NULL;
}

/* ---- chunks ---- */

/* Takes the oldest item back from the threads: 1, or 0 when there is none (or none done). */
static int retire(Session *s, bool wait, Failure *f)
{
        IntakeItem *item = intake_head(s->intake, wait);
        bool zero;
        int r;

        if (!item)
                return 0;
        if (item->err < 0) {
                if (f && !failure_is_set(f))
                        *f = item->failure;
                return item->err;
        }
        zero = item->zero && item->size == CHUNK_SIZE;
        r = checkpoint_add(s->checkpoint, item, f);
        if (r < 0)
                return r;
        if (zero)
                intake_zero_known(s->intake);
        ledger_count(s->ledger, item);
        r = ledger_take(s->ledger, item, f);
        intake_release(s->intake);
        if (r > 0)
                r = checkpoint_start(s->checkpoint, f);
        return r < 0 ? r : 1;
}

static int drain(Session *s, Failure *f)
{
        int r;

        while ((r = retire(s, true, f)) > 0)
                ;
        return r;
}

int session_buffer(Session *s, uint8_t **ret, Failure *f)
{
        IntakeItem *item;
        int r;

        while (!(item = intake_slot(s->intake))) {
                r = retire(s, true, f);
                if (r < 0)
                        return r;
        }
        *ret = item->data;
        return session_poll(s, f);
}

int session_push(Session *s, size_t part, unsigned pass, uint64_t chunk, Failure *f)
{
        IntakeItem *item;

        /* the first pass is what the later ones are compared with */
        if (pass > 0 && !ledger_has_pass(s->ledger, part, 0)) {
                int r = drain(s, f);

                if (r < 0)
                        return r;
        }
        item = intake_next(s->intake);
        ledger_push(s->ledger, item, part, pass, chunk);
        s->manifest->bytes_read += item->size;
        intake_submit(s->intake);
        return 0;
}

int session_bad(Session *s, size_t part, unsigned pass, const ManifestBad *bad, Failure *f)
{
        JournalEntry e = { .type = 'B',
                .offset = bad->offset,
                .size = bad->size,
                .letter = '-',
                .tries = bad->tries };
        int r;

        snprintf(e.part, sizeof e.part, "%s", s->plan->parts[part].file);
        snprintf(e.text, sizeof e.text, "%s", bad->error);
        r = journal_add(s->journal, &e);
        if (r < 0)
                return store_fail(f, r, "writing the journal of the session");
        return ledger_bad(s->ledger, part, pass, bad, f);
}

void session_unreadable(Session *s, size_t part, const char *error)
{
        ledger_unreadable(s->ledger, part, error);
}

int session_poll(Session *s, Failure *f)
{
        int r;

        while ((r = retire(s, false, f)) > 0)
                ;
        return r < 0 ? r : checkpoint_poll(s->checkpoint, f);
}

void session_save(Session *s)
{
        if (drain(s, NULL) == 0)
                (void)checkpoint_flush(s->checkpoint, NULL);
}

uint64_t session_durable(const Session *s)
{
        return checkpoint_durable(s->checkpoint);
}

int session_journal(const Session *s)
{
        return journal_dup(s->journal);
}

uint64_t session_journal_size(const Session *s)
{
        return journal_size(s->journal);
}

/* ---- the critical set ---- */

int session_differs(Session *s, size_t part, bool *ret, Failure *f)
{
        int r = drain(s, f);

        if (r < 0)
                return r;
        *ret = ledger_differs(s->ledger, part);
        return 0;
}

int session_settle(Session *s, Failure *f)
{
        int r = drain(s, f);

        return r < 0 ? r : ledger_settle(s->ledger, f);
}

static uint64_t elapsed_ms(const Session *s)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t)((t.tv_sec - s->begin.tv_sec) * 1000 +
                (t.tv_nsec - s->begin.tv_nsec) / 1000000);
}

/* The manifest of the critical set is that of the whole with the other parts left out. */
static Manifest *critical_manifest(const Session *s, const char *id, uint64_t seq)
{
        _cleanup_(manifest_freep) Manifest *m = copy_head(s->manifest);
        size_t n = 0;

        if (!m || manifest_set_parts(m, s->manifest->n_parts) < 0)
                return NULL;
        snprintf(m->id, sizeof m->id, "%s", id);
        m->seq = seq;
        m->kind = BACKUP_CRITICAL;
        for (size_t i = 0; i < s->manifest->n_parts; i++) {
                ManifestPart *to = m->parts + n;

                if (!s->plan->parts[i].critical)
                        continue;
                n++;
                *to = s->manifest->parts[i];
                to->bad = NULL;
                to->n_bad = 0;
                if (s->manifest->parts[i].n_bad == 0)
                        continue;
                to->bad = calloc(s->manifest->parts[i].n_bad, sizeof *to->bad);
                if (!to->bad)
                        return NULL;
                to->n_bad = s->manifest->parts[i].n_bad;
                memcpy(to->bad, s->manifest->parts[i].bad, to->n_bad * sizeof *to->bad);
        }
        m->n_parts = n;
        return TAKE_PTR(m);
}

static int commit(Session *s, Manifest *m, const char *folder, int index, int64_t now, Failure *f)
{
        Commit c = { .store = s->store,
                .session = s->dir,
                .folder = folder,
                .index = index,
                .manifest = m,
                .reports = s->reports,
                .n_reports = s->n_reports,
                .codec = s->codec };
        int r;

        r = drain(s, f);
        if (r == 0)
                r = checkpoint_flush(s->checkpoint, f);
        /* Chunks that were met in the store may have been placed by a session that works beside this
         * one, or ended before it flushed their folders: only the file system knows which. */
        if (r == 0 && syncfs(s->store->chunks) < 0)
                r = store_fail(f, -errno, "flushing the chunks of the store");
        if (r < 0)
                return r;
        m->end = now;
        m->elapsed_ms = elapsed_ms(s);
        r = manifest_conclude(m, s->parent, s->plan->table_ok ? NULL : s->plan->table_problem);
        if (r < 0)
                return store_fail(f, r, "composing manifest.json");
        r = commit_prepare(&c, f);
        return r < 0 ? r : commit_publish(&c, f);
}

int session_commit_critical(
        Session *s, const char *id, uint64_t seq, int64_t now, const Manifest **ret, Failure *f)
{
        int r;

        manifest_free(s->critical);
        s->critical = critical_manifest(s, id, seq);
        if (!s->critical)
                return store_fail(f, -ENOMEM, "composing manifest.json");
        r = commit(s, s->critical, "critical", s->index, now, f);
        if (r < 0)
                return r;
        *ret = s->critical;
        return 0;
}

void session_renumber(Session *s, uint64_t seq)
{
        s->manifest->seq = seq;
}

int session_commit(Session *s, int64_t now, const Manifest **ret, Failure *f)
{
        int r = commit(s, s->manifest, "final", -1, now, f);

        if (r < 0)
                return r;
        *ret = s->manifest;
        /* Committed. Whatever happens to the folder now, the sweep at the next start knows it. */
        (void)tree_remove_at(s->store->incoming, s->manifest->id);
        s->dir = fd_close(s->dir);
        return 0;
}

/* ---- leftovers ---- */

/* A session that somebody works on is locked. */
static bool is_alive(const Store *s, const char *id)
{
        _cleanup_close_ int dir = dir_open_at(s->incoming, id);

        return dir >= 0 && lock_folder(dir) == -EWOULDBLOCK;
}

int session_sweep(const Store *s, Failure *f)
{
        _cleanup_closedir_ DIR *d = NULL;
        struct dirent *entry;
        int fd, n = 0;

        fd = openat(s->incoming, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        d = fd < 0 ? NULL : fdopendir(fd);
        if (!d) {
                fd_close(fd);
                return store_fail(f, -errno, "listing the interrupted sessions");
        }
        while ((errno = 0, entry = readdir(d))) {
                int r;

                if (!backup_id_valid(entry->d_name) || is_alive(s, entry->d_name))
                        continue;
                r = tree_remove_at(s->incoming, entry->d_name);
                if (r < 0)
                        return store_fail(
                                f, r, "removing the interrupted session %s", entry->d_name);
                n++;
        }
        return errno > 0 ? store_fail(f, -errno, "listing the interrupted sessions") : n;
}
