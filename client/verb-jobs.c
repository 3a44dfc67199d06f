/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/bus.h"
#include "client/columns.h"
#include "client/error.h"
#include "client/lists.h"
#include "client/verb.h"

static const Column columns[] = {
        { "JOB", "id", COLUMN_NUMBER },
        { "KIND", "kind" },
        { "STATE", "state" },
        { "DONE", "percent" },
        { "PROFILE", "profile", .shrink = true },
        { "PORT", "device" },
        { "QUEUED", "queued_at", COLUMN_TIME },
        { "RESULT", "outcome", .shrink = true },
        {},
};

int jobs_print(json_t *list)
{
        json_t *job;
        size_t i;

        json_array_foreach(list, i, job)
        {
                /* what tells most about it: the error, else the backup, else what to do now */
                const char *keys[] = { "error_message", "backup", "user_action", "result" };
                for (size_t k = 0; k < ELEMENTS(keys); k++)
                        if (*object_text(job, keys[k])) {
                                json_object_set(job, "outcome", json_object_get(job, keys[k]));
                                break;
                        }
                double part = json_real_value(
                        json_object_get(json_object_get(job, "progress"), "progress"));
                if (part > 0)
                        json_object_set_new(job, "percent", json_sprintf("%.0f%%", part * 100));
        }
        return columns_print(columns, list, "no jobs");
}

static int run(int argc, char **argv)
{
        return list_show("jobs", IFACE_JOB, jobs_print);
}

const Verb verb_jobs = {
        .name = "jobs",
        .group = GROUP_JOBS,
        .summary = "list queued, running and finished jobs",
        .needs_bus = true,
        .run = run,
};
