/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A result that appears whole or not at all.
 *
 * It is written as <path>.part, flushed to the disk and only then renamed; a file that exists is
 * left alone unless force was asked for. "-" is stdout, which is neither a terminal nor anything to
 * rename. On a file, holes stay holes. All functions but the destructor give 0 or an exit code and
 * have said what went wrong. From opening to closing ^C only sets a mark (interrupt.h), so that no
 * half-written file stays behind. */

#include "format/sink.h"

typedef struct OutputFile {
        Sink sink;
        int fd;
        char *path, *part; /* part NULL: stdout */
        bool force, interruptible;
} OutputFile;

int output_open(OutputFile *o, const char *path, bool force);
/* Ends the file where the sink stands, flushes it, renames it. */
int output_commit(OutputFile *o);
/* Removes what was not committed. */
void output_close(OutputFile *o);
#define _cleanup_output_ _cleanup_(output_close)

/* Replaces bytes that were written already; only for a file, -ESPIPE for stdout. Negative errno. */
int output_patch(OutputFile *o, const void *data, size_t size, uint64_t offset);
static inline bool output_is_stdout(const OutputFile *o)
{
        return !o->part;
}

/* Says that writing failed. An exit code. */
int output_error(const OutputFile *o, int r);

/* A small result in one go. */
int output_text(const char *path, bool force, const char *text);
/* Makes a folder for results (not its parents) unless it is there. */
int output_folder(const char *path);
