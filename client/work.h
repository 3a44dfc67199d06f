/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Long work of an offline verb: a progress line on a terminal, and ^C.
 *
 * While work goes on, an interrupt does not end the program but makes the next progress report
 * return -EINTR, so that half-written files are removed on the way out. */

#include "format/sink.h"

typedef struct Work {
        Progress progress; /* hand this to the format's functions */
        const char *what;  /* "splitting userdata" */
        uint64_t before;   /* bytes of earlier pieces, added to what is reported */
        uint64_t total;
        uint64_t started, drawn; /* µs of the monotonic clock */
} Work;

/* total: bytes of all pieces, 0 unknown */
void work_begin(Work *w, const char *what, uint64_t total);
/* The next piece; size: of the one that ended. */
void work_next(Work *w, const char *what, uint64_t size);
void work_end(Work *w);

/* Exit code for work that ended with r < 0 while path was being read or written. */
int work_error(int r, const char *path);
