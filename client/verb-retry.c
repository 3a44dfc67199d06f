/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/error.h"
#include "client/follow.h"
#include "client/request.h"
#include "client/verb.h"

static int arg_wait = -1;

static const Option options[] = {
        { 'w', "wait", NULL, "follow the job until it ends (default on a terminal)", OPTION_SET,
                &arg_wait, 1 },
        { 0, "no-wait", NULL, "return as soon as the job is queued", OPTION_SET, &arg_wait, 0 },
        {},
};

static int run(int argc, char **argv)
{
        _cleanup_(request_done) Request q = {};
        bool wait = arg_wait < 0 ? stderr_is_terminal() : arg_wait;
        uint32_t job;

        int r = job_parse(argv[0], &job);
        if (r)
                return r;
        r = request_start_again(&q, job, wait);
        if (r)
                return r;
        r = request_send(&q);
        if (r)
                return r;
        return wait ? follow_run(q.follow) : request_print(&q);
}

const Verb verb_retry = {
        .name = "retry",
        .group = GROUP_JOBS,
        .synopsis = "[OPTION…] JOB",
        .summary = "queue a job that has ended once more, with all its options",
        .options = options,
        .min_args = 1,
        .max_args = 1,
        .needs_bus = true,
        .run = run,
};
