/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/agents.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <string.h>
#include <sys/stat.h>

#include "basic/fd.h"
#include "basic/log.h"
#include "wire/verbs.h"

#define AGENTS_DIRECTORY "agents"
#define TEMPORARY_PREFIX ".import-"

/* One file on its way into the list: being imported, or being looked at again after a start. */
typedef struct Task {
        Agents *agents;
        Operation *operation;
        Agent *agent;
        char temporary[32]; /* "" when the file lies at its place already */
        Failure failure;
        AgentImported imported; /* NULL at a start */
        void *userdata;
} Task;

struct Agents {
        sd_event *event;          /* borrowed */
        const HelperSetup *setup; /* borrowed */
        int dir;
        void (*changed)(void *userdata);
        void *userdata;
        Agent *list[AGENTS_MAX]; /* in the order of their import */
        size_t n;
        char *files[AGENTS_MAX]; /* still to be looked at */
        size_t n_files, next_file;
        bool loaded;
        Task *tasks[AGENT_IMPORTS_MAX + 1];
        unsigned serial;
};

static void remove_temporary(Task *t)
{
        if (t->temporary[0])
                (void)unlinkat(t->agents->dir, t->temporary, 0);
        t->temporary[0] = 0;
}

static Task *task_free(Task *t)
{
        if (!t)
                return NULL;
        remove_temporary(t);
        operation_free(t->operation);
        agent_free(t->agent);
        free(t);
        return NULL;
}
DEFINE_CLEANUP(Task, task_free)

Agents *agents_free(Agents *a)
{
        if (!a)
                return NULL;
        for (size_t i = 0; i < ELEMENTS(a->tasks); i++)
                task_free(a->tasks[i]);
        for (size_t i = 0; i < a->n; i++)
                agent_free(a->list[i]);
        for (size_t i = 0; i < a->n_files; i++)
                free(a->files[i]);
        fd_close(a->dir);
        free(a);
        return NULL;
}

int agents_new(sd_event *event, const HelperSetup *setup, int state_dir,
        void (*changed)(void *userdata), void *userdata, Agents **ret)
{
        _cleanup_(agents_freep) Agents *a = calloc(1, sizeof *a);

        if (!a)
                return -ENOMEM;
        *a = (Agents){
                .event = event, .setup = setup, .changed = changed, .userdata = userdata, .dir = -1
        };
        a->dir = dir_make_at(state_dir, AGENTS_DIRECTORY, 0700);
        if (a->dir < 0)
                return a->dir;
        *ret = TAKE_PTR(a);
        return 0;
}

/* ---- looking up ---- */

bool agents_ready(const Agents *a)
{
        return a->loaded;
}

size_t agents_count(const Agents *a)
{
        return a->n;
}

const Agent *agents_at(const Agents *a, size_t i)
{
        return a->list[i];
}

const Agent *agents_pick(const Agents *a, const AgentWanted *w)
{
        const Agent *best = NULL;
        uint64_t grade = 0;

        for (size_t i = 0; i < a->n; i++) {
                uint64_t g = agent_grade(a->list[i], w);

                if (g > 0 && g >= grade) {
                        best = a->list[i];
                        grade = g;
                }
        }
        return best;
}

const Agent *agents_pick_preloader(const Agents *a, const char *pattern, size_t *ret_n)
{
        const Agent *found = NULL;

        *ret_n = 0;
        for (size_t i = 0; i < a->n; i++) {
                if (!agent_is_preloader(a->list[i]))
                        continue;
                if (strcmp(pattern, "auto") != 0 && fnmatch(pattern, a->list[i]->name, 0) != 0)
                        continue;
                found = a->list[i];
                (*ret_n)++;
        }
        /* the wrong settings can hang a phone until its battery is out: no guessing */
        return *ret_n == 1 ? found : NULL;
}

bool agents_have(const Agents *a, const AgentWanted *w)
{
        return agents_pick(a, w);
}

int agents_open(const Agents *a, const Agent *agent)
{
        int fd = openat(a->dir, agent->file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

        return fd < 0 ? -errno : fd;
}

static size_t find(const Agents *a, const char *id)
{
        for (size_t i = 0; i < a->n; i++)
                if (strcmp(a->list[i]->id, id) == 0)
                        return i;
        return SIZE_MAX;
}

/* ---- a file is looked at ---- */

static void load_next(Agents *a);

static void on_message(void *userdata, const Message *m)
{
        Task *t = userdata;
        int r;

        if (!message_is(m, VERB_ENTRY))
                return;
        r = agent_add_entry(t->agent, m);
        if (r < 0)
                failure_set(&t->failure, r, ERROR_INVALID_FILE,
                        "The file has more entries than a download agent can have.");
}

/* Gives a checked file its name. The keeper has flushed the bytes, the name is flushed here. */
static int put_in_place(Task *t)
{
        Agents *a = t->agents;

        if (t->temporary[0] == 0)
                return 0;
        snprintf(t->agent->file, sizeof t->agent->file, "%s-%s.bin", t->agent->id, t->agent->name);
        if (renameat(a->dir, t->temporary, a->dir, t->agent->file) < 0 || fsync(a->dir) < 0)
                return failure_set(&t->failure, -errno, ERROR_STORE_FAILED,
                        "The download agent cannot be kept: %s.", strerror(errno));
        t->temporary[0] = 0;
        return 0;
}

/* The agent of the finished task, in the list; NULL with the task's failure. */
static const Agent *settle(Task *t, const Message *done)
{
        Agents *a = t->agents;
        size_t known;

        if (failure_is_set(&t->failure))
                return NULL;
        if (agent_set_sha256(t->agent, message_text(done, "SHA256")) < 0) {
                failure_set(&t->failure, -EBADMSG, ERROR_FAILED,
                        "The process that checked the file did not say its sum.");
                return NULL;
        }
        if (t->agent->n_entries == 0) {
                failure_set(&t->failure, -EINVAL, ERROR_INVALID_FILE,
                        "The file names no chip that it is for.");
                return NULL;
        }
        known = find(a, t->agent->id);
        if (known != SIZE_MAX)
                return a->list[known];
        if (a->n == AGENTS_MAX) {
                failure_set(&t->failure, -ENOSPC, ERROR_QUEUE_FULL,
                        "%d download agents are imported already, which is the most.", AGENTS_MAX);
                return NULL;
        }
        if (put_in_place(t) < 0)
                return NULL;
        return a->list[a->n++] = TAKE_PTR(t->agent);
}

static void on_ended(void *userdata, const Failure *f, const Message *done)
{
        _cleanup_(task_freep) Task *t = userdata;
        Agents *a = t->agents;
        const Agent *agent = NULL;

        for (size_t i = 0; i < ELEMENTS(a->tasks); i++)
                if (a->tasks[i] == t)
                        a->tasks[i] = NULL;
        if (f)
                t->failure = *f;
        else
                agent = settle(t, done);
        /* before anybody is told */
        remove_temporary(t);
        if (t->imported)
                t->imported(t->userdata, agent, agent ? NULL : &t->failure);
        else if (!agent)
                log_warning("The download agent %s cannot be used: %s", t->agent->file,
                        t->failure.text);
        if (!t->imported)
                load_next(a);
        else if (agent)
                a->changed(a->userdata);
}

static const OperationOps operation_ops = { .message = on_message, .ended = on_ended };

static int task_start(Task *t, Task **place, int in, int out, Failure *f)
{
        Agents *a = t->agents;
        Message m;
        int r;

        operation_message(&m, "agent");
        message_add_fd(&m, in);
        if (out >= 0)
                message_add_fd(&m, out);
        r = operation_start(a->event, a->setup, -1, &m, &operation_ops, t, &t->operation, f);
        if (r == 0)
                *place = t;
        return r;
}

static int task_new(Agents *a, const char *name, Task **ret)
{
        _cleanup_(task_freep) Task *t = calloc(1, sizeof *t);

        if (!t)
                return -ENOMEM;
        t->agents = a;
        t->agent = calloc(1, sizeof *t->agent);
        if (!t->agent)
                return -ENOMEM;
        agent_set_name(t->agent, name);
        *ret = TAKE_PTR(t);
        return 0;
}

/* ---- import ---- */

int agents_import(
        Agents *a, const char *name, int file, AgentImported imported, void *userdata, Failure *f)
{
        _cleanup_(task_freep) Task *t = NULL;
        _cleanup_close_ int out = -1;
        size_t place = 1;
        int r;

        while (place < ELEMENTS(a->tasks) && a->tasks[place])
                place++;
        if (place == ELEMENTS(a->tasks))
                return failure_set(f, -EBUSY, ERROR_QUEUE_FULL,
                        "%d files are being imported already; try again in a moment.",
                        AGENT_IMPORTS_MAX);
        r = task_new(a, name, &t);
        if (r < 0)
                return r;
        t->imported = imported;
        t->userdata = userdata;
        snprintf(t->temporary, sizeof t->temporary, TEMPORARY_PREFIX "%u", a->serial++);
        out = openat(a->dir, t->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (out < 0)
                return failure_set(f, -errno, ERROR_STORE_FAILED,
                        "The download agent cannot be kept: %s.", strerror(errno));
        r = task_start(t, &a->tasks[place], file, out, f);
        if (r == 0)
                t = NULL;
        return r;
}

/* ---- start ---- */

/* The name a file had when it was imported: without the id in front, if there is one. */
static const char *name_of_file(const char *file)
{
        if (strspn(file, "0123456789abcdef") == AGENT_ID_LENGTH && file[AGENT_ID_LENGTH] == '-')
                return file + AGENT_ID_LENGTH + 1;
        return file;
}

static int start_check(Agents *a, const char *file)
{
        _cleanup_(task_freep) Task *t = NULL;
        _cleanup_close_ int fd = openat(a->dir, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        Failure f = { 0 };
        int r;

        if (fd < 0)
                return -errno;
        r = task_new(a, name_of_file(file), &t);
        if (r < 0)
                return r;
        snprintf(t->agent->file, sizeof t->agent->file, "%s", file);
        r = task_start(t, &a->tasks[0], fd, -1, &f);
        if (r == 0)
                t = NULL;
        return r;
}

static void load_next(Agents *a)
{
        while (a->next_file < a->n_files) {
                const char *file = a->files[a->next_file++];
                int r = start_check(a, file);

                if (r == 0)
                        return;
                log_warning("The download agent %s cannot be looked at: %s", file, strerror(-r));
        }
        a->loaded = true;
        a->changed(a->userdata);
}

static bool is_agent_file(const char *name)
{
        size_t n = strlen(name);

        return name[0] != '.' && n > 4 && n < sizeof(((Agent *)NULL)->file) &&
                strcmp(name + n - 4, ".bin") == 0;
}

static int64_t import_time(const Agents *a, const char *file)
{
        struct stat st;

        return fstatat(a->dir, file, &st, AT_SYMLINK_NOFOLLOW) < 0 ? 0 : st.st_mtim.tv_sec;
}

static int list_files(Agents *a)
{
        _cleanup_closedir_ DIR *d = NULL;
        struct dirent *entry;
        int fd = openat(a->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        d = fd < 0 ? NULL : fdopendir(fd);
        if (!d)
                return -errno;
        while ((errno = 0, entry = readdir(d))) {
                char *name;
                size_t i;

                if (strncmp(entry->d_name, TEMPORARY_PREFIX, strlen(TEMPORARY_PREFIX)) == 0)
                        (void)unlinkat(a->dir, entry->d_name, 0);
                if (!is_agent_file(entry->d_name) || a->n_files == AGENTS_MAX)
                        continue;
                name = strdup(entry->d_name);
                if (!name)
                        return -ENOMEM;
                for (i = a->n_files++;
                        i > 0 && import_time(a, a->files[i - 1]) > import_time(a, name); i--)
                        a->files[i] = a->files[i - 1];
                a->files[i] = name;
        }
        return -errno;
}

int agents_load(Agents *a)
{
        int r = list_files(a);

        if (r < 0)
                return r;
        load_next(a);
        return 0;
}
