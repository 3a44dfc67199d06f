/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Which program keeps a phone from us.
 *
 * When an interface cannot be claimed another program has claimed it through usbfs: a driver of the
 * kernel would have been detached. That program has the node open, so it shows in /proc, but only
 * to those who may look into its process. The service's unit hides the processes of others from it;
 * what it can say honestly is then how somebody else finds out. */

#include "basic/cleanup.h"

enum { HOLDER_NAME_SIZE = 64 };

/* A program other than this one that has the node open: "name (process 123)". 1 when one was seen,
 * 0 when not, which proves nothing. */
int holder_find(const char *node, char ret[static HOLDER_NAME_SIZE]);
