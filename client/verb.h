/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Verbs of mtkbackupctl.
 *
 * A verb is one constant record in a file of its own, verb-<name>.c, listed in verbs.c. The record
 * is all there is: it drives parsing, --help, the list of verbs, completion and the test that
 * compares the program with its man page. To add a verb: write verb-<name>.c with
 * "const Verb verb_<name> = {…}", add it to verbs.c and client/meson.build, describe it in
 * mtkbackupctl.1.rst.
 *
 * Options are parsed before run() is called, wherever they stand on the command line; run() gets
 * the positional arguments only and returns an exit code of dbus/names.h. --json, --redact, --help
 * and --version belong to every verb. Verbs that work on files alone leave needs_bus false. */

#include "basic/cleanup.h"
#include "dbus/names.h"

typedef enum OptionKind {
        OPTION_FLAG,   /* bool *: true */
        OPTION_SET,    /* int *: the option's value */
        OPTION_STRING, /* const char **: points into argv */
        OPTION_NUMBER, /* uint64_t *: decimal or 0x hexadecimal */
        OPTION_SIZE,   /* uint64_t *: the same with an optional K, M, G or T (powers of 1024) */
} OptionKind;

typedef struct Option {
        char letter;      /* 0: long form only */
        const char *name; /* NULL ends a table */
        const char *arg;  /* placeholder of its value, e.g. "FILE"; NULL for flags */
        const char *help; /* one line */
        OptionKind kind;
        void *target;
        int value; /* OPTION_SET */
} Option;

typedef enum VerbGroup {
        GROUP_JOBS,
        GROUP_BACKUPS,
        GROUP_SETUP,
        GROUP_FILES,  /* offline, on files */
        GROUP_HIDDEN, /* not in --help */
        _GROUP_MAX
} VerbGroup;

typedef struct Verb {
        const char *name;
        VerbGroup group;
        const char *synopsis; /* what follows the name: "[OPTION…] ID…"; NULL or "" for nothing */
        const char *summary;    /* one line, lower case, no full stop */
        const char *help;       /* paragraphs for "mtkbackupctl VERB --help"; may be NULL */
        const Option *options;  /* ends with an empty one; NULL for none */
        int min_args, max_args; /* positional arguments; max_args -1: any number */
        bool needs_bus;         /* only said in the help; the verb itself calls bus_open() */
        int (*run)(int argc, char **argv);
} Verb;

/* The table of verbs.c, in the order of the help; NULL ends it. */
extern const Verb *const verbs[];

const Verb *verb_find(const char *name);

/* What every verb understands: arg_json and arg_redact of output.h, and these; set before run(). */
extern const Option common_options[];
extern bool arg_help, arg_version;
