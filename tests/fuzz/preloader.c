/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Boot areas and loader files. A loader that is whole is wrapped and must come out of the area
 * again. */

#include <stdlib.h>

#include "basic/bytes.h"
#include "format/preloader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void wrap_again(const uint8_t *data, const Preloader *p)
{
        uint8_t header[PRELOADER_HEADER_MAX], *area;
        MemorySource m;
        Preloader again;
        size_t n;

        if (preloader_make_header(PRELOADER_EMMC, &p->file, 0, header, &n) < 0)
                return;
        area = malloc(n + p->file.file_len);
        memcpy(area, header, n);
        memcpy(area + n, data + p->file.offset, p->file.file_len);
        memory_source_init(&m, area, n + p->file.file_len);
        if (preloader_read(&m.source, &again) < 0 || again.health != p->health ||
                again.file.offset != n || again.emi_length != p->emi_length)
                abort();
        free(area);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        MemorySource m;
        Preloader p;

        if (preloader_read(memory_source_init(&m, data, size), &p) == 0 &&
                p.health == PRELOADER_GOOD)
                wrap_again(data, &p);
        return 0;
}
