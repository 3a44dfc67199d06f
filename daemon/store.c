/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/store.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>

#include "basic/fd.h"
#include "basic/log.h"
#include "daemon/event.h"
#include "daemon/text.h"
#include "wire/verbs.h"

#define WRITER_LOCK "writer.lock"

/* Below this no backup is worth beginning; how much one needs its keeper knows. */
#define ROOM_MIN (16 * MiB)

struct Store {
        sd_event *event;          /* borrowed */
        const HelperSetup *setup; /* borrowed */
        char *path;
        int dir, lock;
        StoreState state;
        Failure failure;
        Catalogue catalogue;
        const StoreEvents *events;
        void *userdata;
        const BackupEvents *backup_events;
        void *listener;
        StoreTask *opening;
        size_t busy;
        bool opened; /* it was all right once */
        bool dirty;  /* a keeper crashed since */
};

struct StoreTask {
        Store *store;
        Operation *operation;
        const OperationOps *ops;
        void *userdata;
};

int store_new(sd_event *event, const HelperSetup *setup, const char *path,
        const StoreEvents *events, void *userdata, Store **ret)
{
        _cleanup_(store_freep) Store *s = calloc(1, sizeof *s);

        if (!s)
                return -ENOMEM;
        *s = (Store){ .event = event,
                .setup = setup,
                .dir = -1,
                .lock = -1,
                .events = events,
                .userdata = userdata };
        s->path = strdup(path);
        if (!s->path)
                return -ENOMEM;
        *ret = TAKE_PTR(s);
        return 0;
}

void store_listen(Store *s, const BackupEvents *events, void *userdata)
{
        s->backup_events = events;
        s->listener = userdata;
}

Store *store_free(Store *s)
{
        if (!s)
                return NULL;
        store_task_free(s->opening);
        catalogue_done(&s->catalogue);
        fd_close(s->lock);
        fd_close(s->dir);
        free(s->path);
        free(s);
        return NULL;
}

StoreState store_state(const Store *s)
{
        return s->state;
}

const char *store_path(const Store *s)
{
        return s->path;
}

Catalogue *store_catalogue(Store *s)
{
        return &s->catalogue;
}

size_t store_busy(const Store *s)
{
        return s->busy;
}

int store_check(const Store *s, Failure *f)
{
        switch (s->state) {
        case STORE_OK: return 0;
        case STORE_OPENING:
                return failure_set(f, -EAGAIN, ERROR_STORE_FAILED,
                        "The store is still being opened; try again in a moment.");
        case STORE_FAILED: break;
        }
        if (f && !failure_is_set(f))
                *f = s->failure;
        return -EIO;
}

int store_admit(const Store *s, Failure *f)
{
        return s->state == STORE_OPENING && s->opened ? 0 : store_check(s, f);
}

int store_admit_backup(const Store *s, Failure *f)
{
        struct statvfs fs;
        int r = store_admit(s, f);

        if (r < 0)
                return r;
        if (fstatvfs(s->dir, &fs) < 0)
                return failure_set(f, -errno, ERROR_STORE_FAILED,
                        "The store %s cannot be used: %s.", s->path, strerror(errno));
        if ((uint64_t)fs.f_bavail * fs.f_frsize >= ROOM_MIN)
                return 0;
        failure_set(f, 0, ERROR_STORE_FULL, "There is no room left for backups in %s.", s->path);
        failure_hint(f, "Make room on that disk, or delete backups that are no longer needed.");
        return -ENOSPC;
}

/* ---- what keepers say ---- */

static void on_backup(Store *s, const Message *m)
{
        Backup *b;
        int r = catalogue_put(&s->catalogue, m, &b);

        if (r < 0) {
                log_warning("The store tells of a backup \"%.64s\" that cannot be listed: %s",
                        message_text(m, "BACKUP"), strerror(-r));
                return;
        }
        if (r == 1)
                s->backup_events->added(s->listener, b);
        else
                s->backup_events->changed(s->listener, b);
        if (message_is(m, VERB_COMMITTED))
                s->backup_events->committed(s->listener, b);
}

static void on_removed(Store *s, const Message *m)
{
        const char *id = message_text(m, "BACKUP");
        Backup *b = catalogue_find(&s->catalogue, id);

        if (!b)
                return;
        s->backup_events->removed(s->listener, b);
        free(catalogue_take(&s->catalogue, id));
}

static void on_damaged(Store *s, const Message *m)
{
        Backup *b = catalogue_find(&s->catalogue, message_text(m, "BACKUP"));
        const char *part = message_text(m, "PART");
        char text[FAILURE_TEXT_MAX];

        text_copy(text, sizeof text, message_text(m, "TEXT"));
        event_log(EVENT_STORE_DAMAGED, LOG_ERR, &(EventFields){ .backup = b ? b->id : NULL },
                "Backup %s%s%s is damaged: %s", b ? b->id : "", part[0] ? ", partition " : "", part,
                text);
        if (b) {
                snprintf(b->verified, sizeof b->verified, "damaged");
                (void)sd_event_now(s->event, CLOCK_REALTIME, &b->verified_at);
                s->backup_events->changed(s->listener, b);
        }
        s->backup_events->damaged(s->listener, text);
}

static void on_message(void *userdata, const Message *m)
{
        static const struct {
                const char *type;
                void (*take)(Store *s, const Message *m);
        } types[] = {
                { VERB_BACKUP, on_backup },
                { VERB_COMMITTED, on_backup },
                { VERB_REMOVED, on_removed },
                { VERB_DAMAGED, on_damaged },
        };
        StoreTask *t = userdata;

        for (size_t i = 0; i < ELEMENTS(types); i++)
                if (message_is(m, types[i].type))
                        types[i].take(t->store, m);
        if (t->ops->message)
                t->ops->message(t->userdata, m);
}

static void on_ended(void *userdata, const Failure *f, const Message *done)
{
        StoreTask *t = userdata;

        if (f && f->id == ERROR_WORKER_CRASHED)
                t->store->dirty = true;
        t->ops->ended(t->userdata, f, done);
}

static const OperationOps operation_ops = { .message = on_message, .ended = on_ended };

StoreTask *store_task_free(StoreTask *t)
{
        Store *s;
        bool last;

        if (!t)
                return NULL;
        s = t->store;
        last = t->operation && --s->busy == 0;

        operation_free(t->operation);
        free(t);
        if (last)
                s->events->idle(s->userdata);
        return NULL;
}

void store_task_cancel(StoreTask *t)
{
        operation_cancel(t->operation);
}

static int start(Store *s, const Message *run, const OperationOps *ops, void *userdata,
        StoreTask **ret, Failure *f)
{
        _cleanup_(store_task_freep) StoreTask *t = calloc(1, sizeof *t);
        int r;

        if (!t)
                return -ENOMEM;
        t->store = s;
        t->ops = ops;
        t->userdata = userdata;
        r = operation_start(s->event, s->setup, s->dir, run, &operation_ops, t, &t->operation, f);
        if (r < 0)
                return r;
        s->busy++;
        *ret = TAKE_PTR(t);
        return 0;
}

int store_start(Store *s, const Message *run, const OperationOps *ops, void *userdata,
        StoreTask **ret, Failure *f)
{
        int r = store_check(s, f);

        return r < 0 ? r : start(s, run, ops, userdata, ret, f);
}

/* ---- opening ---- */

static void opened(Store *s, StoreState state)
{
        s->state = state;
        if (state == STORE_FAILED)
                log_error(
                        "%s%s%s", s->failure.text, s->failure.hint[0] ? " " : "", s->failure.hint);
        s->events->state(s->userdata);
}

static void on_open_ended(void *userdata, const Failure *f, const Message *done)
{
        Store *s = userdata;

        if (f)
                s->failure = *f;
        s->opened = s->opened || !f;
        s->dirty = false;
        s->opening = store_task_free(s->opening);
        opened(s, f ? STORE_FAILED : STORE_OK);
}

static int open_directory(Store *s)
{
        if (mkdir(s->path, 0700) < 0 && errno != EEXIST)
                return -errno;
        s->dir = open(s->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (s->dir < 0)
                return -errno;
        s->lock = openat(s->dir, WRITER_LOCK, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (s->lock < 0)
                return -errno;
        return flock(s->lock, LOCK_EX | LOCK_NB) < 0 ? -errno : 0;
}

/* What ProtectHome= of the unit hides: there ReadWritePaths= gives nothing back. */
static bool is_hidden(const char *path)
{
        static const char *const hidden[] = { "/home/", "/root/", "/run/user/" };

        for (size_t i = 0; i < ELEMENTS(hidden); i++)
                if (strncmp(path, hidden[i], strlen(hidden[i])) == 0)
                        return true;
        return false;
}

#define DROP_IN "/etc/systemd/system/mtkbackupd.service.d/store.conf"

static void explain(Store *s, int error)
{
        if (error == -EWOULDBLOCK) {
                failure_set(&s->failure, 0, ERROR_STORE_FAILED,
                        "Another mtkbackupd writes to the store %s.", s->path);
                return;
        }
        failure_set(&s->failure, 0, ERROR_STORE_FAILED, "The store %s cannot be used: %s.", s->path,
                strerror(-error));
        if (error == -ENOENT)
                failure_hint(&s->failure,
                        "Mount the disk it is on, or make its folder, and restart mtkbackupd.");
        if (error != -EROFS && error != -EACCES && error != -EPERM)
                return;
        if (is_hidden(s->path))
                failure_hint(&s->failure,
                        "The service does not see home directories. If it shall keep it there: "
                        "create " DROP_IN " with the three lines \"[Service]\", "
                        "\"ProtectHome=tmpfs\" and \"BindPaths=%s\", and give the directory to "
                        "the user mtkbackup.",
                        s->path);
        else
                failure_hint(&s->failure,
                        "If the service shall keep it there: create " DROP_IN " with the two lines "
                        "\"[Service]\" and \"ReadWritePaths=-%s\", and give the directory to the "
                        "user mtkbackup.",
                        s->path);
}

void store_clean(Store *s)
{
        if (s->dirty && s->state == STORE_OK && s->busy == 0)
                store_open(s);
}

void store_open(Store *s)
{
        static const OperationOps ops = { .ended = on_open_ended };
        Message m;
        int r = s->dir < 0 ? open_directory(s) : 0;

        s->state = STORE_OPENING;
        s->failure = (Failure){ 0 };
        if (r < 0) {
                explain(s, r);
                s->lock = fd_close(s->lock);
                s->dir = fd_close(s->dir);
                opened(s, STORE_FAILED);
                return;
        }
        operation_message(&m, "open");
        if (start(s, &m, &ops, s, &s->opening, &s->failure) < 0)
                opened(s, STORE_FAILED);
}
