/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The progress line of a terminal:
 *
 *   reading userdata ████████████▌            52%  1.0 GiB/2.0 GiB  38.1 MiB/s  0:27 */

#include "client/output.h"

typedef struct ProgressLine {
        const char *what;     /* "reading userdata" */
        uint64_t done, total; /* bytes; total 0: unknown */
        uint64_t rate;        /* bytes a second; 0 unknown */
        uint64_t remaining;   /* seconds; UINT64_MAX unknown */
} ProgressLine;

/* The line for a terminal of this width, to be freed; never wider than width - 1. */
char *progress_line(const ProgressLine *p, size_t width, bool utf8, bool color);
/* Draws it on the terminal at stderr, if there is one. */
void progress_draw(const ProgressLine *p);
