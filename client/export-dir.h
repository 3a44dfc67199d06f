/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The folder that an export fills.
 *
 * A file is written as <name>.part, flushed, and renamed to <name> when it is whole; a name that
 * exists is left alone unless force was asked for. SHA256SUMS names every file written; lines
 * of an earlier export into the same folder stay. All functions but the destructor give 0 or an
 * exit code and have said what went wrong. */

#include "basic/cleanup.h"

typedef struct ExportDir ExportDir;

#define EXPORT_ANY_SIZE UINT64_MAX

/* Opens the folder, making it (not its parents) when it is missing. */
int export_dir_open(const char *path, bool force, ExportDir **ret);
ExportDir *export_dir_free(ExportDir *d);
DEFINE_CLEANUP(ExportDir, export_dir_free)

/* May the file be written? */
int export_dir_check(ExportDir *d, const char *name);
/* Opens <name>.part, empty, for this user only. */
int export_dir_create(ExportDir *d, const char *name, int *ret_fd);
/* Checks the size (EXPORT_ANY_SIZE: whatever it is), flushes, renames. sha256 is the sum the service vouches for; when it is "" the
 * file is read to get it. */
int export_dir_finish(ExportDir *d, const char *name, int fd, uint64_t size, const char *sha256);
/* Removes what was begun. */
void export_dir_abandon(ExportDir *d, const char *name);
/* A small file in one go. */
int export_dir_text(ExportDir *d, const char *name, const char *text);
/* Writes SHA256SUMS and flushes the folder. */
int export_dir_sums(ExportDir *d);
