/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "basic/bytes.h"
#include "client/inspect.h"
#include "format/checksum-ini.h"
#include "format/checksum-xml.h"
#include "format/feature-cfg.h"
#include "format/memory-report.h"
#include "format/readback-read.h"
#include "format/scatter.h"

static const Column sum_columns[] = {
        { "NAME", "name" },
        { "CHECKSUM", "checksum", COLUMN_HEX },
        { "MD5", "md5" },
        {},
};

static const Column region_columns[] = {
        { "AREA", "name" },
        { "SIZE", "size", COLUMN_SIZE },
        {},
};

static const Column item_columns[] = {
        { "AREA", "area" },
        { "OFFSET", "offset", COLUMN_HEX },
        { "SIZE", "size", COLUMN_SIZE },
        { "ENABLED", "enabled", COLUMN_YESNO },
        { "FILE", "file", .shrink = true },
        {},
};

static const Column file_columns[] = {
        { "REGION", "region" },
        { "FILE", "file" },
        {},
};

static const ReportTable tables[] = {
        { "items", item_columns },
        { "files", file_columns },
        { "checksums", sum_columns },
        { "regions", region_columns },
        { "partitions", report_partition_columns },
        {},
};

static int report_checksum_ini(Inspection *i, const char *text, size_t size, Layout *l)
{
        _cleanup_(checksum_ini_freep) ChecksumIni *c = NULL;
        json_t *list = json_array();
        int r;

        json_object_set_new(i->report, "checksums", list);
        r = checksum_ini_read(text, size, &c, l);
        if (r < 0)
                return r;
        report_set_text(i->report, "tool", c->tool);
        json_object_set_new(i->report, "enabled", json_boolean(c->enabled));
        for (size_t k = 0; k < c->n_entries; k++) {
                const ChecksumEntry *e = &c->entries[k];
                json_t *j = json_object();
                char hex[33];

                json_object_set_new(j, "name", report_text(e->name));
                if (e->has_sum)
                        report_set_number(j, "checksum", e->sum);
                hex_encode(e->md5, sizeof(e->md5), hex);
                if (e->has_md5)
                        report_set_text(j, "md5", hex);
                json_array_append_new(list, j);
        }
        return 0;
}

static int report_checksum_xml(Inspection *i, const char *text, size_t size, Layout *l)
{
        _cleanup_(checksum_xml_freep) ChecksumXml *c = NULL;
        json_t *list = json_array();
        int r;

        json_object_set_new(i->report, "checksums", list);
        r = checksum_xml_read(text, size, &c, l);
        if (r < 0)
                return r;
        for (size_t k = 0; k < c->n_entries; k++) {
                json_t *j = json_object();

                json_object_set_new(j, "name", report_text(c->entries[k].file));
                report_set_text(j, "method", c->entries[k].method);
                report_set_number(j, "checksum", c->entries[k].sum);
                json_array_append_new(list, j);
        }
        return 0;
}

static int report_memory(Inspection *i, const char *text, size_t size, Layout *l)
{
        MemoryReport m;
        json_t *regions = json_array();
        int r;

        json_object_set_new(i->report, "regions", regions);
        r = memory_report_read(text, size, &m);
        if (r < 0)
                return r;
        if (m.storage != STORAGE_UNKNOWN)
                report_set_text(i->report, "storage", storage_type_to_string(m.storage));
        report_set_text(i->report, "ram_type", m.ram_type);
        if (m.external_ram > 0)
                report_set_number(i->report, "ram_size", m.external_ram);
        r = memory_report_to_layout(&m, l);
        for (size_t k = 0; k < l->n_regions; k++) {
                json_t *j = json_object();

                report_set_text(j, "name", region_name(l->storage, l->regions[k].kind));
                report_set_number(j, "size", l->regions[k].size);
                json_array_append_new(regions, j);
        }
        return r;
}

/* Partitions of every section, each with its own storage's regions. */
static int report_scatter(Inspection *i, const char *text, size_t size, Layout *l)
{
        _cleanup_(scatter_freep) Scatter *scatter = NULL;
        const char *slash = strrchr(i->path, '/');
        json_t *partitions = json_array(), *storages = json_array();
        int r = scatter_read(slash ? slash + 1 : i->path, text, size, &scatter);

        json_object_set_new(i->report, "partitions", partitions);
        json_object_set_new(i->report, "storages", storages);
        if (r < 0)
                return r;
        report_set_text(i->report, "dialect", scatter_dialect_to_string(scatter->dialect));
        report_set_text(i->report, "version", scatter->version);
        for (size_t k = 0; k < scatter->n_sections; k++) {
                const Layout *section = scatter->sections[k];
                json_t *j = json_object();

                report_layout(j, section);
                report_set_text(i->report, "chip", section->chip);
                report_set_text(i->report, "project", section->project);
                json_array_append_new(storages,
                        json_string(storage_type_to_string(section->storage) ?: "unknown"));
                json_array_extend(partitions, json_object_get(j, "partitions"));
                json_decref(j);
                report_layout_problems(i->report, section);
        }
        return 0;
}

static int report_readback(Inspection *i, const char *text, size_t size, Layout *l)
{
        _cleanup_(readback_file_freep) ReadbackFile *f = NULL;
        json_t *list = json_array();
        int r = readback_file_read(text, size, &f, l);

        json_object_set_new(i->report, "items", list);
        if (r < 0)
                return r;
        report_set_text(i->report, "chip", f->chip);
        report_set_text(i->report, "storage", f->storage);
        for (size_t k = 0; k < f->n_entries; k++) {
                const ReadbackEntry *e = &f->entries[k];
                json_t *j = json_object();

                report_set_text(j, "area", e->area);
                if (!e->by_name) {
                        report_set_number(j, "offset", e->offset);
                        report_set_number(j, "size", e->length);
                }
                json_object_set_new(j, "enabled", json_boolean(e->enabled));
                report_set_text(j, "file", e->path);
                json_array_append_new(list, j);
        }
        return 0;
}

static int report_feature_cfg(Inspection *i, const char *text, size_t size, Layout *l)
{
        _cleanup_free_ FeatureCfg *c = NULL;
        json_t *list = json_array();
        int r = feature_cfg_read(text, size, &c, l);

        json_object_set_new(i->report, "files", list);
        if (r < 0)
                return r;
        report_set_text(i->report, "chip", c->platform);
        report_set_number(i->report, "memories", c->flash_ids);
        for (size_t k = 0; k < c->n_files; k++) {
                json_t *j = json_object();

                report_set_text(j, "region", c->files[k].region);
                report_set_text(j, "file", c->files[k].file);
                json_array_append_new(list, j);
        }
        return 0;
}

/* a kind without a reader of its own is only named */
static const struct {
        FileKind kind;
        int (*report)(Inspection *, const char *text, size_t size, Layout *problems);
} readers[] = {
        { FILE_CHECKSUM_INI, report_checksum_ini },
        { FILE_CHECKSUM_XML, report_checksum_xml },
        { FILE_MEMORY_REPORT, report_memory },
        { FILE_READBACK_V5, report_readback },
        { FILE_READBACK_V6, report_readback },
        { FILE_CONSOLE_V5, report_readback },
        { FILE_CONSOLE_V6, report_readback },
        { FILE_FEATURE_CFG, report_feature_cfg },
        { FILE_SCATTER, report_scatter },
        { FILE_SCATTER_LEGACY, report_scatter },
        { FILE_SCATTER_XML, report_scatter },
};

int inspect_text(Inspection *i)
{
        _cleanup_(layout_freep) Layout *l = layout_new();
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r;

        if (!l)
                return -ENOMEM;
        i->tables = tables;
        size = (size_t)MIN(i->source->size, (uint64_t)INSPECT_TEXT_MAX);
        if (i->source->size > INSPECT_TEXT_MAX)
                report_problem(i->report, 0, "longer than any such file; only its start was read");
        text = malloc(size + 1);
        if (!text)
                return -ENOMEM;
        r = source_read(i->source, text, size, 0);
        if (r < 0)
                return r;
        text[size] = 0;
        for (size_t k = 0; k < ELEMENTS(readers); k++) {
                if (readers[k].kind != i->kind)
                        continue;
                r = readers[k].report(i, text, size, l);
                if (r == -ENOENT || r == -EBADMSG || r == -EFBIG)
                        report_problem(i->report, 0, "it is damaged and cannot be read");
                else if (r < 0)
                        return r;
        }
        report_layout_problems(i->report, l);
        return 0;
}
