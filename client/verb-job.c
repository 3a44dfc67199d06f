/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>

#include "client/bus.h"
#include "client/details.h"
#include "client/error.h"
#include "client/verb.h"

static const Column rows[] = {
        { "Job", "id", COLUMN_NUMBER },
        { "Kind", "kind" },
        { "Name", "name" },
        { "State", "state" },
        { "Phase", "phase" },
        { "Do now", "user_action" },
        { "Profile", "profile" },
        { "USB port", "device" },
        { "Queued", "queued_at", COLUMN_TIME },
        { "Started", "started_at", COLUMN_TIME },
        { "Finished", "finished_at", COLUMN_TIME },
        { "Result", "result" },
        { "Backup", "backup" },
        { "Error", "error_name" },
        { "Message", "error_message" },
        { "Advice", "error_hint" },
        {},
};

static const Column progress_rows[] = {
        { "Reading", "item" },
        { "Done", "bytes_done", COLUMN_SIZE },
        { "Of", "bytes_total", COLUMN_SIZE },
        { "Bytes/s", "rate", COLUMN_SIZE },
        { "Ready at", "expected_end_time", COLUMN_TIME },
        {},
};

static int run(int argc, char **argv)
{
        _cleanup_bus_ sd_bus *bus = NULL;
        _cleanup_json_ json_t *job = NULL, *progress = NULL;
        uint32_t id;

        int r = job_parse(argv[0], &id);
        if (r)
                return r;
        r = bus_open(&bus);
        if (r)
                return r;
        _cleanup_free_ char *path = bus_job_path(id);
        if (!path)
                return error_errno(-ENOMEM, "cannot show job %u", id);
        r = bus_object(bus, path, IFACE_JOB, &job);
        if (r)
                return r;
        r = bus_object(bus, path, IFACE_JOB_PROGRESS, &progress);
        if (r)
                return r;
        if (arg_json) {
                json_object_set(job, "progress", progress);
                return out_json(json_incref(job));
        }
        details_print(rows, job);
        if (object_number(progress, "bytes_total"))
                details_print(progress_rows, progress);
        return EXIT_OK;
}

const Verb verb_job = {
        .name = "job",
        .group = GROUP_JOBS,
        .synopsis = "JOB",
        .summary = "show one job with its cause and what to do",
        .min_args = 1,
        .max_args = 1,
        .needs_bus = true,
        .run = run,
};
