/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/error.h"
#include "client/help.h"

static int run(int argc, char **argv)
{
        if (argc == 0)
                return help_program();
        const Verb *verb = verb_find(argv[0]);
        if (!verb)
                return error_usage("unknown verb “%s”", argv[0]);
        return help_verb(verb);
}

const Verb verb_help = {
        .name = "help",
        .group = GROUP_SETUP,
        .synopsis = "[VERB]",
        .summary = "show all verbs, or explain one",
        .help = "With --json: all verbs, their options and the exit codes as one object.",
        .max_args = 1,
        .run = run,
};
