/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/keeper/reports.h"

#include <errno.h>

#include "format/memory-report.h"
#include "format/scatter-make.h"
#include "format/scatter.h"

static int make_memory(const Facts *facts, char **ret)
{
        const Layout *l = facts->layout;
        MemoryReport m = { .internal_ram = facts->sram,
                .external_ram = facts->dram,
                .ram_type = "DRAM",
                .storage = l->storage };

        for (size_t i = 0; i < l->n_regions; i++)
                m.regions[l->regions[i].kind] = l->regions[i].size;
        if (l->storage == STORAGE_NAND)
                m.nand_size = m.regions[REGION_USER];
        return memory_report_write(&m, ret);
}

static int make_scatter(const Facts *facts, char **ret)
{
        const Region *boot = layout_region(facts->layout, REGION_BOOT1);
        const ScatterMake how = { .chip = facts->device.chip,
                .storage = facts->layout->storage,
                .boot_size = boot ? boot->size : 0 };
        _cleanup_(layout_freep) Layout *l = NULL;
        size_t size;
        int r = scatter_make(facts->layout, &how, &l);

        return r < 0 ? r : scatter_write(SCATTER_V1, &l, 1, ret, &size);
}

int reports_make(const Facts *facts, Reports *ret)
{
        int r = make_memory(facts, &ret->memory);

        if (r < 0)
                return r;
        ret->list[ret->n++] = (CommitReport){ "memory-report.txt", ret->memory };
        if (facts->layout->n_parts == 0)
                return 0;
        /* a table can be too strange for a scatter; the backup needs none */
        r = make_scatter(facts, &ret->scatter);
        if (r < 0)
                return r == -ENOMEM ? r : 0;
        ret->list[ret->n++] = (CommitReport){ "scatter.txt", ret->scatter };
        return 0;
}

void reports_done(Reports *r)
{
        free(r->memory);
        free(r->scatter);
        *r = (Reports){};
}
