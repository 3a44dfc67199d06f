/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "client/error.h"
#include "client/follow.h"
#include "client/request.h"
#include "client/verb.h"

static const char *arg_profile, *arg_partitions, *arg_device, *arg_name, *arg_chip;
static int arg_wait = -1;
static uint64_t arg_timeout;

static const Option options[] = {
        { 'p', "profile", "PROFILE", "what to back up; “mtkbackupctl profiles” lists them",
                OPTION_STRING, &arg_profile },
        { 0, "partitions", "GLOB,…", "only partitions that match", OPTION_STRING, &arg_partitions },
        { 'd', "device", "PORT", "only a phone on this USB port", OPTION_STRING, &arg_device },
        { 0, "chip", "CHIP", "try a phone of no known chip as this one", OPTION_STRING, &arg_chip },
        { 'n', "name", "TEXT", "a name for the backup", OPTION_STRING, &arg_name },
        { 'w', "wait", NULL, "follow the job until it ends (default on a terminal)", OPTION_SET,
                &arg_wait, 1 },
        { 0, "no-wait", NULL, "return as soon as the job is queued", OPTION_SET, &arg_wait, 0 },
        { 't', "timeout", "SECONDS", "cancel the job when no phone has appeared by then",
                OPTION_NUMBER, &arg_timeout },
        {},
};

static int run(int argc, char **argv)
{
        _cleanup_(request_done) Request q = {};

        if (!arg_profile)
                return error_usage("which profile? “mtkbackupctl queue --profile PROFILE”");
        if (arg_partitions && !arg_partitions[strspn(arg_partitions, ",")])
                return error_usage("--partitions names none; without it everything is backed up");
        bool wait = arg_wait < 0 ? stderr_is_terminal() : arg_wait;
        if (arg_timeout && !wait)
                return error_usage("--timeout needs --wait");

        int r = request_start(&q, "backup", arg_profile, wait);
        if (r)
                return r;
        r = request_option(&q, "device", arg_device);
        r = r < 0 ? r : request_option(&q, "name", arg_name);
        r = r < 0 ? r : request_option(&q, "chip", arg_chip);
        r = r < 0 ? r : request_option_list(&q, "partitions", arg_partitions);
        if (r < 0)
                return error_bus(NULL, r);
        r = request_send(&q);
        if (r)
                return r;
        if (!wait)
                return request_print(&q);
        if (arg_timeout)
                follow_set_timeout(q.follow, arg_timeout);
        message("job %u: queued; plug the phone in, switched off", q.id);
        return follow_run(q.follow);
}

const Verb verb_queue = {
        .name = "queue",
        .group = GROUP_JOBS,
        .synopsis = "[OPTION…] --profile PROFILE",
        .summary = "queue a backup of the next phone that fits",
        .help = "The service waits for a phone in download mode that the profile is made for and\n"
                "backs it up. On a terminal the job is followed to its end; ^C ends the following\n"
                "only, the job goes on. Otherwise the number of the job is printed at once. When "
                "a\n"
                "followed job ends, the id of the backup is printed and the exit code is its "
                "result.",
        .options = options,
        .needs_bus = true,
        .run = run,
};
