/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/command-line.h"

#include <errno.h>
#include <getopt.h>

#include "client/error.h"
#include "client/help.h"
#include "client/number.h"
#include "client/output.h"
#include "client/tty-agent.h"
#include "client/verb.h"

enum { OPTIONS_MAX = 40, OPTION_BASE = 256 };

/* the options of one getopt_long run and what it wants to know about them */
typedef struct Parser {
        const Option *options[OPTIONS_MAX];
        struct option longs[OPTIONS_MAX + 1];
        char letters[2 * OPTIONS_MAX + 4];
        int n;
} Parser;

static void parser_add(Parser *p, const Option *options)
{
        for (const Option *o = options; o && o->name && p->n < OPTIONS_MAX; o++) {
                p->longs[p->n] = (struct option){
                        .name = o->name,
                        .has_arg = o->arg ? required_argument : no_argument,
                        .val = OPTION_BASE + p->n,
                };
                if (o->letter) {
                        size_t l = strlen(p->letters);
                        p->letters[l++] = o->letter;
                        p->letters[l] = o->arg ? ':' : 0;
                }
                p->options[p->n++] = o;
        }
}

static const Option *parser_option(const Parser *p, int c)
{
        if (c >= OPTION_BASE && c < OPTION_BASE + p->n)
                return p->options[c - OPTION_BASE];
        for (int i = 0; i < p->n; i++)
                if (p->options[i]->letter && p->options[i]->letter == c)
                        return p->options[i];
        return NULL;
}

static int option_apply(const Option *o, const char *value)
{
        switch (o->kind) {
        case OPTION_FLAG: *(bool *)o->target = true; return 0;
        case OPTION_SET: *(int *)o->target = o->value; return 0;
        case OPTION_STRING: *(const char **)o->target = value; return 0;
        case OPTION_NUMBER:
        case OPTION_SIZE: return number_parse(value, o->kind == OPTION_SIZE, o->target);
        }
        return -EINVAL;
}

/* One pass over argv from optind on; stop_early ends it at the first word that is no option.
 * 0 or an exit code. */
static int options_parse(const Option *own, bool stop_early, int argc, char **argv)
{
        Parser p = {};
        int c;

        strcpy(p.letters, stop_early ? "+:" : ":");
        parser_add(&p, common_options);
        parser_add(&p, own);
        opterr = 0;
        while ((c = getopt_long(argc, argv, p.letters, p.longs, NULL)) >= 0) {
                const char *word = argv[optind - 1];
                if (c == ':')
                        return error_usage("option “%s” needs a value", word);
                const Option *o = c == '?' ? NULL : parser_option(&p, c);
                if (!o && optopt && optopt < OPTION_BASE)
                        return error_usage("unknown option “-%c”", optopt);
                if (!o && optopt)
                        return error_usage(
                                "option “--%s” takes no value", parser_option(&p, optopt)->name);
                if (!o)
                        return error_usage("unknown option “%s”", word);
                if (option_apply(o, optarg) < 0)
                        return error_usage("“%s” is no valid value for --%s", optarg, o->name);
        }
        return 0;
}

/* --json has to be known before the first complaint about the command line is made. */
static void json_wanted_early(int argc, char **argv)
{
        for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
                if (strcmp(argv[i], "--json") == 0 || strcmp(argv[i], "-j") == 0)
                        arg_json = true;
}

static int verb_run(const Verb *verb, int argc, char **argv)
{
        if (argc < verb->min_args)
                return error_usage("“%s” needs %s: mtkbackupctl %s %s", verb->name,
                        argc + 1 == verb->min_args ? "an argument" : "arguments", verb->name,
                        verb->synopsis);
        if (verb->max_args >= 0 && argc > verb->max_args)
                return error_usage(
                        "“%s” does not understand “%s”", verb->name, argv[verb->max_args]);
        int code = verb->run(argc, argv);
        tty_agent_stop();
        return code;
}

int command_line_run(int argc, char **argv)
{
        locale_open();
        json_wanted_early(argc, argv);
        optind = 0; /* tests call this more than once */
        int r = options_parse(NULL, true, argc, argv);
        if (r)
                return out_finish(r);

        const Verb *verb = verbs[0];
        if (optind < argc) {
                const char *name = argv[optind];
                verb = verb_find(name);
                if (!verb)
                        return out_finish(error_usage("unknown verb “%s”", name));
                argc -= optind;
                argv += optind;
                optind = 0;
                r = options_parse(verb->options, false, argc, argv);
                if (r)
                        return out_finish(r);
                if (arg_help)
                        return out_finish(help_verb(verb));
        }
        if (arg_version)
                return out_finish(help_version());
        if (arg_help)
                return out_finish(help_program());
        return out_finish(verb_run(verb, argc - optind, argv + optind));
}
