/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/error.h"
#include "client/request.h"
#include "client/verb.h"

static const char *arg_level;
static int arg_wait = 1;

static const Option options[] = {
        { 'l', "level", "structure|data",
                "is everything there, or is every byte right as well (data)", OPTION_STRING,
                &arg_level },
        { 0, "no-wait", NULL, "return as soon as the job is queued", OPTION_SET, &arg_wait, 0 },
        {},
};

static int run(int argc, char **argv)
{
        _cleanup_(request_done) Request q = {};
        _cleanup_free_ char *id = NULL;

        int r = request_start(&q, "verify", "", arg_wait);
        if (r)
                return r;
        r = backup_resolve(q.bus, argv[0], &id);
        if (r)
                return r;
        r = request_option(&q, "backup", id);
        r = r < 0 ? r : request_option(&q, "level", arg_level);
        if (r < 0)
                return error_bus(NULL, r);
        r = request_send(&q);
        if (r)
                return r;
        return arg_wait ? follow_run(q.follow) : request_print(&q);
}

const Verb verb_verify = {
        .name = "verify",
        .group = GROUP_BACKUPS,
        .synopsis = "[OPTION…] BACKUP",
        .summary = "read a backup from the disk again and check every byte",
        .help = "Exit code 9 when something is damaged; the messages name partition and offset.",
        .options = options,
        .min_args = 1,
        .max_args = 1,
        .needs_bus = true,
        .run = run,
};
