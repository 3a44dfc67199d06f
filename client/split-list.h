/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* split.json, which tells how the files of a split flash belong together.
 *
 * "split" writes it beside them, "join" reads it. One entry a piece: name, file, region, offset and
 * size in bytes; "present" where a dump ended inside the piece. */

#include "client/output.h"
#include "format/rom.h"

#define SPLIT_LIST "split.json"
enum { SPLIT_LIST_MAX = 16 * 1024 * 1024 };

/* An object to be written, or NULL when out of memory. */
json_t *split_list_make(const RomPlan *plan, StorageType storage, const char *table);
/* Reads one that somebody may have edited: every number is checked, files are names without a
 * folder. 0 or an exit code. */
int split_list_load(const char *folder, RomPlan **ret, StorageType *ret_storage);
