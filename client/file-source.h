/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A file or block device as a Source (format/source.h): read with pread, its holes known where the
 * file system tells them. */

#include "format/source.h"

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
