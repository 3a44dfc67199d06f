/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "client/error.h"
#include "client/input.h"
#include "client/output-file.h"
#include "client/report.h"
#include "client/verb.h"
#include "client/work.h"
#include "format/ext4.h"
#include "format/sparse-writer.h"

static const char *arg_output = "-";
static uint64_t arg_block_size = SPARSE_BLOCK_DEFAULT;
static bool arg_force, arg_zeros, arg_ext4, arg_no_crc;

static const Option options[] = {
        { 'o', "output", "FILE", "write here; - or nothing: standard output", OPTION_STRING,
                &arg_output },
        { 0, "block-size", "BYTES", "block size of the sparse image (4096)", OPTION_SIZE,
                &arg_block_size },
        { 0, "ext4-free", NULL, "leave out the free blocks of an ext4 file system", OPTION_FLAG,
                &arg_ext4 },
        { 0, "drop-zeros", NULL, "leave out zero blocks: only for erased storage", OPTION_FLAG,
                &arg_zeros },
        { 0, "no-crc", NULL, "end without a checksum", OPTION_FLAG, &arg_no_crc },
        { 'f', "force", NULL, "replace a file that exists", OPTION_FLAG, &arg_force },
        {},
};

static bool block_is_free(void *userdata, uint64_t offset, uint64_t size)
{
        return ext4_map_is_free(userdata, offset, size);
}

/* The map of free blocks when it was asked for. 0 or an exit code. */
static int open_map(Input *in, Ext4Map **ret)
{
        int r;

        if (!arg_ext4)
                return 0;
        r = ext4_map_new(in->source, ret);
        if (r == -ENOENT)
                return error_fail(ERROR_INVALID_FILE, "%s holds no ext4 file system", in->path);
        if (r == -EUCLEAN)
                return error_fail(ERROR_INVALID_FILE,
                        "%s was not unmounted; until its journal is replayed (e2fsck) nobody knows "
                        "which blocks are free",
                        in->path);
        if (r == -EOPNOTSUPP || r == -EBADMSG)
                return error_fail(ERROR_INVALID_FILE,
                        "%s: its free blocks cannot be told from the bitmaps; use sparse without "
                        "--ext4-free",
                        in->path);
        return r < 0 ? error_file(r, in->path) : 0;
}

/* A file is patched at the end; a stream is made in two passes, the first to count the chunks. */
static int convert(Input *in, OutputFile *out, SparseOptions *o, Work *work)
{
        uint8_t header[SPARSE_HEADER_SIZE];
        uint32_t chunks;
        int r;

        if (output_is_stdout(out)) {
                work->total *= 2;
                r = sparse_compress(in->source, NULL, o, &work->progress, &o->chunks);
                if (r < 0)
                        return r;
                work_next(work, work->what, in->source->size);
        }
        r = sparse_compress(in->source, &out->sink, o, &work->progress, &chunks);
        if (r < 0)
                return r;
        if (output_is_stdout(out))
                return chunks == o->chunks ? 0 : -EIO; /* the input changed between the passes */
        o->chunks = chunks;
        sparse_make_header(in->source->size, o->block_size, chunks, header);
        return output_patch(out, header, sizeof(header), 0);
}

static int finish(const Input *in, OutputFile *out, const SparseOptions *o, const Ext4Map *map)
{
        uint64_t written = out->sink.position;
        json_t *j;
        int r = output_commit(out);

        if (r != 0)
                return r;
        if (map && ext4_map_doubtful(map) > 0)
                message("%s: the bitmaps of %llu block groups cannot be relied on; their blocks "
                        "were all kept",
                        in->path, (unsigned long long)ext4_map_doubtful(map));
        if (output_is_stdout(out))
                return EXIT_OK;
        j = json_object();
        report_set_text(j, "file", out->path);
        report_set_number(j, "size", written);
        report_set_number(j, "expanded_size", in->source->size);
        report_set_number(j, "chunks", o->chunks);
        return report_print(j, NULL);
}

static int run(int argc, char **argv)
{
        _cleanup_input_ Input in = { 0 };
        _cleanup_output_ OutputFile out = { .fd = -1 };
        _cleanup_(ext4_map_freep) Ext4Map *map = NULL;
        SparseOptions o = { .zeros_dont_matter = arg_zeros, .crc = !arg_no_crc };
        Work work;
        int r;

        if (arg_block_size == 0 || arg_block_size % 4 != 0 || arg_block_size > SPARSE_BLOCK_MAX)
                return error_usage("the block size has to be a multiple of 4 up to 16M");
        o.block_size = (uint32_t)arg_block_size;
        r = input_open(&in, argv[0]);
        if (r != 0)
                return r;
        r = open_map(&in, &map);
        if (r != 0)
                return r;
        if (map) {
                o.is_free = block_is_free;
                o.userdata = map;
        }
        r = output_open(&out, arg_output, arg_force);
        if (r != 0)
                return r;
        work_begin(&work, "making a sparse image", in.source->size);
        r = convert(&in, &out, &o, &work);
        work_end(&work);
        if (r == -EFBIG)
                return error_fail(ERROR_INVALID_FILE,
                        "%s is too long for a sparse image with this block size", in.path);
        if (r < 0)
                return work_error(r, in.path);
        return finish(&in, &out, &o, map);
}

const Verb verb_sparse = {
        .name = "sparse",
        .group = GROUP_FILES,
        .synopsis = "[OPTION…] FILE|BACKUP:PART",
        .summary = "make an Android sparse image",
        .help = "Turns a plain image into the form that fastboot and SP Flash Tool take. The image "
                "says exactly\nthe same as the file: zero blocks are written as zeros. What is not "
                "needed can be left out:\n--ext4-free drops blocks that the file system itself "
                "calls free; --drop-zeros drops every zero\nblock and is right only when the "
                "storage will be erased before.",
        .options = options,
        .min_args = 1,
        .max_args = 1,
        .run = run,
};
