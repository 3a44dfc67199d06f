/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <systemd/sd-event.h>

#include "client/error.h"
#include "client/follow.h"
#include "client/followed.h"
#include "client/output.h"
#include "client/owner.h"

enum { FOLLOW_JOBS_MAX = 1024 };

struct Follow {
        sd_bus *bus; /* borrowed */
        sd_event *event;
        Owner owner;
        bool served; /* the service was there */
        Followed *jobs;
        size_t n_jobs;
        bool all; /* new jobs join */
        bool timed_out;
        int code;   /* worst so far */
        bool ended; /* look no further; then end_code, when it is not 0, is the exit code */
        int end_code;
};

/* Not sd_event_exit(): that would close the bus, which the caller goes on using. */
static int follow_end(Follow *f, int code)
{
        f->ended = true;
        f->end_code = code;
        return 0;
}

static Followed *follow_find(const Follow *f, uint32_t id)
{
        for (size_t i = 0; i < f->n_jobs; i++)
                if (f->jobs[i].id == id)
                        return &f->jobs[i];
        return NULL;
}

static bool follow_done(const Follow *f)
{
        for (size_t i = 0; i < f->n_jobs; i++)
                if (!f->jobs[i].done)
                        return false;
        return true;
}

/* Shows what is new about a job. */
static void follow_show(Follow *f, Followed *j, bool progress)
{
        if (j->done)
                return;
        followed_show(j, progress, f->n_jobs > 1);
        if (!job_finished(j->job))
                return;
        j->done = true;
        status_line(NULL);
        if (!f->timed_out) {
                followed_print_result(j);
                f->code = exit_code_worse(f->code, followed_exit_code(j));
        }
        if (follow_done(f))
                follow_end(f, 0);
}

static int follow_append(Follow *f, json_t *job)
{
        uint32_t id = (uint32_t)object_number(job, "id");

        if (follow_find(f, id))
                return 0;
        if (f->n_jobs >= FOLLOW_JOBS_MAX)
                return -E2BIG;
        Followed *jobs = reallocarray(f->jobs, f->n_jobs + 1, sizeof(*jobs));
        if (!jobs)
                return -ENOMEM;
        f->jobs = jobs;
        if (!json_object_get(job, "progress"))
                json_object_set_new(job, "progress", json_object());
        f->jobs[f->n_jobs++] = (Followed){ .id = id, .job = json_incref(job) };
        return 0;
}

static bool path_job_id(const char *path, uint32_t *ret)
{
        unsigned id;
        int end = 0;

        if (!path || sscanf(path, PATH_JOBS "/_%u%n", &id, &end) != 1 || path[end])
                return false;
        *ret = id;
        return true;
}

/* A result comes in several signals: ask for all of it at once. */
static int follow_refresh(Follow *f, Followed *j)
{
        _cleanup_free_ char *path = bus_job_path(j->id);
        json_t *fresh;

        int r = path ? bus_object(f->bus, path, IFACE_JOB, &fresh) : EXIT_GENERAL;
        if (r)
                return follow_end(f, r);
        json_object_update(j->job, fresh);
        json_decref(fresh);
        follow_show(f, j, false);
        return 0;
}

static int on_properties(Follow *f, Followed *j, sd_bus_message *m)
{
        const char *interface;

        int r = sd_bus_message_read_basic(m, 's', &interface);
        if (r < 0)
                return r;
        bool progress = strcmp(interface, IFACE_JOB_PROGRESS) == 0;
        if (!progress && strcmp(interface, IFACE_JOB) != 0)
                return 0;
        r = bus_read_properties(m, progress ? json_object_get(j->job, "progress") : j->job);
        if (r < 0)
                return r;
        if (job_finished(j->job) && !j->done)
                return follow_refresh(f, j);
        follow_show(f, j, progress);
        return 0;
}

static int on_log(Followed *j, sd_bus_message *m)
{
        uint32_t level;
        const char *text;

        int r = sd_bus_message_read(m, "us", &level, &text);
        if (r < 0)
                return r;
        if (arg_json)
                out_event("log",
                        json_pack("{s:i, s:i, s:s}", "id", j->id, "level", level, "text", text));
        else
                message("job %u: %s", j->id, text);
        return 0;
}

static int on_new(Follow *f, sd_bus_message *m)
{
        const char *path;
        json_t *job;
        uint32_t id;

        if (!f->all || sd_bus_message_read(m, "uo", &id, &path) < 0 || follow_find(f, id))
                return 0;
        if (bus_object(f->bus, path, IFACE_JOB, &job))
                return 0;
        if (follow_append(f, job) == 0)
                follow_show(f, &f->jobs[f->n_jobs - 1], false);
        json_decref(job);
        return 0;
}

static int on_signal(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        Follow *f = userdata;
        const char *path = sd_bus_message_get_path(m);
        uint32_t id;
        int r = 0;

        if (!owner_sent(&f->owner, m))
                return 0;
        if (sd_bus_message_is_signal(m, IFACE_MANAGER, "JobNew"))
                return on_new(f, m);
        Followed *j = path_job_id(path, &id) ? follow_find(f, id) : NULL;
        if (!j)
                return 0;
        if (sd_bus_message_is_signal(m, "org.freedesktop.DBus.Properties", "PropertiesChanged"))
                r = on_properties(f, j, m);
        else if (sd_bus_message_is_signal(m, IFACE_JOB, "Log"))
                r = on_log(j, m);
        else if (sd_bus_message_is_signal(m, IFACE_JOB, "Finished"))
                r = j->done ? 0 : follow_refresh(f, j);
        /* a signal that cannot be read is not worth the end of the watch */
        return r < 0 ? 0 : r;
}

static void say_goes_on(const Follow *f)
{
        for (size_t i = 0; i < f->n_jobs; i++)
                if (!f->jobs[i].done)
                        message("Job %u goes on: “mtkbackupctl watch %u” shows it, "
                                "“mtkbackupctl cancel %u” ends it.",
                                f->jobs[i].id, f->jobs[i].id, f->jobs[i].id);
}

static void on_owner(void *userdata)
{
        Follow *f = userdata;

        if (!f->served) {
                f->served = true;
                return;
        }
        status_line(NULL);
        Failure failure = { .id = ERROR_FAILED };
        error_from_bus(&SD_BUS_ERROR_MAKE_CONST("org.freedesktop.DBus.Error.ServiceUnknown",
                               "it went away while the job was followed; a queued job goes on "
                               "when it is back"),
                0, &failure);
        follow_end(f, error_unreachable(&failure));
}

static int on_disconnected(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        Follow *f = userdata;

        status_line(NULL);
        return follow_end(f, error_bus(NULL, -ENOTCONN));
}

static int on_interrupt(sd_event_source *s, const struct signalfd_siginfo *si, void *userdata)
{
        Follow *f = userdata;

        status_line(NULL);
        say_goes_on(f);
        if (arg_json)
                out_event("detached", json_pack("{s:i}", "exit_code", EXIT_INTERRUPTED));
        return follow_end(f, EXIT_INTERRUPTED);
}

static int on_timeout(sd_event_source *s, uint64_t usec, void *userdata)
{
        Follow *f = userdata;
        size_t canceled = 0;

        for (size_t i = 0; i < f->n_jobs; i++) {
                const char *state = object_text(f->jobs[i].job, "state");
                if (strcmp(state, STATE_QUEUED) != 0 &&
                        strcmp(state, STATE_WAITING_FOR_DEVICE) != 0)
                        continue;
                _cleanup_free_ char *path = bus_job_path(f->jobs[i].id);
                if (path && bus_call(f->bus, path, IFACE_JOB, "Cancel", NULL, "a{sv}", 0) == 0)
                        canceled++;
        }
        if (!canceled)
                return 0;
        f->timed_out = true;
        status_line(NULL);
        return follow_end(f,
                error_fail(ERROR_HANDSHAKE_TIMEOUT,
                        "no phone appeared in time; the job was canceled"));
}

void follow_set_timeout(Follow *f, uint64_t seconds)
{
        sd_event_add_time_relative(f->event, NULL, CLOCK_BOOTTIME,
                MIN(seconds, UINT64_C(1) << 32) * 1000000, 0, on_timeout, f);
}

static int follow_subscribe(Follow *f)
{
        static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
        sigset_t set;

        int r = sd_event_new(&f->event);
        if (r < 0)
                return r;
        sigemptyset(&set);
        for (size_t i = 0; i < ELEMENTS(signals); i++)
                sigaddset(&set, signals[i]);
        sigprocmask(SIG_BLOCK, &set, NULL);
        for (size_t i = 0; i < ELEMENTS(signals) && r >= 0; i++)
                r = sd_event_add_signal(f->event, NULL, signals[i], on_interrupt, f);
        if (r < 0)
                return r;
        r = sd_bus_attach_event(f->bus, f->event, 0);
        if (r < 0)
                return r;
        /* first, so that the owner is known before its first signal comes */
        r = owner_watch(&f->owner, f->bus, BUS_NAME, on_owner, f);
        if (r < 0)
                return r;
        r = sd_bus_add_match(f->bus, NULL,
                "type='signal',sender='" BUS_NAME "',path_namespace='" PATH_MANAGER "'", on_signal,
                f);
        if (r < 0)
                return r;
        return sd_bus_match_signal(f->bus, NULL, NULL, "/org/freedesktop/DBus/Local",
                "org.freedesktop.DBus.Local", "Disconnected", on_disconnected, f);
}

int follow_new(sd_bus *bus, Follow **ret)
{
        _cleanup_(follow_freep) Follow *f = calloc(1, sizeof(*f));

        if (!f)
                return error_errno(-ENOMEM, "cannot follow the job");
        f->bus = bus;
        int r = follow_subscribe(f);
        if (r < 0)
                return error_bus(NULL, r);
        *ret = TAKE_PTR(f);
        return 0;
}

Follow *follow_free(Follow *f)
{
        if (!f)
                return NULL;
        for (size_t i = 0; i < f->n_jobs; i++) {
                json_decref(f->jobs[i].job);
                free(f->jobs[i].shown_state);
                free(f->jobs[i].shown_action);
                free(f->jobs[i].shown_item);
        }
        free(f->jobs);
        owner_done(&f->owner);
        sd_bus_detach_event(f->bus);
        sd_event_unref(f->event);
        free(f);
        return NULL;
}

int follow_add(Follow *f, uint32_t id)
{
        _cleanup_json_ json_t *job = NULL;
        _cleanup_free_ char *path = bus_job_path(id);

        int r = path ? bus_object(f->bus, path, IFACE_JOB, &job)
                     : error_errno(-ENOMEM, "cannot follow job %u", id);
        if (r)
                return r;
        r = follow_append(f, job);
        return r < 0 ? error_errno(r, "cannot follow job %u", id) : 0;
}

int follow_add_all(Follow *f)
{
        _cleanup_json_ json_t *list = NULL;
        json_t *job;
        size_t i;

        int r = bus_objects(f->bus, IFACE_JOB, &list);
        if (r)
                return -r;
        f->all = true;
        json_array_foreach(list, i, job) if (!job_finished(job)) follow_append(f, job);
        return (int)f->n_jobs;
}

int follow_run(Follow *f)
{
        f->code = EXIT_OK;
        if (f->n_jobs == 0)
                return EXIT_OK;
        for (size_t i = 0; i < f->n_jobs; i++)
                follow_show(f, &f->jobs[i], false);
        int r = 0;
        while (!f->ended && r >= 0)
                r = sd_event_run(f->event, UINT64_MAX);
        status_line(NULL);
        if (r < 0)
                return error_errno(r, "cannot follow the job");
        return f->end_code ? f->end_code : f->code;
}
