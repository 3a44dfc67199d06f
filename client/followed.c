/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/followed.h"

#include <string.h>
#include <time.h>

#include "client/bus.h"
#include "client/error.h"
#include "client/job-state.h"
#include "client/output.h"
#include "client/progress.h"

/* ---- the result ---- */

static ErrorId job_error(const json_t *job)
{
        const char *name = object_text(job, "error_name");

        if (strncmp(name, ERROR_PREFIX, strlen(ERROR_PREFIX)) == 0)
                name += strlen(ERROR_PREFIX);
        return *name ? error_from_string(name) : ERROR_NONE;
}

int followed_exit_code(const Followed *j)
{
        static const struct {
                const char *result;
                int code;
        } results[] = {
                { "complete", EXIT_OK },
                { "done", EXIT_OK },
                { "complete-with-errors", EXIT_INCOMPLETE },
                { "canceled", EXIT_CANCELED },
        };
        const char *result = object_text(j->job, "result");

        for (size_t i = 0; i < ELEMENTS(results); i++)
                if (strcmp(result, results[i].result) == 0)
                        return results[i].code;
        ErrorId id = job_error(j->job);
        return id == ERROR_NONE ? EXIT_GENERAL : error_exit_code(id);
}

void followed_print_result(const Followed *j)
{
        const json_t *job = j->job;
        const char *result = object_text(job, "result"), *text = object_text(job, "error_message"),
                   *hint = object_text(job, "error_hint"), *backup = object_text(job, "backup");
        unsigned id = (unsigned)object_number(job, "id");
        bool color = color_wanted(stderr);
        int code = followed_exit_code(j);

        if (arg_json) {
                json_t *copy = json_deep_copy(job);
                json_object_set_new(copy, "exit_code", json_integer(code));
                out_event("result", copy);
                return;
        }
        /* colours are ours, the words are not */
        const char *on = !color ? "" : code == EXIT_OK ? "\033[32m" : "\033[31m";
        fprintf(stderr, "%s", on);
        if (code == EXIT_OK && strcmp(object_text(job, "kind"), "verify") == 0)
                message("job %u: %s is intact", id, backup);
        else
                message("job %u: %s%s%s", id, *result ? result : object_text(job, "state"),
                        *text ? ": " : "", text);
        fprintf(stderr, "%s", *on ? "\033[0m" : "");
        if (*hint)
                message("%s", hint);
        if (*backup && strcmp(object_text(job, "kind"), "backup") == 0)
                out_line("%s", backup);
}

/* ---- on the way there ---- */

/* Remembers what was shown; true when it is something new. */
static bool shown_changed(char **shown, const char *now)
{
        if (strcmp(*shown ?: "", now) == 0)
                return false;
        free(*shown);
        *shown = strdup(now);
        return true;
}

static uint64_t seconds_left(const json_t *progress)
{
        uint64_t end = format_parse_rfc3339(object_text(progress, "expected_end_time")) / 1000000,
                 now = (uint64_t)time(NULL);

        if (!end)
                return UINT64_MAX;
        return end > now ? end - now : 0;
}

static void show_progress(Followed *j, bool several)
{
        const json_t *p = json_object_get(j->job, "progress");
        const char *item = object_text(p, "item"), *state = object_text(j->job, "state");
        char what[160], size[FORMAT_MAX];

        if (strcmp(state, STATE_RUNNING) != 0 && strcmp(state, STATE_VERIFYING) != 0)
                return;
        const char *doing = job_doing(j->job);
        /* the item is what is being read; it stays what it was while that is put into place */
        if (strcmp(doing, "reading") != 0 && strcmp(object_text(j->job, "kind"), "verify") != 0)
                item = "";
        int n = several ? snprintf(what, sizeof(what), "job %u: ", j->id) : 0;
        snprintf(what + n, sizeof(what) - (size_t)n, "%s%s%s", doing, *item ? " " : "", item);
        if (shown_changed(&j->shown_item, what) && !stderr_is_terminal() && *item)
                message("job %u: %s %s (%u of %u, %s done)", j->id, doing, item,
                        (unsigned)object_number(p, "item_index") + 1,
                        (unsigned)object_number(p, "item_count"),
                        format_size(object_number(p, "bytes_done"), size));
        progress_draw(&(ProgressLine){
                .what = what,
                .done = object_number(p, "bytes_done"),
                .total = object_number(p, "bytes_total"),
                .rate = object_number(p, "rate"),
                .remaining = seconds_left(p),
        });
}

static void show_json(Followed *j, bool progress)
{
        json_t *copy;

        if (progress) {
                copy = json_copy(json_object_get(j->job, "progress"));
                json_object_set_new(copy ?: (copy = json_object()), "id", json_integer(j->id));
                out_event("progress", copy);
                return;
        }
        copy = json_copy(j->job);
        json_object_del(copy, "progress");
        out_event("job", copy);
}

static void show_state(Followed *j)
{
        const char *state = object_text(j->job, "state"),
                   *action = object_text(j->job, "user_action");

        bool waiting = strncmp(state, "waiting-", 8) == 0 || strcmp(state, STATE_QUEUED) == 0;
        if (shown_changed(&j->shown_state, state) && !job_finished(j->job)) {
                if (waiting || strcmp(state, STATE_PAUSED) == 0)
                        status_line(NULL);
                message("job %u: %s", j->id, state);
        }
        if (shown_changed(&j->shown_action, action) && *action)
                message("job %u: %s", j->id, action);
}

void followed_show(Followed *j, bool progress, bool several)
{
        if (arg_json && !job_finished(j->job))
                show_json(j, progress);
        if (!arg_json && !progress)
                show_state(j);
        if (!arg_json && !job_finished(j->job))
                show_progress(j, several);
}
