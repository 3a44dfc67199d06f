/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Manifests and lists of checksums. What a manifest says is fit to be used as names and sizes, and
 * can be written again. */

#include <stdlib.h>
#include <string.h>

#include "basic/bytes.h"
#include "store/manifest.h"
#include "store/sums.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const Manifest *m)
{
        ManifestTotals t;

        manifest_totals(m, &t);
        if (!backup_id_valid(m->id) || !device_key_valid(m->device.key))
                abort();
        for (size_t i = 0; i < m->n_parts; i++) {
                const ManifestPart *p = m->parts + i;

                if (!part_file_valid(p->file) || p->size == 0 || p->offset + p->size < p->offset)
                        abort();
                if (manifest_find(m, p->file) != p)
                        abort();
                for (size_t k = 0; k < p->n_bad; k++)
                        if (!range_fits(p->bad[k].offset, p->bad[k].size, p->size))
                                abort();
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(manifest_freep) Manifest *m = NULL, *again = NULL;
        _cleanup_free_ char *text = NULL;
        _cleanup_sums_ Sums sums = {};
        char why[MANIFEST_TEXT_MAX];
        size_t n;

        (void)sums_parse((const char *)data, size, &sums);
        if (manifest_parse((const char *)data, size, &m, why) < 0)
                return 0;
        check(m);
        if (manifest_write(m, &text, &n) < 0)
                return 0;
        if (manifest_parse(text, n, &again, why) < 0 || again->n_parts != m->n_parts)
                abort();
        return 0;
}
