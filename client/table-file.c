/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/table-file.h"

#include <errno.h>

#include "client/error.h"
#include "client/file-source.h"
#include "format/ptable.h"

int table_read(Source *s, uint64_t area_size, TableFile *ret)
{
        PtableFacts facts;
        int r;

        *ret = (TableFile){ 0 };
        r = ptable_read(s, area_size, &ret->layout, &facts);
        ret->kind = ptable_kind_to_string(facts.kind);
        ret->user_start = facts.offset;
        return r;
}

int table_load(const char *path, uint64_t area_size, TableFile *ret)
{
        _cleanup_input_ Input in = { 0 };
        int r = input_open(&in, path);

        if (r != 0)
                return r;
        r = table_read(in.source, area_size, ret);
        if (r == -ENOENT)
                return error_fail(ERROR_INVALID_FILE, "%s holds no partition table", path);
        if (r == -EBADMSG)
                return error_fail(ERROR_INVALID_FILE,
                        "%s: every copy of the partition table is damaged", path);
        return r < 0 ? error_file(r, path) : 0;
}

void table_done(TableFile *t)
{
        t->layout = layout_free(t->layout);
}
