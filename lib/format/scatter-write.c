/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Writing scatter files. The keys of an entry and their order are said once, for text and XML; the
 * text dialects are below, XML is in scatter-write-xml.c. */

#include "format/scatter-write.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "format/address.h"
#include "format/scatter-build.h"

/* ---- entries ---- */

typedef struct Entry {
        ScatterDialect dialect;
        ScatterEmit emit;
        void *userdata;
} Entry;

static void put_text(const Entry *e, const char *key, const char *value)
{
        e->emit(e->userdata, key, value);
}

static void put_address(const Entry *e, const char *key, uint64_t value)
{
        char text[24];

        if (address_is_from_end(value))
                snprintf(text, sizeof(text), "0xFFFF%04x", (unsigned)(value & 0xffff));
        else
                snprintf(text, sizeof(text), "0x%" PRIx64, value);
        put_text(e, key, text);
}

static void put_size(const Entry *e, const char *key, uint64_t value)
{
        char text[24];

        snprintf(text, sizeof(text), "0x%" PRIx64, value);
        put_text(e, key, text);
}

static void put_bool(const Entry *e, const char *key, bool value)
{
        put_text(e, key, value ? "true" : "false");
}

/* Optional keys: what the source had; everything when it was no scatter, or when V2 demands it. */
static bool wants(const Entry *e, const Partition *p, uint32_t key)
{
        bool v1 = e->dialect == SCATTER_V1;

        if (key == SCATTER_KEY_COMBO)
                return !v1 && (p->keys & key || !(p->keys & SCATTER_KEY_UPGRADABLE));
        return p->keys & key || !(p->keys & SCATTER_KEY_SCATTER) || !v1;
}

void scatter_emit_entry(ScatterDialect dialect, const Layout *l, const Partition *p,
        ScatterEmit emit, void *userdata)
{
        const Entry entry = { dialect, emit, userdata }, *e = &entry;
        const char *region =
                p->region_text[0] ? p->region_text : region_name(l->storage, p->region);
        char storage[32];
        bool upgradable = p->keys & SCATTER_KEY_UPGRADABLE ? p->is_upgradable : p->is_download;

        snprintf(storage, sizeof(storage), "HW_STORAGE_%s", scatter_storage_name(l->storage));
        if (l->storage == STORAGE_NAND || l->storage == STORAGE_NOR ||
                l->storage == STORAGE_UNKNOWN)
                region = "NONE";
        put_text(e, "partition_name", p->name);
        put_text(e, "file_name", p->file_name[0] ? p->file_name : "NONE");
        put_bool(e, "is_download", p->is_download);
        put_text(e, "type", p->type[0] ? p->type : "NORMAL_ROM");
        put_address(e, "linear_start_addr", p->linear_address);
        put_address(e, "physical_start_addr", p->physical_address);
        put_size(e, "partition_size", p->size);
        put_text(e, "region", region ?: "NONE");
        put_text(e, "storage", storage);
        put_bool(e, "boundary_check", p->boundary_check);
        put_bool(e, "is_reserved", p->is_reserved);
        put_text(e, "operation_type", p->operation[0] ? p->operation : "INVISIBLE");
        if (wants(e, p, SCATTER_KEY_UPGRADABLE))
                put_bool(e, "is_upgradable", upgradable);
        if (wants(e, p, SCATTER_KEY_EMPTY_BOOT))
                put_bool(e, "empty_boot_needed", p->empty_boot_needed);
        if (wants(e, p, SCATTER_KEY_COMBO))
                put_bool(e, "combo_partsize_check", p->combo_partsize_check);
        put_text(e, "reserve", "0x00");
}

static const char *boot_channel(const Layout *l)
{
        if (l->boot_channel[0])
                return l->boot_channel;
        return l->storage == STORAGE_EMMC   ? "MSDC_0"
                : l->storage == STORAGE_UFS ? "UFSHCI_0"
                                            : "NONE";
}

void scatter_emit_storage(const Layout *l, ScatterEmit emit, void *userdata)
{
        const Entry e = { .emit = emit, .userdata = userdata };

        put_text(&e, "boot_channel", boot_channel(l));
        put_size(&e, "block_size", l->block_size ?: l->storage == STORAGE_UFS ? 0x80000 : 0x20000);
}

/* ---- text ---- */

typedef struct Out {
        FILE *file;
        int indent; /* blanks before a key */
} Out;

static void put_line(void *userdata, const char *key, const char *value)
{
        Out *o = userdata;

        fprintf(o->file, "%*s%s: %s\n", o->indent, "", key, value);
}

static void put_banner(Out *o, const char *title)
{
        static const char bar[] = "############################################################";

        fprintf(o->file, "%s\n#\n#  %s\n#\n%s\n", bar, title, bar);
}

static void put_entries(Out *o, ScatterDialect dialect, const Layout *l, int indent)
{
        o->indent = indent + 2;
        for (size_t i = 0; i < l->n_parts; i++) {
                fprintf(o->file, "%*s- partition_index: SYS%zu\n", indent, "", i);
                scatter_emit_entry(dialect, l, l->parts + i, put_line, o);
                fputc('\n', o->file);
        }
}

static void put_head(Out *o, const Layout *l, const char *version)
{
        put_banner(o, "General Setting");
        fprintf(o->file, "- general: MTK_PLATFORM_CFG\n  info: \n    - config_version: %s\n",
                version);
        o->indent = 6;
        put_line(o, "platform", l->chip);
        put_line(o, "project", l->project);
}

static void put_v1(Out *o, const Layout *l)
{
        put_head(o, l, "V1.1.2");
        put_line(o, "storage", scatter_storage_name(l->storage));
        scatter_emit_storage(l, put_line, o);
        put_banner(o, "Layout Setting");
        put_entries(o, SCATTER_V1, l, 0);
}

static void put_v2_section(Out *o, const Layout *l)
{
        const char *storage = scatter_storage_name(l->storage);
        char title[40];

        snprintf(title, sizeof(title), "%s Layout Setting", storage);
        put_banner(o, title);
        fprintf(o->file,
                "- storage_type: %s\n  description: \n  - general: MTK_STORAGE_CFG\n    info: \n"
                "      - storage: %s\n",
                storage, storage);
        o->indent = 8;
        scatter_emit_storage(l, put_line, o);
        fputc('\n', o->file);
        put_entries(o, SCATTER_V2, l, 2);
}

static int write_text(ScatterDialect dialect, Layout *const *sections, size_t n_sections,
        char **ret, size_t *ret_size)
{
        _cleanup_free_ char *text = NULL;
        size_t size;
        Out o = { .file = open_memstream(&text, &size) };

        if (!o.file)
                return -ENOMEM;
        if (dialect == SCATTER_V1)
                put_v1(&o, sections[0]);
        else
                put_head(&o, sections[0], "V2.1.0");
        for (size_t i = 0; dialect == SCATTER_V2 && i < n_sections; i++)
                put_v2_section(&o, sections[i]);
        bool bad = ferror(o.file);
        if (fclose(o.file) != 0 || bad)
                return -ENOMEM;
        *ret = TAKE_PTR(text);
        *ret_size = size;
        return 0;
}

int scatter_write(ScatterDialect dialect, Layout *const *sections, size_t n_sections, char **ret,
        size_t *ret_size)
{
        if (dialect == SCATTER_LEGACY || n_sections < 1 || n_sections > SCATTER_SECTIONS_MAX ||
                (dialect == SCATTER_V1 && n_sections != 1))
                return -EINVAL;
        if (dialect == SCATTER_XML)
                return scatter_write_xml(sections, n_sections, ret, ret_size);
        return write_text(dialect, sections, n_sections, ret, ret_size);
}
