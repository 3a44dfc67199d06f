/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "client/error.h"
#include "client/input.h"
#include "client/output-file.h"
#include "client/super-report.h"
#include "client/verb.h"
#include "client/work.h"
#include "format/rom.h"

static const char *arg_output;
static uint64_t arg_slot = UINT64_MAX;
static bool arg_force, arg_all;

static const Option options[] = {
        { 'o', "output", "FILE|DIR", "write partitions here; -: standard output", OPTION_STRING,
                &arg_output },
        { 'a', "all", NULL, "extract every partition that is not empty", OPTION_FLAG, &arg_all },
        { 0, "slot", "N", "use the metadata of this slot (the first that is whole)", OPTION_NUMBER,
                &arg_slot },
        { 'f', "force", NULL, "replace files that exist", OPTION_FLAG, &arg_force },
        {},
};

static int extract(Input *in, const Super *super, const SuperPartition *p, const char *path)
{
        _cleanup_output_ OutputFile out = { .fd = -1 };
        _cleanup_free_ char *what = NULL;
        SuperSource x;
        Work work;
        int r;

        r = super_source_init(&x, super, p, in->source);
        if (r == -ENODEV)
                return error_fail(ERROR_INVALID_FILE,
                        "%s: %s lies on another device than the one in this file", in->path,
                        p->name);
        if (r < 0)
                return error_fail(ERROR_INVALID_FILE,
                        "%s: %s lies behind the end of the file, which is cut", in->path, p->name);
        r = output_open(&out, path, arg_force);
        if (r != 0)
                return r;
        work_begin(&work, asprintf(&what, "extracting %s", p->name) < 0 ? "extracting" : what,
                p->size);
        r = sink_copy(&out.sink, &x.source, 0, p->size, &work.progress);
        work_end(&work);
        if (r < 0)
                return work_error(r, in->path);
        r = output_commit(&out);
        if (r == 0 && !output_is_stdout(&out))
                message("%s", path);
        return r;
}

/* Into DIR/NAME.img, or for a single partition into the file itself. */
static int extract_to(Input *in, const Super *super, const SuperPartition *p, bool single)
{
        _cleanup_free_ char *path = NULL;
        char name[ROM_FILE_MAX];
        struct stat st;
        bool folder;

        if (single && (!arg_output || strcmp(arg_output, "-") == 0))
                return extract(in, super, p, "-");
        folder = stat(arg_output, &st) == 0 && S_ISDIR(st.st_mode);
        if (single && !folder)
                return extract(in, super, p, arg_output);
        rom_file_name(p->name, name);
        if (asprintf(&path, "%s/%s.img", arg_output, name) < 0)
                return error_errno(-ENOMEM, "cannot extract");
        return extract(in, super, p, path);
}

static int extract_named(Input *in, const Super *super, int argc, char **argv)
{
        int r;

        for (int i = 0; i < argc; i++) {
                const SuperPartition *p = super_find(super, argv[i]);

                if (!p)
                        return error_fail(
                                ERROR_INVALID_FILE, "%s has no partition “%s”", in->path, argv[i]);
                if (p->size == 0)
                        return error_fail(ERROR_INVALID_FILE, "%s: %s is empty", in->path, argv[i]);
                r = extract_to(in, super, p, argc == 1);
                if (r != 0)
                        return r;
        }
        return EXIT_OK;
}

static int extract_all(Input *in, const Super *super)
{
        int done = 0, r;

        for (size_t i = 0; i < super->n_partitions; i++) {
                if (super->partitions[i].size == 0)
                        continue;
                r = extract_to(in, super, &super->partitions[i], false);
                if (r != 0)
                        return r;
                done++;
        }
        if (done == 0)
                message("%s: every partition is empty", in->path);
        return done > 0 ? EXIT_OK : EXIT_NOTHING;
}

static int run(int argc, char **argv)
{
        _cleanup_input_ Input in = { 0 };
        _cleanup_(super_freep) Super *super = NULL;
        int r;

        if (arg_all && argc > 1)
                return error_usage("either --all or names of partitions");
        if ((arg_all || argc > 2) && !arg_output)
                return error_usage("-o has to name a folder for more than one partition");
        if (arg_slot != UINT64_MAX && arg_slot >= SUPER_SLOTS_MAX)
                return error_usage("there is no slot %llu", (unsigned long long)arg_slot);
        r = input_open(&in, argv[0]);
        if (r != 0)
                return r;
        r = super_read(in.source, arg_slot == UINT64_MAX ? -1 : (int)arg_slot, &super);
        if (r == -ENOENT)
                return error_fail(ERROR_INVALID_FILE, "%s is no super partition", argv[0]);
        if (r == -ERANGE)
                return error_usage("%s has no slot %llu", argv[0], (unsigned long long)arg_slot);
        if (r == -EBADMSG)
                return error_fail(
                        ERROR_VERIFY_FAILED, "%s: no copy of the metadata is whole", argv[0]);
        if (r < 0)
                return error_file(r, argv[0]);
        if (argc == 1 && !arg_all)
                return super_report_print(super, in.source);
        if (arg_all || argc > 2) {
                r = output_folder(arg_output);
                if (r != 0)
                        return r;
        }
        return arg_all ? extract_all(&in, super) : extract_named(&in, super, argc - 1, argv + 1);
}

const Verb verb_super = {
        .name = "super",
        .group = GROUP_FILES,
        .synopsis = "[OPTION…] FILE|BACKUP:PART [PARTITION…]",
        .summary = "list or extract the partitions in a super image",
        .help = "FILE is a dump of super or super.img of a ROM, sparse or not. Without PARTITION "
                "it lists what is in\nit. One partition goes to standard output or to the file of "
                "-o, several go to a folder as\nNAME.img.",
        .options = options,
        .min_args = 1,
        .max_args = -1,
        .run = run,
};
