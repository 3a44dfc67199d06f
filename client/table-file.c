/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/table-file.h"

#include <errno.h>
#include <string.h>

#include "client/error.h"
#include "client/input.h"
#include "format/address.h"
#include "format/ptable.h"
#include "format/scatter.h"

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

/* Parts of a scatter that count from the end get their place from the size of the area. */
static int take_section(
        const char *path, Scatter *scatter, uint64_t area_size, StorageType storage, TableFile *ret)
{
        Layout *l = scatter_section(scatter, storage);

        if (!l && storage == STORAGE_UNKNOWN)
                return error_usage(
                        "%s describes more than one kind of storage; --storage picks one", path);
        if (!l)
                return error_fail(ERROR_INVALID_FILE, "%s says nothing about %s storage", path,
                        storage_type_to_string(storage));
        for (size_t i = 0; i < scatter->n_sections; i++)
                if (scatter->sections[i] == l)
                        scatter->sections[i] = NULL;
        ret->layout = l;
        ret->kind = "scatter";
        if (area_size > 0 && !layout_set_region(l, REGION_USER, area_size))
                return error_errno(-ENOMEM, "cannot use %s", path);
        layout_place(l);
        return 0;
}

static int load_scatter(const Input *in, uint64_t area_size, StorageType storage, TableFile *ret)
{
        _cleanup_(scatter_freep) Scatter *scatter = NULL;
        _cleanup_free_ char *text = NULL;
        const char *slash = strrchr(in->path, '/');
        size_t size = (size_t)MIN(in->source->size, (uint64_t)SCATTER_SIZE_MAX + 1);
        int r;

        *ret = (TableFile){ 0 };
        text = malloc(size + 1);
        if (!text)
                return error_errno(-ENOMEM, "cannot read %s", in->path);
        r = source_read(in->source, text, size, 0);
        if (r == 0)
                r = scatter_read(slash ? slash + 1 : in->path, text, size, &scatter);
        if (r == -EBADMSG)
                return error_fail(ERROR_INVALID_FILE, "%s is no scatter file", in->path);
        if (r < 0)
                return error_file(r, in->path);
        return take_section(in->path, scatter, area_size, storage, ret);
}

int table_load(const char *path, uint64_t area_size, StorageType storage, TableFile *ret)
{
        _cleanup_input_ Input in = { 0 };
        FileKind kind;
        int r = input_open(&in, path);

        if (r != 0)
                return r;
        r = file_identify(in.source, &kind);
        if (r < 0)
                return error_file(r, path);
        if (kind == FILE_SCATTER || kind == FILE_SCATTER_LEGACY || kind == FILE_SCATTER_XML)
                return load_scatter(&in, area_size, storage, ret);
        r = table_read(in.source, area_size, ret);
        if (r == -ENOENT)
                return error_fail(ERROR_INVALID_FILE, "%s holds no partition table", path);
        if (r == -EBADMSG)
                return error_fail(ERROR_INVALID_FILE,
                        "%s: every copy of the partition table is damaged", path);
        return r < 0 ? error_file(r, path) : 0;
}

int storage_option(const char *word, StorageType *ret)
{
        int value = word ? storage_type_from_string(word) : STORAGE_UNKNOWN;

        if (value < 0)
                return error_usage("“%s” is no kind of storage", word);
        *ret = (StorageType)value;
        return 0;
}

void table_done(TableFile *t)
{
        t->layout = layout_free(t->layout);
}
