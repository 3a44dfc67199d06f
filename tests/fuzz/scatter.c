/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Scatter files of any dialect. Whatever was read can be written in every form, and what was written
 * says the same when it is read and written again. */

#include <stdlib.h>
#include <string.h>

#include "format/address.h"
#include "format/scatter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_form(const Scatter *s, ScatterDialect dialect)
{
        char *first = NULL, *second = NULL;
        size_t n = dialect == SCATTER_V1 ? 1 : s->n_sections, size, size2;
        Scatter *again = NULL;

        if (scatter_write(dialect, s->sections, n, &first, &size) < 0)
                abort();
        int r = scatter_read(NULL, first, size, &again);
        if (r < 0 || again->dialect != dialect)
                abort();
        /* sections of equal storage may have melted into one another */
        if (again->n_sections == n) {
                if (scatter_write(dialect, again->sections, n, &second, &size2) < 0)
                        abort();
                if (size != size2 || memcmp(first, second, size) != 0)
                        abort();
        }
        scatter_free(again);
        free(first);
        free(second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        Scatter *s = NULL;

        if (scatter_read("MT6577_Android_scatter_emmc.txt", data, size, &s) < 0)
                return 0;
        for (ScatterDialect d = SCATTER_V1; d < _SCATTER_MAX; d++)
                check_form(s, d);
        for (size_t i = 0; i < s->n_sections; i++) {
                layout_set_region(s->sections[i], REGION_USER, 0x3a3e00000);
                layout_place(s->sections[i]);
                layout_check(s->sections[i]);
                layout_tile(s->sections[i]);
        }
        scatter_free(s);
        return 0;
}
