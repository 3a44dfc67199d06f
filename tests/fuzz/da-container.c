/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Download agent files: whatever is accepted can be read, and only once is it said what a phone of
 * any chip would get. */

#include <stdlib.h>
#include <string.h>

#include "basic/bytes.h"
#include "protocol/da-container.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_region(const DaRegion *r, size_t size)
{
        if (r->size > 0 && (!range_fits(r->offset, r->size, size) || r->sig_size > r->size))
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        DaContainer *c = NULL;
        Failure f = { 0 };
        bool guess;

        if (da_container_parse(data, MIN(size, (size_t)DA_HEAD_MAX), size, &c, &f) < 0) {
                if (c || f.id == ERROR_NONE)
                        abort();
                return 0;
        }
        for (size_t i = 0; i < c->n_entries; i++) {
                const DaEntry *e = &c->entries[i];

                if (!e->usable) {
                        if (!e->problem[0])
                                abort();
                        continue;
                }
                for (size_t k = 0; k < e->n_regions; k++)
                        check_region(&e->regions[k], size);
                check_region(&e->stage1, size);
                check_region(&e->stage2, size);
                if (e->stage1.size < DA_STAGE_MIN || e->stage1.size > DA_STAGE_MAX)
                        abort();
                da_entry_family(c, e);
        }
        for (size_t i = 0; i < chip_count(); i++) {
                const Chip *chip = chip_at(i);
                const DaEntry *e =
                        da_container_choose(c, chip, chip->hw_code, 0xca00, (uint16_t)size, &guess);

                if (e && !e->usable)
                        abort();
        }
        da_container_free(c);
        return 0;
}
