/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>

#include "client/bus.h"
#include "client/error.h"
#include "client/follow.h"
#include "client/verb.h"

static int cancel(sd_bus *bus, const char *word)
{
        uint32_t id;

        int r = job_parse(word, &id);
        if (r)
                return r;
        _cleanup_free_ char *path = bus_job_path(id);
        if (!path)
                return error_errno(-ENOMEM, "cannot cancel job %u", id);
        r = bus_call(bus, path, IFACE_JOB, "Cancel", NULL, "a{sv}", 0);
        if (r)
                return r;
        if (arg_json)
                out_event("canceled", json_pack("{s:i}", "id", (int)id));
        else
                message("job %u is canceled", id);
        return EXIT_OK;
}

static int run(int argc, char **argv)
{
        return bus_for_each(argc, argv, cancel);
}

const Verb verb_cancel = {
        .name = "cancel",
        .group = GROUP_JOBS,
        .synopsis = "JOB…",
        .summary = "end jobs; a running one lets its phone go cleanly",
        .min_args = 1,
        .max_args = -1,
        .needs_bus = true,
        .run = run,
};
