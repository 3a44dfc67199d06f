/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The report of a legacy agent, in pieces as they are asked for. The first byte is the number of ids
 * in its hello. */

#include <stdlib.h>

#include "protocol/legacy-report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        LegacyReport report = {};
        size_t have = 0, more = 0;
        unsigned ids;
        int r;

        if (size < 1)
                return 0;
        ids = *data++ % (LEGACY_NAND_IDS_MAX + 1);
        size--;
        if (size >= LEGACY_REPORT_A_SIZE)
                legacy_report_a(data, &report);
        while ((r = legacy_report_try(data, have, ids, &report, &more)) == 0) {
                if (more == 0 || have + more > LEGACY_REPORT_MAX)
                        abort();
                if (have + more > size)
                        return 0;
                have += more;
        }
        if (r > 0 && report.size != have)
                abort();
        return 0;
}
