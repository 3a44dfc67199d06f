/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Readback lists and download lists. */

#include <stdlib.h>
#include <string.h>

#include "format/feature-cfg.h"
#include "format/readback-read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const char *text = (const char *)data;
        Layout *l = layout_new();
        ReadbackFile *f = NULL;
        FeatureCfg *c = NULL;

        if (readback_file_read(text, size, &f, l) == 0 && f->n_entries > READBACK_ENTRIES_MAX)
                abort();
        if (feature_cfg_read(text, size, &c, l) == 0 && c->n_files > FEATURE_CFG_FILES)
                abort();
        readback_file_free(f);
        free(c);
        layout_free(l);
        return 0;
}
