/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Messages and files of XML agents. */

#include <stdlib.h>
#include <string.h>

#include "protocol/xml-info.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const char *const tags[] = { "command", "result", "message", "packet_length", "pt" };
        XmlText text = xml_text(data, size), found;
        Layout *l = layout_new();
        StorageInfo info = {};
        char value[XML_VALUE_MAX];
        uint64_t number;

        for (size_t i = 0; i < ELEMENTS(tags); i++) {
                size_t at = 0, last = 0;

                if (xml_value(text, tags[i], value) && strlen(value) >= XML_VALUE_MAX)
                        abort();
                xml_number(text, tags[i], &number);
                while (xml_find(text, tags[i], &at, &found)) {
                        if (at <= last || at > size || found.data < text.data ||
                                found.data + found.size > text.data + text.size)
                                abort();
                        last = at;
                }
        }
        if (xml_kind(text) == XML_STATUS)
                xml_status_number(text, &number);
        if (xml_hw_info(text, &info) == 0 &&
                (!storage_region(&info, REGION_USER) || info.n_cid > sizeof info.cid))
                abort();
        xml_partition_table(text, l);
        layout_free(l);
        return 0;
}
