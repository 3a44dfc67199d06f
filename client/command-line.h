/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What the program was called with: options are parsed and the verb is run. */

/* The exit code. argv[0] is the program. */
int command_line_run(int argc, char **argv);
