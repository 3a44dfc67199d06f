/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "client/error.h"
#include "client/output-file.h"
#include "client/report.h"
#include "client/scatter-input.h"
#include "format/scatter-check.h"

static ScatterWish wish;
static const char *arg_output, *arg_to;
static bool arg_force;

static const Option options[] = {
        { 'o', "output", "FILE", "write the scatter here (standard output)", OPTION_STRING,
                &arg_output },
        { 0, "to", "v1|v2|xml", "V1.1.2, V2.1.0 or XML (v1; v2 for input of version 2)",
                OPTION_STRING, &arg_to },
        SCATTER_WISH_OPTIONS(wish),
        { 'f', "force", NULL, "replace a file that exists", OPTION_FLAG, &arg_force },
        {},
};

static const ReportTable tables[] = {
        { "partitions", report_partition_columns },
        {},
};

/* ---- scatter FILE ---- */

static int choose_dialect(const ScatterInput *in, ScatterDialect *ret)
{
        ScatterDialect from = in->scatter->dialect;
        int dialect = from == SCATTER_V2 || from == SCATTER_XML ? SCATTER_V2 : SCATTER_V1;

        if (arg_to)
                dialect = scatter_dialect_from_string(arg_to);
        if (dialect < 0 || dialect == SCATTER_LEGACY)
                return error_usage("“%s” is nothing that can be written: v1, v2 or xml", arg_to);
        if (dialect == SCATTER_V1 && in->n_sections > 1)
                return error_usage("v1 is for one kind of storage; --storage picks one");
        *ret = (ScatterDialect)dialect;
        return 0;
}

static int convert(const char *word)
{
        _cleanup_scatter_input_ ScatterInput in;
        _cleanup_free_ char *text = NULL;
        ScatterDialect dialect = SCATTER_V1;
        size_t size;

        int r = scatter_input_load(word, &wish, &in);
        if (r == 0)
                r = choose_dialect(&in, &dialect);
        if (r != 0)
                return r;
        int e = scatter_write(dialect, in.sections, in.n_sections, &text, &size);
        if (e < 0)
                return error_errno(e, "cannot write the scatter");
        if (arg_output || !arg_json) {
                r = output_text(arg_output ?: "-", arg_force, text);
                if (r != 0)
                        return r;
        }
        if (!arg_json) {
                scatter_input_complain(&in);
                return EXIT_OK;
        }
        json_t *j = scatter_input_report(&in, word);
        report_set_text(j, "written_dialect", scatter_dialect_to_string(dialect));
        report_set_text(j, "output", arg_output);
        if (!arg_output)
                report_set_text(j, "text", text);
        return report_print(j, tables);
}

/* ---- scatter check ---- */

/* The table itself where there is one: what was made of it agrees with it anyway. */
static Layout *compared(const ScatterInput *in, size_t i)
{
        return in->table ?: in->sections[i];
}

/* The section of `other` that is for the same storage, or the only one. */
static Layout *counterpart(const ScatterInput *other, const Layout *l)
{
        for (size_t i = 0; i < other->n_sections; i++)
                if (other->sections[i]->storage == l->storage)
                        return compared(other, i);
        return other->n_sections == 1 ? compared(other, 0) : NULL;
}

static int check(const char *first, const char *second)
{
        _cleanup_scatter_input_ ScatterInput a, b = { 0 };
        bool matched = false;

        int r = scatter_input_load(first, &wish, &a);
        if (r == 0 && second)
                r = scatter_input_load(second, &wish, &b);
        if (r != 0)
                return r;
        for (size_t i = 0; i < a.n_sections; i++) {
                Layout *l = compared(&a, i), *other = second ? counterpart(&b, l) : NULL;
                if (second && !other)
                        continue;
                if (other) {
                        scatter_compare(l, other);
                        matched = true;
                }
                scatter_check(l);
        }
        if (second && !matched)
                return error_fail(ERROR_INVALID_FILE,
                        "%s and %s are for different kinds of storage", first, second);
        json_t *j = scatter_input_report(&a, first);
        if (second)
                report_set_text(j, "compared_with", second);
        bool problems = report_has_problems(j);
        r = report_print(j, tables);
        return r != EXIT_OK ? r : problems ? EXIT_MISMATCH : EXIT_OK;
}

static int run(int argc, char **argv)
{
        if (strcmp(argv[0], "check") != 0 && argc == 1)
                return convert(argv[0]);
        if (strcmp(argv[0], "check") != 0)
                return error_usage("one file at a time; “scatter check” compares two");
        if (argc == 1)
                return error_usage("which one? “mtkbackupctl scatter check FILE [FILE]”");
        if (arg_output || arg_to)
                return error_usage("“scatter check” writes nothing");
        return check(argv[1], argc > 2 ? argv[2] : NULL);
}

const Verb verb_scatter = {
        .name = "scatter",
        .group = GROUP_FILES,
        .synopsis = "[OPTION…] FILE | check FILE [FILE]",
        .summary = "convert or make a scatter file, or check one",
        .help = "FILE is a scatter of any dialect, a partition table (GPT, PMT, MBR), a dump that "
                "has one, the\ndumchar_info of an old phone, or the id of a backup; of anything "
                "but a scatter one is made. Problems go\nto standard error.\nA scatter that counts "
                "from the end of the flash can only be checked whole with --user-size "
                "or\n--report. “check” compares a second scatter, table or dump with the "
                "first.\nExit code 9 of check: something is wrong or differs.",
        .options = options,
        .min_args = 1,
        .max_args = 3,
        .run = run,
};
