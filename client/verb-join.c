/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "basic/fd.h"
#include "client/error.h"
#include "client/input.h"
#include "client/output-file.h"
#include "client/report.h"
#include "client/split-list.h"
#include "client/table-file.h"
#include "client/verb.h"
#include "client/work.h"

static const char *arg_output, *arg_region, *arg_table, *arg_storage;
static uint64_t arg_size;
static bool arg_force, arg_missing;

static const Option options[] = {
        { 'o', "output", "FILE|DIR", "write the dump here; -: standard output", OPTION_STRING,
                &arg_output },
        { 'r', "region", "AREA", "join this area only: USER, BOOT1, BOOT2, LU0…", OPTION_STRING,
                &arg_region },
        { 't', "table", "FILE", "take places from this table (without " SPLIT_LIST ")",
                OPTION_STRING, &arg_table },
        { 0, "storage", "emmc|ufs", "with a scatter for both: which one", OPTION_STRING,
                &arg_storage },
        { 0, "size", "BYTES", "with --table: size of the user area", OPTION_SIZE, &arg_size },
        { 0, "fill-missing", NULL, "zeros where a file is missing", OPTION_FLAG, &arg_missing },
        { 'f', "force", NULL, "replace a file that exists", OPTION_FLAG, &arg_force },
        {},
};

/* one area that is put together */
typedef struct Join {
        const char *folder;
        const RomPlan *plan;
        OutputFile out;
        Work work;
        unsigned missing;
} Join;

static int open_piece(const Join *join, const RomPiece *q, Input *in)
{
        static const char *const suffixes[] = { "", ".img", ".bin" };
        _cleanup_free_ char *path = NULL;

        for (size_t i = 0; i < ELEMENTS(suffixes); i++) {
                free(path);
                if (asprintf(&path, "%s/%s%s", join->folder, q->file, suffixes[i]) < 0) {
                        path = NULL;
                        return error_errno(-ENOMEM, "cannot join");
                }
                if (access(path, F_OK) < 0)
                        continue;
                return input_open(in, path) == 0 ? 0 : EXIT_GENERAL;
        }
        return EXIT_NOT_FOUND;
}

static int check_piece(const Join *join, const RomPiece *q, const Input *in)
{
        if (in->source->size == q->present)
                return 0;
        return error_fail(ERROR_INVALID_FILE,
                "%s/%s has %llu bytes and its place %llu; nothing is cut or filled up behind your "
                "back",
                join->folder, q->file, (unsigned long long)in->source->size,
                (unsigned long long)q->present);
}

/* What two pieces both have must be the same in both. */
static int compare(Join *join, const RomPiece *q, Source *s, uint64_t size)
{
        _cleanup_free_ uint8_t *buffer = malloc(2 * COPY_BUFFER);
        uint8_t *written = buffer + COPY_BUFFER;
        uint64_t done = 0;
        int r;

        if (!buffer)
                return error_errno(-ENOMEM, "cannot join");
        if (output_is_stdout(&join->out))
                return error_fail(ERROR_INVALID_FILE,
                        "%s overlaps what lies before it and has to be compared; write to a file",
                        q->name);
        while (done < size) {
                size_t n = (size_t)MIN(size - done, COPY_BUFFER), old = 0;

                r = source_read(s, buffer, n, done);
                if (r < 0)
                        return error_file(r, q->file);
                /* a hole at the end of the output is not there yet */
                for (ssize_t k; old < n; old += (size_t)k) {
                        k = pread(join->out.fd, written + old, n - old,
                                (off_t)(q->offset + done + old));
                        if (k < 0 && errno != EINTR)
                                return output_error(&join->out, -errno);
                        if (k == 0)
                                break;
                        k = MAX(k, 0);
                }
                memset(written + old, 0, n - old);
                if (memcmp(buffer, written, n) != 0)
                        return error_fail(ERROR_VERIFY_FAILED,
                                "%s overlaps what lies before it, and the two differ", q->name);
                done += n;
        }
        return 0;
}

static int add_piece(Join *join, const RomPiece *q)
{
        _cleanup_input_ Input in = { 0 };
        uint64_t at = join->out.sink.position, twice;
        int r = 0;

        if (q->present == 0 && q->size > 0)
                r = EXIT_NOT_FOUND;
        else
                r = open_piece(join, q, &in);
        if (r == EXIT_NOT_FOUND && arg_missing) {
                message("%s/%s is missing; zeros stand in its place", join->folder, q->file);
                join->missing++;
                twice = at > q->offset ? at - q->offset : 0;
                r = twice < q->size ? sink_hole(&join->out.sink, q->size - twice) : 0;
                return r < 0 ? output_error(&join->out, r) : 0;
        }
        if (r == EXIT_NOT_FOUND)
                return error_fail(ERROR_INVALID_FILE,
                        "%s/%s is missing; --fill-missing puts zeros in its place", join->folder,
                        q->file);
        if (r == 0)
                r = check_piece(join, q, &in);
        if (r != 0)
                return r;
        twice = at > q->offset ? MIN(at - q->offset, q->present) : 0;
        if (twice > 0)
                r = compare(join, q, in.source, twice);
        if (r != 0)
                return r;
        r = sink_copy(&join->out.sink, in.source, twice, q->present - twice, &join->work.progress);
        return r < 0 ? work_error(r, q->file) : 0;
}

static int join_pieces(Join *join, RegionKind region)
{
        for (size_t i = 0; i < join->plan->n_pieces; i++) {
                const RomPiece *q = &join->plan->pieces[i];
                uint64_t before = join->out.sink.position;
                int r;

                if (q->region != region)
                        continue;
                if (q->offset > before)
                        return error_fail(ERROR_INVALID_FILE,
                                "nothing is known of the bytes from 0x%llx to 0x%llx, before %s",
                                (unsigned long long)before, (unsigned long long)q->offset, q->name);
                work_next(&join->work, q->name, 0);
                r = add_piece(join, q);
                if (r != 0)
                        return r;
                work_next(&join->work, q->name, join->out.sink.position - before);
        }
        if (join->out.sink.position != join->plan->sizes[region])
                return error_fail(ERROR_INVALID_FILE,
                        "the pieces make %llu bytes, the area has %llu",
                        (unsigned long long)join->out.sink.position,
                        (unsigned long long)join->plan->sizes[region]);
        return 0;
}

static int join_region(const char *folder, const RomPlan *plan, RegionKind region, const char *path,
        unsigned *missing)
{
        Join join = { .folder = folder, .plan = plan, .out = { .fd = -1 } };
        int r = output_open(&join.out, path, arg_force);

        if (r == 0) {
                work_begin(&join.work, "joining", plan->sizes[region]);
                r = join_pieces(&join, region);
                work_end(&join.work);
        }
        if (r == 0)
                r = output_commit(&join.out);
        if (r == 0 && !output_is_stdout(&join.out))
                message("%s", path);
        *missing += join.missing;
        output_close(&join.out);
        return r;
}

/* The pieces from a table, for folders that "export" or another tool filled. */
static int plan_by_table(RomPlan **ret, StorageType *ret_storage)
{
        _cleanup_table_ TableFile table = { 0 };
        uint64_t sizes[_REGION_MAX] = { 0 };
        StorageType storage;
        int r = storage_option(arg_storage, &storage);

        if (r == 0)
                r = table_load(arg_table, arg_size, storage, &table);
        if (r != 0)
                return r;
        for (size_t i = 0; i < table.layout->n_regions; i++)
                if (table.layout->regions[i].kind < _REGION_MAX)
                        sizes[table.layout->regions[i].kind] = table.layout->regions[i].size;
        if (arg_size > 0)
                sizes[REGION_USER] = arg_size;
        if (sizes[REGION_USER] == 0)
                return error_usage(
                        "%s does not say how large the user area is; --size does", arg_table);
        *ret_storage = table.layout->storage;
        r = rom_plan_new(table.layout, sizes, ret);
        return r < 0 ? error_errno(r, "cannot plan the pieces") : 0;
}

static int join_all(const char *folder, const RomPlan *plan, StorageType storage, unsigned *missing)
{
        unsigned n = 0, last = 0;
        int r;

        for (unsigned k = 0; k < _REGION_MAX; k++)
                if (plan->sizes[k] > 0) {
                        n++;
                        last = k;
                }
        if (n == 1)
                return join_region(folder, plan, (RegionKind)last, arg_output, missing);
        if (strcmp(arg_output, "-") == 0)
                return error_usage("there are several areas; --region names one of them");
        r = output_folder(arg_output);
        for (unsigned k = 0; k < _REGION_MAX && r == 0; k++) {
                _cleanup_free_ char *path = NULL;
                const char *name = region_name(
                        storage == STORAGE_UNKNOWN ? STORAGE_EMMC : storage, (RegionKind)k);

                if (plan->sizes[k] == 0)
                        continue;
                if (asprintf(&path, "%s/%s.img", arg_output, name ?: "area") < 0)
                        return error_errno(-ENOMEM, "cannot join");
                r = join_region(folder, plan, (RegionKind)k, path, missing);
        }
        return r;
}

static int run(int argc, char **argv)
{
        _cleanup_(rom_plan_freep) RomPlan *plan = NULL;
        StorageType storage;
        RegionKind region;
        unsigned missing = 0;
        int r;

        if (!arg_output)
                arg_output = "-";
        r = arg_table ? plan_by_table(&plan, &storage) : split_list_load(argv[0], &plan, &storage);
        if (r != 0)
                return r;
        if (arg_region) {
                if (region_from_area(arg_region, &region) < 0 || plan->sizes[region] == 0)
                        return error_usage("%s has nothing of an area “%s”", argv[0], arg_region);
                r = join_region(argv[0], plan, region, arg_output, &missing);
        } else
                r = join_all(argv[0], plan, storage, &missing);
        return r == 0 && missing > 0 ? EXIT_INCOMPLETE : r;
}

const Verb verb_join = {
        .name = "join",
        .group = GROUP_FILES,
        .synopsis = "[OPTION…] DIR",
        .summary = "join partition files into a whole-flash dump",
        .help = "The inverse of “mtkbackupctl split”: DIR has its files and " SPLIT_LIST
                ", or with --table the files of an\nexport. Every byte of an area has to be "
                "there and every file has to fit its place; files may be sparse\nimages. Several "
                "areas go to a folder, one goes to a file or to standard output.",
        .options = options,
        .min_args = 1,
        .max_args = 1,
        .run = run,
};
