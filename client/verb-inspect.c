/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/error.h"
#include "client/input.h"
#include "client/inspect.h"
#include "client/verb.h"

static int inspect_file(const char *path, FileSource *file)
{
        Inspection i = { .path = path, .source = &file->source, .report = json_object() };
        bool problems;
        int r;

        report_set_text(i.report, "file", path);
        r = inspect(&i);
        if (r < 0) {
                json_decref(i.report);
                return error_file(r, path);
        }
        problems = report_has_problems(i.report);
        r = report_print(i.report, i.tables);
        if (r != EXIT_OK)
                return r;
        return problems ? EXIT_MISMATCH : EXIT_OK;
}

static int run(int argc, char **argv)
{
        FileSource file;
        int r;

        r = input_file_open(&file, argv[0]);
        if (r != 0)
                return r;
        r = inspect_file(argv[0], &file);
        file_source_close(&file);
        return r;
}

const Verb verb_inspect = {
        .name = "inspect",
        .group = GROUP_FILES,
        .synopsis = "FILE|BACKUP:PART",
        .summary = "say what a file is, what is in it and what is wrong with it",
        .help = "Knows scatter files, partition tables and whole dumps, preloaders, boot areas, "
                "images with a MediaTek\nor Android header, sparse and super images, file systems, "
                "download agents, ROMs of feature phones,\nreadback lists, checksum lists and "
                "memory reports. The content decides, not the name. Of a dump of\nany size a few "
                "megabytes are read. FILE may also be a partition or area of a stored backup, such "
                "as latest:super.\nExit code 9: something is wrong with it.",
        .min_args = 1,
        .max_args = 1,
        .run = run,
};
