/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A program that leaves nothing behind.
 *
 * The program runs itself a second time, under the preloads, inside a short-named temporary
 * directory (socket names have little room), waits, ends what is left of its descendants and
 * removes the directory, also when the inner one was killed. */

#include "basic/cleanup.h"

/* Are we the inner one? */
bool run_dir_inside(void);
/* The directory; inner one only. */
const char *run_dir(void);
/* Runs the inner one and returns its exit code. */
int run_dir_around(char **argv);
/* Gives a program that is started the environment from before, without the preloads. */
void run_dir_restore_environment(void);
