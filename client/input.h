/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What a verb is told to read: a file or part of a backup. What stands for a sparse image can be
 * looked into as the image it expands to. */

#include "client/file-source.h"
#include "format/sparse.h"

/* Opens the input of a verb as it is: a file, or a partition of a backup (backup-input.h). 0 or an
 * exit code; what went wrong was said. */
int input_file_open(FileSource *f, const char *word);

/* An input of a verb: a file or part of a backup, expanded when it is an Android sparse image. */
typedef struct Input {
        const char *path;
        FileSource file;
        SparseSource *sparse;
        Source *source; /* the one to use */
} Input;

/* 0 or an exit code; what went wrong was said. input_close() takes an input that was never opened
 * when it is all zeros. */
int input_open(Input *i, const char *path);
void input_close(Input *i);
#define _cleanup_input_ _cleanup_(input_close)
