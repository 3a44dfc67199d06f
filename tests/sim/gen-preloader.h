/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Makes a preloader file with memory settings for simulated phones in boot ROM mode. */

#include "basic/cleanup.h"

typedef struct PreloaderSpec {
        unsigned version; /* of the memory settings */
        unsigned n_entries;
        unsigned fits; /* which entry is for a simulated phone's eMMC; n_entries: none */
        bool bare;     /* only the settings, no file around them */
} PreloaderSpec;

enum { PRELOADER_ENTRY = 0xbc };

/* The caller frees. */
int preloader_make(const PreloaderSpec *s, uint8_t **ret, size_t *ret_size);
