/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "client/error.h"
#include "client/input.h"
#include "client/output-file.h"
#include "client/report.h"
#include "client/verb.h"
#include "client/work.h"

static const char *arg_output = "-";
static bool arg_force, arg_ignore_crc;

static const Option options[] = {
        { 'o', "output", "FILE", "write here; - or nothing: standard output", OPTION_STRING,
                &arg_output },
        { 0, "ignore-checksum", NULL, "keep the result although its checksum differs", OPTION_FLAG,
                &arg_ignore_crc },
        { 'f', "force", NULL, "replace a file that exists", OPTION_FLAG, &arg_force },
        {},
};

static int input_error(int r, const char *path)
{
        static const struct {
                int error;
                const char *text;
        } texts[] = {
                { -ENOENT, "is no Android sparse image" },
                { -EPROTONOSUPPORT, "is a sparse image of a version nobody knows" },
                { -EBADMSG, "is cut or damaged" },
        };

        for (size_t i = 0; i < ELEMENTS(texts); i++)
                if (texts[i].error == r)
                        return error_fail(ERROR_INVALID_FILE, "%s %s", path, texts[i].text);
        return work_error(r, path);
}

static int expand(FileSource *in, OutputFile *out, const char *path)
{
        SparseHeader h;
        Work work;
        json_t *j;
        int r;

        r = sparse_read_header(&in->source, &h);
        if (r < 0)
                return input_error(r, path);
        r = output_open(out, arg_output, arg_force);
        if (r != 0)
                return r;
        work_begin(&work, "expanding", sparse_size(&h));
        r = sparse_expand(&in->source, &out->sink, &work.progress);
        work_end(&work);
        if (r == -EILSEQ && !arg_ignore_crc)
                return error_fail(ERROR_VERIFY_FAILED,
                        "%s: the checksum in the image does not fit its content; the result was "
                        "not kept (--ignore-checksum keeps it)",
                        path);
        if (r < 0 && r != -EILSEQ)
                return input_error(r, path);
        r = output_commit(out);
        if (r != 0 || output_is_stdout(out))
                return r;
        j = json_object();
        report_set_text(j, "file", out->path);
        report_set_number(j, "size", sparse_size(&h));
        return report_print(j, NULL);
}

static int run(int argc, char **argv)
{
        _cleanup_output_ OutputFile out = { .fd = -1 };
        FileSource in;
        int r;

        r = input_file_open(&in, argv[0]);
        if (r != 0)
                return r;
        r = expand(&in, &out, argv[0]);
        file_source_close(&in);
        return r;
}

const Verb verb_unsparse = {
        .name = "unsparse",
        .group = GROUP_FILES,
        .synopsis = "[OPTION…] FILE",
        .summary = "expand an Android sparse image",
        .help = "Writes the plain image. Stretches that the image leaves out become holes, which "
                "read as zeros.\nA checksum in the image is compared.",
        .options = options,
        .min_args = 1,
        .max_args = 1,
        .run = run,
};
