/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "client/error.h"
#include "client/number.h"
#include "client/output-file.h"
#include "client/report.h"
#include "client/scatter-input.h"
#include "format/readback-xml.h"

enum { GLOBS_MAX = 64 };

static ScatterWish wish;
static const char *arg_output, *arg_form, *arg_partitions, *arg_exclude, *arg_part_id;
static bool arg_force;
static ReadbackOptions how = { .part_id = -1, .suffix = ".img" };

static const Option options[] = {
        { 'o', "output", "FILE", "write the list here (standard output)", OPTION_STRING,
                &arg_output },
        { 0, "form", "v5|v6|console5|console6", "for which version of SP Flash Tool (v5)",
                OPTION_STRING, &arg_form },
        { 0, "folder", "PATH", "where the tool puts the files: D:\\Backup or /backup",
                OPTION_STRING, &how.folder },
        { 0, "suffix", "TEXT", "end of their names (.img)", OPTION_STRING, &how.suffix },
        { 0, "partitions", "GLOB,…", "only these", OPTION_STRING, &arg_partitions },
        { 0, "exclude", "GLOB,…", "all but these", OPTION_STRING, &arg_exclude },
        { 0, "part-id", "v1|v2|N", "how areas are numbered (as the scatter's version has it)",
                OPTION_STRING, &arg_part_id },
        { 0, "agent", "PATH", "console5: the download agent", OPTION_STRING, &how.agent },
        { 0, "flash-xml", "PATH", "console6: flash.xml of the ROM", OPTION_STRING, &how.flash_xml },
        SCATTER_WISH_OPTIONS(wish),
        { 'f', "force", NULL, "replace a file that exists", OPTION_FLAG, &arg_force },
        {},
};

static const Column columns[] = {
        { "PARTITION", "name" },
        { "REGION", "region" },
        { "OFFSET", "offset", COLUMN_HEX },
        { "SIZE", "size", COLUMN_SIZE },
        { "FILE", "path" },
        {},
};
static const ReportTable tables[] = { { "items", columns }, {} };

/* "a,b" -> { "a", "b", NULL }; words points into text, which is changed. 0 or an exit code. */
static int split_globs(char *text, const char *words[static GLOBS_MAX + 1])
{
        size_t n = 0;

        for (char *word = text; word; n++) {
                char *comma = strchr(word, ',');
                if (n == GLOBS_MAX)
                        return error_usage("more than %d patterns", GLOBS_MAX);
                words[n] = word;
                if (comma)
                        *comma++ = 0;
                word = comma;
        }
        words[n] = NULL;
        return 0;
}

static int parse_part_id(bool v2)
{
        uint64_t number;

        how.v2 = v2;
        if (!arg_part_id)
                return 0;
        if (strcmp(arg_part_id, "v1") == 0 || strcmp(arg_part_id, "v2") == 0)
                how.v2 = strcmp(arg_part_id, "v2") == 0;
        else if (number_parse(arg_part_id, false, &number) < 0 || number > 999)
                return error_usage("--part-id is v1, v2 or a number, not “%s”", arg_part_id);
        else
                how.part_id = (int)number;
        return 0;
}

static json_t *items_report(const Layout *l, const ReadbackList *list)
{
        json_t *items = json_array();

        for (size_t i = 0; i < list->n_items; i++) {
                const ReadbackItem *item = list->items + i;
                json_t *j = json_object();
                json_object_set_new(j, "name", report_text(item->name));
                report_set_text(j, "region", region_name(l->storage, item->region));
                report_set_number(j, "offset", item->offset);
                report_set_number(j, "size", item->size);
                report_set_text(j, "path", item->path);
                json_array_append_new(items, j);
        }
        return items;
}

static int write_list(const ScatterInput *in, const char *word)
{
        Layout *l = in->sections[0];
        _cleanup_(readback_list_done) ReadbackList list = { 0 };
        _cleanup_free_ char *text = NULL;
        size_t size;

        int e = readback_list(l, &how, &list);
        if (e == 0)
                e = readback_write(l, &how, &list, &text, &size);
        if (e < 0)
                return error_errno(e, "cannot write the list");
        if (arg_output || !arg_json) {
                int r = output_text(arg_output ?: "-", arg_force, text);
                if (r != 0)
                        return r;
        }
        if (!arg_json) {
                scatter_input_complain(in);
                return list.n_items > 0 ? EXIT_OK : EXIT_NOTHING;
        }
        json_t *j = scatter_input_report(in, word);
        json_object_del(j, "partitions");
        report_set_text(j, "form", readback_form_to_string(how.form));
        json_object_set_new(j, "items", items_report(l, &list));
        report_set_text(j, "output", arg_output);
        if (!arg_output)
                report_set_text(j, "text", text);
        int r = report_print(j, tables);
        return r == EXIT_OK && list.n_items == 0 ? EXIT_NOTHING : r;
}

static int run(int argc, char **argv)
{
        _cleanup_scatter_input_ ScatterInput in = { 0 };
        _cleanup_free_ char *only_text = NULL, *exclude_text = NULL;
        const char *only[GLOBS_MAX + 1], *exclude[GLOBS_MAX + 1];
        int form = arg_form ? readback_form_from_string(arg_form) : READBACK_V5, r = 0;

        if (form < 0)
                return error_usage("“%s” is no form: v5, v6, console5 or console6", arg_form);
        how.form = (ReadbackForm)form;
        if (arg_partitions) {
                only_text = strdup(arg_partitions);
                r = only_text ? split_globs(only_text, only) : error_errno(-ENOMEM, "cannot start");
                how.only = only;
        }
        if (r == 0 && arg_exclude) {
                exclude_text = strdup(arg_exclude);
                r = exclude_text ? split_globs(exclude_text, exclude)
                                 : error_errno(-ENOMEM, "cannot start");
                how.exclude = exclude;
        }
        if (r == 0)
                r = scatter_input_load(argv[0], &wish, &in);
        if (r != 0)
                return r;
        if (in.n_sections > 1)
                return error_usage(
                        "%s describes more than one kind of storage; --storage picks one", argv[0]);
        how.scatter = argv[0];
        r = parse_part_id(in.scatter->dialect == SCATTER_V2 || in.scatter->dialect == SCATTER_XML);
        return r != 0 ? r : write_list(&in, argv[0]);
}

const Verb verb_readback_xml = {
        .name = "readback-xml",
        .group = GROUP_FILES,
        .synopsis = "[OPTION…] SCATTER",
        .summary = "write a list that makes SP Flash Tool read a phone back",
        .help = "SCATTER is what “mtkbackupctl scatter” takes. The list has the boot areas and "
                "every partition whose\nplace is known; --user-size and --boot-size, or --report, "
                "make it whole. SP Flash Tool takes it as\nreadback_ui_bak.xml in its folder, when "
                "a scatter of the same chip and storage is loaded there.\nExit code 4: nothing is "
                "in the list.",
        .options = options,
        .min_args = 1,
        .max_args = 1,
        .run = run,
};
