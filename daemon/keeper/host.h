/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What a manifest says about the computer it was made on. Collected before the cage closes. */

#include "store/manifest.h"

typedef struct Host {
        ManifestTool tool;
        char boot_id[40];
} Host;

void host_look(Host *ret);
