/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* ^C while something is half-written.
 *
 * Between begin and end, which nest, SIGINT and SIGTERM do not end the program but are remembered, so
 * that work can stop at its next step and clean up. */

#include <stdbool.h>

void interrupt_begin(void);
void interrupt_end(void);
/* True once a signal came since the outermost begin. */
bool interrupt_seen(void);
