/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/error.h"
#include "client/follow.h"
#include "client/verb.h"

static int run(int argc, char **argv)
{
        _cleanup_bus_ sd_bus *bus = NULL;
        _cleanup_(follow_freep) Follow *follow = NULL;
        uint32_t id = 0;

        int r = argc > 0 ? job_parse(argv[0], &id) : 0;
        if (r)
                return r;
        r = bus_open(&bus);
        if (r)
                return r;
        r = follow_new(bus, &follow);
        if (r)
                return r;
        if (argc > 0) {
                r = follow_add(follow, id);
                return r ? r : follow_run(follow);
        }
        r = follow_add_all(follow);
        if (r < 0)
                return -r;
        if (r == 0) {
                message("no job is queued or running");
                return EXIT_NOTHING;
        }
        return follow_run(follow);
}

const Verb verb_watch = {
        .name = "watch",
        .group = GROUP_JOBS,
        .synopsis = "[JOB]",
        .summary = "follow a job, or all of them, to the end",
        .help = "Without a number it ends when no job is queued or running any more, with the "
                "exit\n"
                "code of the worst; with none at the start the exit code is 4.",
        .max_args = 1,
        .needs_bus = true,
        .run = run,
};
