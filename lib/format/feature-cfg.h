/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The download list (.cfg) of a feature phone's ROM: doc/feature-rom.md, "Download list".
 *
 * Sections "…_region:" with the files a flash tool writes, in order. */

#include "format/layout.h"

enum { FEATURE_CFG_MAX = 1024 * 1024, FEATURE_CFG_FILES = 256 };

typedef struct FeatureCfgFile {
        char region[32]; /* "boot", "main", "control_block", … */
        char file[256];  /* as written; may have folders */
        unsigned line;
} FeatureCfgFile;

typedef struct FeatureCfg {
        char platform[32];
        FeatureCfgFile files[FEATURE_CFG_FILES];
        size_t n_files;
        unsigned flash_ids; /* memories that the list knows */
} FeatureCfg;

/* 0; -ENOENT: no region in it; -ENOMEM. */
int feature_cfg_read(const char *text, size_t size, FeatureCfg **ret, Layout *problems);
