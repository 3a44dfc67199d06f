/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fnmatch.h>
#include <string.h>
#include <sys/stat.h>

#include "client/error.h"
#include "client/input.h"
#include "client/output-file.h"
#include "client/report.h"
#include "client/split-list.h"
#include "client/table-file.h"
#include "client/verb.h"
#include "client/work.h"

static const char *arg_output, *arg_table, *arg_storage, *arg_boot1, *arg_boot2, *arg_only;
static bool arg_force, arg_list;

static const Option options[] = {
        { 'o', "output", "DIR", "write the files into this folder", OPTION_STRING, &arg_output },
        { 't', "table", "FILE", "use the table of this file, not the dump's own", OPTION_STRING,
                &arg_table },
        { 0, "storage", "emmc|ufs", "with a scatter for both: which one", OPTION_STRING,
                &arg_storage },
        { 0, "boot1", "FILE", "dump of BOOT1 or LU0", OPTION_STRING, &arg_boot1 },
        { 0, "boot2", "FILE", "dump of BOOT2 or LU1", OPTION_STRING, &arg_boot2 },
        { 0, "only", "GLOB", "write only partitions with such names (then join cannot)",
                OPTION_STRING, &arg_only },
        { 'l', "list", NULL, "show the pieces, write nothing", OPTION_FLAG, &arg_list },
        { 'f', "force", NULL, "replace files that exist", OPTION_FLAG, &arg_force },
        {},
};

static const Column columns[] = {
        { "PIECE", "name" },
        { "REGION", "region" },
        { "OFFSET", "offset", COLUMN_HEX },
        { "SIZE", "size", COLUMN_SIZE },
        { "FILE", "file" },
        {},
};

/* one run */
typedef struct Split {
        Input inputs[_REGION_MAX];
        TableFile table;
        RomPlan *plan;
        bool incomplete; /* the dump lacks something that was asked for */
} Split;

static void split_done(Split *s)
{
        for (int i = 0; i < _REGION_MAX; i++)
                input_close(&s->inputs[i]);
        table_done(&s->table);
        s->plan = rom_plan_free(s->plan);
}

static int open_inputs(Split *s, const char *dump)
{
        const struct {
                RegionKind kind;
                const char *path;
        } files[] = {
                { REGION_USER, dump },
                { REGION_BOOT1, arg_boot1 },
                { REGION_BOOT2, arg_boot2 },
        };
        int r;

        for (size_t i = 0; i < ELEMENTS(files); i++) {
                if (!files[i].path)
                        continue;
                r = input_open(&s->inputs[files[i].kind], files[i].path);
                if (r != 0)
                        return r;
                if (s->inputs[files[i].kind].source->size == 0)
                        return error_fail(ERROR_INVALID_FILE, "%s is empty", files[i].path);
        }
        return 0;
}

/* The table counts from the start of the user area, the pieces from the start of the dump. */
static void shift(Layout *l, uint64_t by)
{
        for (size_t i = 0; i < l->n_parts; i++)
                if (l->parts[i].region == REGION_USER && l->parts[i].offset <= UINT64_MAX - by)
                        l->parts[i].offset += by;
}

static int read_table(Split *s)
{
        Input *user = &s->inputs[REGION_USER];
        StorageType storage;
        int r;

        r = storage_option(arg_storage, &storage);
        if (r != 0)
                return r;
        if (arg_table)
                return table_load(arg_table, user->source->size, storage, &s->table);
        /* whether the dump is the user area or more, and all of it, only its table can tell */
        r = table_read(user->source, 0, &s->table);
        if (r == -ENOENT || r == -EBADMSG)
                return error_fail(ERROR_INVALID_FILE,
                        "%s has no partition table that is whole; --table names a scatter file or "
                        "a copy of the table",
                        user->path);
        if (r < 0)
                return error_file(r, user->path);
        if (s->table.user_start > 0) {
                message("%s counts through all areas; the user area begins at 0x%llx", user->path,
                        (unsigned long long)s->table.user_start);
                shift(s->table.layout, s->table.user_start);
        }
        return 0;
}

static bool is_chosen(const RomPiece *q)
{
        return !arg_only || fnmatch(arg_only, q->name, 0) == 0;
}

static int make_plan(Split *s)
{
        uint64_t sizes[_REGION_MAX] = { 0 };
        int r;

        for (int i = 0; i < _REGION_MAX; i++)
                if (s->inputs[i].source)
                        sizes[i] = s->inputs[i].source->size;
        r = rom_plan_new(s->table.layout, sizes, &s->plan);
        if (r < 0)
                return error_errno(r, "cannot plan the pieces");
        for (size_t i = 0; i < s->plan->n_pieces; i++) {
                RomPiece *q = &s->plan->pieces[i];

                if (strlen(q->file) + strlen(".cut.img") >= sizeof(q->file))
                        return error_errno(-ENAMETOOLONG, "%s", q->name);
                strcat(q->file, q->present < q->size ? ".cut.img" : ".img");
                if (is_chosen(q))
                        s->incomplete |= q->present < q->size;
        }
        return 0;
}

static bool is_wanted(const RomPiece *q)
{
        return q->present > 0 && is_chosen(q);
}

static uint64_t wanted_bytes(const RomPlan *p)
{
        uint64_t total = 0;

        for (size_t i = 0; i < p->n_pieces; i++)
                if (is_wanted(&p->pieces[i]))
                        total += p->pieces[i].present;
        return total;
}

static int write_piece(Split *s, const RomPiece *q, Work *work)
{
        _cleanup_output_ OutputFile out = { .fd = -1 };
        _cleanup_free_ char *path = NULL;
        Input *in = &s->inputs[q->region];
        int r;

        if (asprintf(&path, "%s/%s", arg_output, q->file) < 0)
                return error_errno(-ENOMEM, "cannot write %s", q->file);
        r = output_open(&out, path, arg_force);
        if (r != 0)
                return r;
        r = sink_copy(&out.sink, in->source, q->offset, q->present, &work->progress);
        if (r < 0)
                return work_error(r, path);
        return output_commit(&out);
}

/* Nothing is begun when one of the files is there already. */
static int check_files(const Split *s)
{
        for (size_t i = 0; i < s->plan->n_pieces && !arg_force; i++) {
                _cleanup_free_ char *path = NULL;
                struct stat st;

                if (asprintf(&path, "%s/%s", arg_output, s->plan->pieces[i].file) < 0)
                        return error_errno(-ENOMEM, "cannot write");
                if (is_wanted(&s->plan->pieces[i]) && lstat(path, &st) == 0)
                        return error_fail(ERROR_INVALID_FILE,
                                "%s exists; --force replaces it, another folder keeps it", path);
        }
        return 0;
}

static int write_list(const Split *s)
{
        _cleanup_json_ json_t *j =
                split_list_make(s->plan, s->table.layout->storage, s->table.kind);
        _cleanup_free_ char *text = json_dumps(j, JSON_INDENT(2)), *path = NULL, *line = NULL;

        if (!text || asprintf(&line, "%s\n", text) < 0 ||
                asprintf(&path, "%s/" SPLIT_LIST, arg_output) < 0)
                return error_errno(-ENOMEM, "cannot write " SPLIT_LIST);
        return output_text(path, true, line);
}

static int write_all(Split *s)
{
        Work work;
        int r;

        r = output_folder(arg_output);
        if (r == 0)
                r = check_files(s);
        if (r != 0)
                return r;
        work_begin(&work, "splitting", wanted_bytes(s->plan));
        for (size_t i = 0; i < s->plan->n_pieces && r == 0; i++) {
                const RomPiece *q = &s->plan->pieces[i];

                if (!is_wanted(q))
                        continue;
                work_next(&work, q->name, 0);
                r = write_piece(s, q, &work);
                work_next(&work, q->name, q->present);
        }
        work_end(&work);
        return r == 0 && !arg_only ? write_list(s) : r;
}

static int report(const Split *s)
{
        const ReportTable tables[] = { { "parts", columns }, {} };
        json_t *j = split_list_make(s->plan, s->table.layout->storage, s->table.kind);

        report_set_text(j, "folder", arg_output);
        report_layout_problems(j, s->table.layout);
        for (size_t i = 0; i < s->plan->n_pieces; i++) {
                const RomPiece *q = &s->plan->pieces[i];

                if (q->present < q->size)
                        report_problem(j, 0, "the dump %s %s",
                                q->present > 0 ? "ends inside" : "ends before", q->name);
                if (q->overlaps)
                        report_problem(j, 0, "%s overlaps what lies before it", q->name);
        }
        return report_print(j, tables);
}

static int run(int argc, char **argv)
{
        _cleanup_(split_done) Split s = { 0 };
        int r;

        if (!arg_output && !arg_list)
                return error_usage("-o has to name a folder for the files");
        r = open_inputs(&s, argv[0]);
        if (r == 0)
                r = read_table(&s);
        if (r == 0)
                r = make_plan(&s);
        if (r == 0 && !arg_list)
                r = write_all(&s);
        if (r == 0)
                r = report(&s);
        return r == 0 && s.incomplete ? EXIT_INCOMPLETE : r;
}

const Verb verb_split = {
        .name = "split",
        .group = GROUP_FILES,
        .synopsis = "[OPTION…] DUMP|BACKUP:AREA",
        .summary = "cut a whole-flash dump into partition files",
        .help = "DUMP is a dump of the user area (EMMC_USER, LU2), or of the whole storage as old "
                "chips and tools make\nit; a sparse image is fine. It is cut by its own partition "
                "table or by that of --table. What no table\nnames is kept as _gap-OFFSET.img, so "
                "that “mtkbackupctl join” gives the same dump again.\nExit code 3: the dump ends "
                "before its table does; what is there was written.",
        .options = options,
        .min_args = 1,
        .max_args = 1,
        .run = run,
};
