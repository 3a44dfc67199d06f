/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "client/bus.h"
#include "client/error.h"
#include "client/follow.h"
#include "client/lists.h"
#include "client/verb.h"

/* Jobs that are not finished. */
static json_t *open_jobs(json_t *list)
{
        json_t *open = json_array(), *job;
        size_t i;

        json_array_foreach(list, i, job) if (!job_finished(job)) json_array_append(open, job);
        return open;
}

static int status_print(json_t *manager, json_t *devices, json_t *jobs)
{
        unsigned n = (unsigned)object_number(manager, "backup_count");

        const char *state = object_text(manager, "store_state");
        bool usable = strcmp(state, "ok") == 0 || strcmp(state, "opening") == 0;

        out_line("mtkbackupd %s, %u backup%s in %s (%s)", object_text(manager, "version"), n,
                n == 1 ? "" : "s", object_text(manager, "store_path"),
                usable ? state : "cannot be used");
        if (!usable)
                out_line("%s", state);
        int r = 0;
        if (json_array_size(devices)) {
                out_line("%s", "");
                r = devices_print(devices);
        } else {
                out_line("No phone in download mode.");
        }
        if (r < 0)
                return error_errno(r, "cannot print the table");
        if (json_array_size(jobs)) {
                out_line("%s", "");
                r = jobs_print(jobs);
        } else {
                out_line("No job is queued or running.");
        }
        return r < 0 ? error_errno(r, "cannot print the table") : EXIT_OK;
}

static int run(int argc, char **argv)
{
        _cleanup_bus_ sd_bus *bus = NULL;
        _cleanup_json_ json_t *manager = NULL, *devices = NULL, *jobs = NULL, *open = NULL;

        int r = bus_open(&bus);
        if (r)
                return r;
        r = bus_object(bus, PATH_MANAGER, IFACE_MANAGER, &manager);
        if (r)
                return r;
        r = bus_objects(bus, IFACE_DEVICE, &devices);
        if (r)
                return r;
        r = bus_objects(bus, IFACE_JOB, &jobs);
        if (r)
                return r;
        open = open_jobs(jobs);
        if (!arg_json)
                return status_print(manager, devices, open);
        json_object_set(manager, "devices", devices);
        json_object_set(manager, "jobs", open);
        return out_json(json_incref(manager));
}

const Verb verb_status = {
        .name = "status",
        .group = GROUP_JOBS,
        .summary = "show the service, phones and jobs (the default)",
        .needs_bus = true,
        .run = run,
};
