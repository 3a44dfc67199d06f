/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/scatter-input.h"

#include <errno.h>
#include <string.h>

#include "client/bus.h"
#include "client/error.h"
#include "client/input.h"
#include "client/manifest.h"
#include "client/report.h"
#include "client/table-file.h"
#include "format/address.h"
#include "format/memory-report.h"
#include "format/ptable.h"
#include "format/scatter-make.h"

enum { TEXT_MAX = 64 * 1024 }; /* of a listing or report */

void scatter_input_done(ScatterInput *i)
{
        i->scatter = scatter_free(i->scatter);
        i->table = layout_free(i->table);
}

static const char *base_name(const char *path)
{
        const char *slash = strrchr(path, '/');
        return slash ? slash + 1 : path;
}

/* The beginning of a source as text; to be freed. 0 or a negative errno. */
static int read_text(Source *s, size_t max, char **ret, size_t *ret_size)
{
        size_t size = (size_t)MIN(s->size, (uint64_t)max);
        char *text = malloc(size + 1);

        if (!text)
                return -ENOMEM;
        int r = source_read(s, text, size, 0);
        if (r < 0) {
                free(text);
                return r;
        }
        text[size] = 0;
        *ret = text;
        *ret_size = size;
        return 0;
}

/* ---- sizes ---- */

static int apply_report(const char *path, Layout *l)
{
        _cleanup_input_ Input in = { 0 };
        _cleanup_(layout_freep) Layout *sizes = layout_new();
        _cleanup_free_ char *text = NULL;
        MemoryReport m;
        size_t size;

        int r = input_open(&in, path);
        if (r != 0)
                return r;
        r = sizes ? read_text(in.source, TEXT_MAX, &text, &size) : -ENOMEM;
        if (r == 0)
                r = memory_report_read(text, size, &m);
        if (r == -ENOENT)
                return error_fail(ERROR_INVALID_FILE, "%s is no memory report", path);
        if (r == 0)
                r = memory_report_to_layout(&m, sizes);
        if (r < 0)
                return error_file(r, path);
        if (l->storage != STORAGE_UNKNOWN && sizes->storage != l->storage)
                return 0;
        for (size_t i = 0; i < sizes->n_regions; i++)
                if (sizes->regions[i].size > 0)
                        layout_set_region(l, sizes->regions[i].kind, sizes->regions[i].size);
        return 0;
}

static int apply_sizes(const ScatterWish *wish, Layout *l)
{
        if (wish->report) {
                int r = apply_report(wish->report, l);
                if (r != 0)
                        return r;
        }
        if (wish->user_size > 0)
                layout_set_region(l, REGION_USER, wish->user_size);
        if (wish->boot_size > 0) {
                layout_set_region(l, REGION_BOOT1, wish->boot_size);
                layout_set_region(l, REGION_BOOT2, wish->boot_size);
        }
        if (wish->chip)
                snprintf(l->chip, sizeof(l->chip), "%s", wish->chip);
        if (wish->project)
                snprintf(l->project, sizeof(l->project), "%s", wish->project);
        return 0;
}

/* ---- scatter files ---- */

static int choose_sections(const char *word, const ScatterWish *wish, ScatterInput *ret)
{
        StorageType storage;

        int r = storage_option(wish->storage, &storage);
        if (r != 0)
                return r;
        for (size_t i = 0; i < ret->scatter->n_sections; i++) {
                Layout *l = ret->scatter->sections[i];
                if (storage != STORAGE_UNKNOWN && l->storage != storage)
                        continue;
                r = apply_sizes(wish, l);
                if (r != 0)
                        return r;
                layout_place(l);
                layout_check(l);
                ret->sections[ret->n_sections++] = l;
        }
        if (ret->n_sections == 0)
                return error_fail(ERROR_INVALID_FILE, "%s says nothing about %s storage", word,
                        storage_type_to_string(storage));
        return 0;
}

static int load_scatter(Input *in, const ScatterWish *wish, ScatterInput *ret)
{
        _cleanup_free_ char *text = NULL;
        size_t size;

        int r = read_text(in->source, SCATTER_SIZE_MAX + 1, &text, &size);
        if (r == 0)
                r = scatter_read(base_name(in->path), text, size, &ret->scatter);
        if (r == -EBADMSG)
                return error_fail(ERROR_INVALID_FILE, "%s is no scatter file", in->path);
        if (r < 0)
                return error_file(r, in->path);
        ret->kind = "scatter";
        return choose_sections(in->path, wish, ret);
}

/* ---- tables ---- */

static int make_scatter(
        const char *word, const ScatterWish *wish, ScatterMake *how, ScatterInput *ret)
{
        Layout *made = NULL;
        const Region *boot = NULL;

        ret->scatter = calloc(1, sizeof(Scatter));
        if (!ret->scatter)
                return error_errno(-ENOMEM, "cannot use %s", word);
        /* sizes of the options go in before, since addresses are made with them */
        int r = apply_sizes(wish, ret->table);
        if (r == 0)
                r = storage_option(wish->storage, &how->storage);
        if (r != 0)
                return r;
        boot = layout_region(ret->table, REGION_BOOT1);
        how->boot_size = boot ? boot->size : 0;
        if (ret->table->n_parts > 0 && ret->table->usable_end == 0)
                layout_place(ret->table);
        r = scatter_make(ret->table, how, &made);
        if (r < 0)
                return error_file(r, word);
        ret->scatter->dialect = SCATTER_V1;
        ret->scatter->sections[ret->scatter->n_sections++] = made;
        ret->sections[ret->n_sections++] = made;
        return 0;
}

/* A dump of a phone without GPT ends where the flash ends, if it holds more than tables. */
static uint64_t dump_size(const Source *s, const Layout *l, uint64_t user_start)
{
        uint64_t last = 0, size = s->size - MIN(user_start, s->size);

        for (size_t i = 0; i < l->n_parts; i++)
                if (l->parts[i].region == REGION_USER && !l->parts[i].unplaced)
                        last = MAX(last, l->parts[i].offset);
        return last > 0 && size > last ? size : 0;
}

static int load_table(Input *in, const ScatterWish *wish, ScatterInput *ret)
{
        _cleanup_free_ char *text = NULL;
        PtableFacts facts;
        size_t size;

        int r = ptable_read(in->source, 0, &ret->table, &facts);
        ret->kind = ptable_kind_to_string(facts.kind);
        if (r == -ENOENT && in->source->size <= TEXT_MAX) {
                r = read_text(in->source, TEXT_MAX, &text, &size);
                if (r == 0)
                        r = dumchar_read(text, size, &ret->table);
                ret->kind = ptable_kind_to_string(PTABLE_DUMCHAR);
        }
        if (r == -ENOENT)
                return error_fail(ERROR_INVALID_FILE,
                        "%s is no scatter file and holds no partition table", in->path);
        if (r == -EBADMSG)
                return error_fail(ERROR_INVALID_FILE,
                        "%s: every copy of the partition table is damaged", in->path);
        if (r < 0)
                return error_file(r, in->path);
        if (facts.kind != PTABLE_GPT && !text && wish->user_size == 0)
                layout_set_region(
                        ret->table, REGION_USER, dump_size(in->source, ret->table, facts.offset));
        ScatterMake how = { .user = in->source, .user_offset = facts.offset };
        return make_scatter(in->path, wish, &how, ret);
}

/* ---- backups ---- */

static int load_backup(const char *word, const ScatterWish *wish, ScatterInput *ret)
{
        _cleanup_bus_ sd_bus *bus = NULL;
        _cleanup_free_ char *id = NULL, *path = NULL;
        _cleanup_json_ json_t *manifest = NULL;
        ScatterMake how = { 0 };

        int r = bus_open_asking(&bus);
        if (r == 0)
                r = backup_resolve(bus, word, &id);
        if (r != 0)
                return r;
        path = bus_backup_path(id);
        if (!path)
                return error_errno(-ENOMEM, "cannot use %s", word);
        r = manifest_get(bus, path, &manifest);
        if (r != 0)
                return r;
        ret->kind = "backup";
        ret->table = manifest_table(manifest);
        if (!ret->table)
                return error_errno(-ENOMEM, "cannot use %s", word);
        return make_scatter(word, wish, &how, ret);
}

int scatter_input_load(const char *word, const ScatterWish *wish, ScatterInput *ret)
{
        _cleanup_input_ Input in = { 0 };
        FileKind kind;

        *ret = (ScatterInput){ 0 };
        if (!strchr(word, '/') && access(word, F_OK) < 0 && errno == ENOENT &&
                (strcmp(word, "latest") == 0 || strspn(word, "0123456789TZ") >= 8))
                return load_backup(word, wish, ret);
        int r = input_open(&in, word);
        if (r != 0)
                return r;
        r = file_identify(in.source, &kind);
        if (r < 0)
                return error_file(r, word);
        if (kind == FILE_SCATTER || kind == FILE_SCATTER_LEGACY || kind == FILE_SCATTER_XML)
                return load_scatter(&in, wish, ret);
        return load_table(&in, wish, ret);
}

/* ---- reports ---- */

json_t *scatter_input_report(const ScatterInput *i, const char *word)
{
        json_t *j = json_object(), *partitions = json_array(), *storages = json_array();

        json_object_set_new(j, "file", report_text(word));
        report_set_text(j, "kind", i->kind);
        if (!i->table) {
                report_set_text(j, "dialect", scatter_dialect_to_string(i->scatter->dialect));
                report_set_text(j, "version", i->scatter->version);
        }
        for (size_t k = 0; k < i->n_sections; k++) {
                const Layout *l = i->sections[k];
                json_t *one = json_object();
                report_layout(one, l);
                report_set_text(j, "chip", l->chip);
                report_set_text(j, "project", l->project);
                json_array_append_new(storages, json_string(storage_type_to_string(l->storage)));
                json_array_extend(partitions, json_object_get(one, "partitions"));
                json_decref(one);
        }
        json_object_set_new(j, "storages", storages);
        json_object_set_new(j, "partitions", partitions);
        for (size_t k = 0; k < i->n_sections; k++)
                report_layout_problems(j, i->sections[k]);
        if (i->table)
                report_layout_problems(j, i->table);
        return j;
}

static void complain(const Layout *l)
{
        for (size_t i = 0; i < l->n_problems; i++) {
                const Problem *p = l->problems + i;
                _cleanup_free_ char *text = strdup(p->text);
                const char *kind = p->note ? "note" : "warning";
                if (text && p->line > 0)
                        message("%s: line %u: %s", kind, p->line, text_sanitize(text));
                else if (text)
                        message("%s: %s", kind, text_sanitize(text));
        }
}

void scatter_input_complain(const ScatterInput *i)
{
        if (i->table)
                complain(i->table);
        for (size_t k = 0; k < i->n_sections; k++)
                complain(i->sections[k]);
}
