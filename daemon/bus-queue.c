/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/bus-queue.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "daemon/dispatch-admit.h"
#include "daemon/request.h"
#include "daemon/work.h"

static int read_text(sd_bus_message *m, void *out)
{
        const char *text;
        int r = sd_bus_message_read(m, "v", "s", &text);

        if (r < 0)
                return r;
        *(const char **)out = text;
        return 0;
}

static int read_texts(sd_bus_message *m, void *out)
{
        int r = sd_bus_message_enter_container(m, 'v', "as");

        if (r >= 0)
                r = sd_bus_message_read_strv(m, out);
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

typedef struct Options {
        RequestTexts texts; /* in the message */
        char **partitions;
} Options;

static void options_done(Options *o)
{
        for (char **p = o->partitions; p && *p; p++)
                free(*p);
        free(o->partitions);
}

static const struct {
        const char *key, *type;
        unsigned kinds; /* 1 << JobKind */
        int (*read)(sd_bus_message *m, void *out);
        size_t offset;
} options[] = {
        { "partitions", "as", 1 << JOB_BACKUP, read_texts, offsetof(Options, partitions) },
        { "device", "s", 1 << JOB_BACKUP | 1 << JOB_DETECT, read_text,
                offsetof(Options, texts.port) },
        { "name", "s", 1 << JOB_BACKUP | 1 << JOB_DETECT | 1 << JOB_VERIFY, read_text,
                offsetof(Options, texts.name) },
        { "backup", "s", 1 << JOB_VERIFY, read_text, offsetof(Options, texts.backup) },
        { "level", "s", 1 << JOB_VERIFY, read_text, offsetof(Options, texts.level) },
        { "chip", "s", 1 << JOB_BACKUP | 1 << JOB_DETECT, read_text,
                offsetof(Options, texts.chip) },
};

static int read_option(sd_bus_message *m, JobKind kind, Options *o, sd_bus_error *e)
{
        const char *key, *contents;
        int r = sd_bus_message_read(m, "s", &key);

        if (r >= 0)
                r = sd_bus_message_peek_type(m, NULL, &contents);
        if (r < 0)
                return r;
        for (size_t i = 0; i < ELEMENTS(options); i++) {
                void *out = (char *)o + options[i].offset;

                if (strcmp(options[i].key, key) != 0 || !(options[i].kinds & (1u << kind)))
                        continue;
                if (strcmp(contents, options[i].type) != 0)
                        return bus_error_setf(e, ERROR_INVALID_OPTION,
                                "Option \"%s\": expected a value of type \"%s\", not \"%.32s\".",
                                key, options[i].type, contents);
                if (*(void **)out)
                        return bus_error_setf(
                                e, ERROR_INVALID_OPTION, "Option \"%s\" is there twice.", key);
                return options[i].read(m, out);
        }
        return bus_error_setf(e, ERROR_INVALID_OPTION,
                "There is no option \"%.64s\" for jobs of the kind %s.", key,
                job_kind_to_string(kind));
}

static int read_options(sd_bus_message *m, JobKind kind, Options *o, sd_bus_error *e)
{
        int r = sd_bus_message_enter_container(m, 'a', "{sv}");

        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                r = read_option(m, kind, o, e);
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_request(sd_bus_message *m, JobRequest *request, sd_bus_error *e)
{
        _cleanup_(options_done) Options o = { 0 };
        const char *kind, *profile;
        Failure f = { 0 };
        int k, r = sd_bus_message_read(m, "ss", &kind, &profile);

        if (r < 0)
                return r;
        k = job_kind_from_string(kind);
        if (k < 0)
                return bus_error_setf(e, ERROR_INVALID_OPTION,
                        "There is no kind of job \"%.64s\"; there are backup, detect and verify.",
                        kind);
        r = read_options(m, (JobKind)k, &o, e);
        if (r < 0)
                return r;
        r = request_fill(request, (JobKind)k, profile, &o.texts, &o.partitions, &f);
        return failure_is_set(&f) ? bus_error_set(e, &f) : r;
}

/* Asks whether the caller may, and does it. What a handler has to return. */
static int enqueue(Bus *b, sd_bus_message *m, JobRequest *request, sd_bus_error *e)
{
        static const char *const actions[_JOB_KIND_MAX] = {
                [JOB_BACKUP] = ACTION_BACKUP,
                [JOB_DETECT] = ACTION_DETECT,
                [JOB_VERIFY] = ACTION_BACKUP,
        };
        _cleanup_free_ char *path = NULL;
        Failure f = { 0 };
        Job *j;
        bool go_on;
        int r = bus_authorize(b, m, actions[request->kind], &request->uid, &go_on, e);

        if (!go_on)
                return r;
        r = dispatch_admit(b->manager, request, &f);
        if (r == 0)
                r = queue_add(b->manager->queue, request, manager_now(b->manager), &j, &f);
        if (r < 0)
                return failure_is_set(&f) ? bus_error_set(e, &f) : r;
        work_schedule(b->manager);
        path = bus_job_path(j);
        if (!path)
                return -ENOMEM;
        return sd_bus_reply_method_return(m, "uo", j->id, path);
}

int bus_method_queue(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
        _cleanup_(job_request_done) JobRequest request = { 0 };
        int r = read_request(m, &request, e);

        return r < 0 ? r : enqueue(userdata, m, &request, e);
}

int bus_method_retry(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
        _cleanup_(job_request_done) JobRequest request = { 0 };
        const Job *j = userdata;
        int r = bus_read_no_options(m, e);

        if (r < 0)
                return r;
        if (!job_is_final(j))
                return bus_error_setf(e, ERROR_FAILED, "Job %u has not ended yet.", j->id);
        r = job_request_copy(&request, &j->request);
        return r < 0 ? r : enqueue(bus_of(m), m, &request, e);
}
