/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The cage of a helper process.
 *
 * Before a helper touches a byte from outside it gives up what it does not need: no new
 * privileges, not dumpable, resource limits, Landlock (no file at all for the worker, one
 * directory tree for the keeper) and a seccomp filter that kills. Landlock alone is not enough on
 * kernels before 6.2: truncate(2) and O_TRUNC are only handled from ABI 3 on, so the filter
 * refuses them. Everything that needs a file (libraries' configuration, random device, sysfs) has
 * to be opened before. */

#include "basic/cleanup.h"

typedef enum CageKind {
        CAGE_WORKER, /* no path is reachable; ioctl only of usbfs */
        CAGE_KEEPER, /* one directory tree, read and write; no ioctl */
} CageKind;

/* dir: descriptor of the reachable tree (keeper), else -1. 0; -ENOSYS or -EOPNOTSUPP when the
 * kernel lacks Landlock or seccomp; else another negative errno. Nothing is undone on failure. */
int cage_enter(CageKind kind, int dir);
