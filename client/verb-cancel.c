/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/bus.h"
#include "client/error.h"
#include "client/verb.h"

static int cancel(sd_bus *bus, const char *word)
{
        uint32_t id;

        int r = bus_call_job(bus, word, "Cancel", &id);
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
