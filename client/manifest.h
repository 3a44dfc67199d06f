/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The manifest of a backup, and files that the service fills. */

#include "client/bus.h"
#include "format/layout.h"

/* Calls Backup.Export of the object at path into fd, which stays the caller's. A progress line
 * shows `what` and how far fd has got of `total` bytes. 0, an exit code; EXIT_INTERRUPTED after
 * ^C. */
int backup_export(sd_bus *bus, const char *path, const char *part, const char *format, int fd,
        const char *what, uint64_t total);

/* The manifest as JSON (parts have "name", "file", "region", "size", "status", "sha256"). File
 * names in it are safe to use in a folder. 0 or an exit code. */
int manifest_get(sd_bus *bus, const char *path, json_t **ret);

/* The partition table behind a manifest: the parts of the user area with their classes, the sizes of
 * all areas, chip and storage. NULL when out of memory. */
Layout *manifest_table(const json_t *manifest);
