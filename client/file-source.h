/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A file or block device as a Source (format/source.h): read with pread, its holes known where the
 * file system tells them. What stands for a sparse image can be looked into as the image it
 * expands to. */

#include "format/sparse.h"

typedef struct FileSource {
        Source source;
        int fd;
} FileSource;

/* Opens a regular file or block device for reading. 0; -EISDIR, -ESPIPE for what cannot be read
 * anywhere, or the error of open(2). */
int file_source_open(FileSource *f, const char *path);
/* The same for an open descriptor, which it takes in any case. */
int file_source_from(FileSource *f, int fd);
void file_source_close(FileSource *f);

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
