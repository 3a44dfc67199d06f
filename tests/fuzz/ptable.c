/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Any partition table in a dump, and the textual listing of old kernels. */

#include "format/ptable.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        Layout *l = NULL;
        PtableFacts facts;
        MemorySource m;

        if (ptable_read(memory_source_init(&m, data, size), 0, &l, &facts) == 0)
                layout_tile(l);
        l = layout_free(l);
        if (ptable_read(memory_source_init(&m, data, size), size, &l, &facts) == 0)
                layout_tile(l);
        l = layout_free(l);
        if (dumchar_read((const char *)data, size, &l) == 0)
                layout_tile(l);
        layout_free(l);
        return 0;
}
