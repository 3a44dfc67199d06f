/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Lists of sums and memory reports: what was read and written again says the same. */

#include <stdlib.h>
#include <string.h>

#include "format/checksum-ini.h"
#include "format/checksum-xml.h"
#include "format/memory-report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_ini(const char *text, size_t size)
{
        Layout *l = layout_new();
        ChecksumIni *c = NULL, *again = NULL;
        char *written = NULL;

        if (checksum_ini_read(text, size, &c, l) == 0) {
                if (checksum_ini_write(c, &written) < 0 ||
                        checksum_ini_read(written, strlen(written), &again, NULL) < 0)
                        abort();
                for (size_t i = 0; i < c->n_entries; i++) {
                        const ChecksumEntry *e = checksum_ini_find(again, c->entries[i].name);

                        /* a name like a section or a comment cannot be written */
                        if (e && c->entries[i].has_sum && e->sum != c->entries[i].sum)
                                abort();
                }
        }
        free(written);
        checksum_ini_free(c);
        checksum_ini_free(again);
        layout_free(l);
}

static void check_xml(const char *text, size_t size)
{
        Layout *l = layout_new();
        ChecksumXml *c = NULL, *again = NULL;
        char *written = NULL;

        if (checksum_xml_read(text, size, &c, l) == 0) {
                if (checksum_xml_write(c, &written) < 0)
                        abort();
                if (checksum_xml_read(written, strlen(written), &again, NULL) < 0 ||
                        again->n_entries != c->n_entries)
                        abort();
        }
        free(written);
        checksum_xml_free(c);
        checksum_xml_free(again);
        layout_free(l);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const char *text = (const char *)data;
        char *written = NULL;
        MemoryReport report, again;

        check_ini(text, size);
        check_xml(text, size);
        if (memory_report_read(text, size, &report) == 0) {
                if (memory_report_write(&report, &written) < 0 ||
                        memory_report_read(written, strlen(written), &again) < 0 ||
                        again.regions[REGION_USER] !=
                                (report.storage == STORAGE_EMMC || report.storage == STORAGE_UFS
                                                ? report.regions[REGION_USER]
                                                : 0))
                        abort();
                free(written);
        }
        return 0;
}
