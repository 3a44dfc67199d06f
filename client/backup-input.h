/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A partition of a stored backup as the input of an offline verb: "latest:super", "ID:EMMC_USER".
 *
 * The service writes it, checked, into a file without a name in $TMPDIR (/var/tmp), which keeps its
 * holes and is gone when the program ends. */

#include "client/file-source.h"

/* Is this word meant so? A file of that name comes first. */
bool backup_input_is(const char *word);
/* 0 or an exit code. */
int backup_input_open(const char *word, FileSource *ret);
