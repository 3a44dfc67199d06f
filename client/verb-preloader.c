/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "client/error.h"
#include "client/input.h"
#include "client/output-file.h"
#include "client/preloader-report.h"
#include "client/verb.h"

static const char *arg_output, *arg_wrap;
static uint64_t arg_size, arg_room;
static bool arg_force, arg_damaged;

static const Option options[] = {
        { 'o', "output", "FILE", "write the loader file, or the area; -: standard output",
                OPTION_STRING, &arg_output },
        { 0, "wrap", "emmc|ufs|sd", "build a boot area around the loader", OPTION_STRING,
                &arg_wrap },
        { 0, "size", "BYTES", "with --wrap: length of the area (as short as can be)", OPTION_SIZE,
                &arg_size },
        { 0, "room", "BYTES", "with --wrap: room for the loader (what its header says)",
                OPTION_SIZE, &arg_room },
        { 0, "damaged", NULL, "write a loader although it is damaged", OPTION_FLAG, &arg_damaged },
        { 'f', "force", NULL, "replace a file that exists", OPTION_FLAG, &arg_force },
        {},
};

static int copy_file(Input *in, const Preloader *p, OutputFile *out)
{
        uint64_t size = MIN(p->file.file_len, in->source->size - p->file.offset);
        int r = sink_copy(&out->sink, in->source, p->file.offset, size, NULL);

        return r < 0 ? error_file(r, in->path) : 0;
}

/* What follows the file in an area is erased flash. */
static int fill(OutputFile *out, uint64_t size)
{
        uint8_t buffer[4096];
        int r;

        memset(buffer, 0xFF, sizeof(buffer));
        while (out->sink.position < size) {
                size_t n = (size_t)MIN(size - out->sink.position, sizeof(buffer));

                r = sink_write(&out->sink, buffer, n);
                if (r < 0)
                        return output_error(out, r);
        }
        return 0;
}

static int write_area(Input *in, const Preloader *p, OutputFile *out, PreloaderStorage storage)
{
        uint8_t header[PRELOADER_HEADER_MAX];
        uint64_t needed, size;
        size_t n;
        int r;

        if (arg_room > UINT32_MAX ||
                preloader_make_header(storage, &p->file, (uint32_t)arg_room, header, &n) < 0)
                return error_usage("the loader has %u bytes and does not say how much room it may "
                                   "have; --room does",
                        p->file.file_len);
        needed = n + p->file.file_len;
        size = arg_size ?: (needed + 4095) / 4096 * 4096;
        if (size < needed)
                return error_usage("an area of %llu bytes is too short, the loader needs %llu",
                        (unsigned long long)size, (unsigned long long)needed);
        r = sink_write(&out->sink, header, n);
        if (r < 0)
                return output_error(out, r);
        r = copy_file(in, p, out);
        return r != 0 ? r : fill(out, size);
}

static int write_result(Input *in, const Preloader *p)
{
        _cleanup_output_ OutputFile out = { .fd = -1 };
        int storage = 0, r;

        if (arg_wrap) {
                storage = preloader_storage_from_string(arg_wrap);
                if (storage < 0)
                        return error_usage("--wrap takes emmc, ufs or sd, not “%s”", arg_wrap);
        }
        if (!p->has_file)
                return error_fail(ERROR_INVALID_FILE, "%s: no loader file is in it", in->path);
        if (!arg_damaged && (p->health == PRELOADER_DAMAGED || p->health == PRELOADER_CUT))
                return error_fail(ERROR_VERIFY_FAILED,
                        "%s: the preloader is %s and would not start a phone; --damaged writes it "
                        "all the same",
                        in->path, preloader_health_to_string(p->health));
        r = output_open(&out, arg_output, arg_force);
        if (r != 0)
                return r;
        r = arg_wrap ? write_area(in, p, &out, (PreloaderStorage)storage) : copy_file(in, p, &out);
        return r != 0 ? r : output_commit(&out);
}

static int run(int argc, char **argv)
{
        _cleanup_input_ Input in = { 0 };
        Preloader p;
        json_t *j;
        int r;

        if (arg_wrap && !arg_output)
                return error_usage("--wrap needs -o");
        r = input_open(&in, argv[0]);
        if (r != 0)
                return r;
        r = preloader_read(in.source, &p);
        if (r == -ENOENT)
                return error_fail(ERROR_INVALID_FILE,
                        "%s is neither a boot area nor a preloader file", argv[0]);
        if (r < 0)
                return error_file(r, argv[0]);
        if (arg_output)
                return write_result(&in, &p);
        j = json_object();
        preloader_report(j, &p);
        r = report_print(j, preloader_tables);
        if (r != EXIT_OK)
                return r;
        return p.health == PRELOADER_GOOD || p.health == PRELOADER_UNPROVEN ? EXIT_OK
                                                                            : EXIT_MISMATCH;
}

const Verb verb_preloader = {
        .name = "preloader",
        .group = GROUP_FILES,
        .synopsis = "[OPTION…] FILE|BACKUP:PART",
        .summary = "check, extract or wrap a preloader",
        .help = "FILE is a dump of BOOT1 or LU0, or a preloader file. Without -o it tells what is "
                "in it and how it is:\ngood (the hash in its signature agrees), unproven (sound, "
                "but without a hash), damaged, cut or\nmissing. With -o it writes the loader file "
                "that flash tools want, or with --wrap a boot area\naround it. Keep the dump as "
                "well: an exact restore needs the whole area.\nExit code 9: the preloader is not "
                "usable.",
        .options = options,
        .min_args = 1,
        .max_args = 1,
        .run = run,
};
