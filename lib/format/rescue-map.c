/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "format/rescue-map.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static int by_offset(const void *a, const void *b)
{
        const RescueRange *x = a, *y = b;

        return x->offset < y->offset ? -1 : x->offset > y->offset;
}

static void line(FILE *f, uint64_t offset, uint64_t size, char status)
{
        if (size > 0)
                fprintf(f, "0x%08" PRIX64 "  0x%08" PRIX64 "  %c\n", offset, size, status);
}

int rescue_map_write(
        uint64_t size, const RescueRange *ranges, size_t n, const char *comment, char **ret)
{
        _cleanup_free_ RescueRange *sorted = calloc(MAX(n, 1U), sizeof(*sorted));
        _cleanup_free_ char *text = NULL;
        uint64_t at = 0;
        size_t length;
        FILE *f;

        if (!sorted)
                return -ENOMEM;
        f = open_memstream(&text, &length);
        if (!f)
                return -ENOMEM;
        if (n > 0)
                memcpy(sorted, ranges, n * sizeof(*sorted));
        qsort(sorted, n, sizeof(*sorted), by_offset);
        fprintf(f, "# Mapfile. Created by mtkbackup\n# %s\n", comment);
        fprintf(f,
                "# current_pos  current_status  current_pass\n0x00000000     +               1\n");
        fprintf(f, "#      pos        size  status\n");
        for (size_t i = 0; i < n && at < size; i++) {
                uint64_t begin = MAX(sorted[i].offset, at), end = size;
                char status = sorted[i].status;

                if (sorted[i].size < size - MIN(sorted[i].offset, size))
                        end = sorted[i].offset + sorted[i].size;
                if (begin >= end)
                        continue;
                if (!status || !strchr("+-/*?", status))
                        status = RESCUE_BAD;
                line(f, at, begin - at, RESCUE_FINISHED);
                line(f, begin, end - begin, status);
                at = end;
        }
        line(f, at, size - at, RESCUE_FINISHED);
        if (ferror(f) | (fclose(f) != 0))
                return -ENOMEM;
        *ret = TAKE_PTR(text);
        return 0;
}
