/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>

#include "client/inspect.h"
#include "client/preloader-report.h"
#include "format/feature-rom.h"
#include "protocol/da-container.h"

static const Column file_columns[] = {
        { "FILE", "type" },
        { "OFFSET", "offset", COLUMN_HEX },
        { "LENGTH", "length", COLUMN_HEX },
        { "HASH", "hash" },
        {},
};

static const Column agent_columns[] = {
        { "CHIP", "hw_code" },
        { "HW", "hw_version" },
        { "SW", "sw_version" },
        { "STAGE 1", "stage1_size", COLUMN_SIZE },
        { "STAGE 2", "stage2_size", COLUMN_SIZE },
        { "USABLE", "usable", COLUMN_YESNO },
        {},
};

static const ReportTable agent_tables[] = { { "agents", agent_columns }, {} };
static const ReportTable feature_tables[] = { { "files", file_columns }, {} };

static int report_preloader(Inspection *i)
{
        Preloader p;
        int r = preloader_read(i->source, &p);

        if (r == -ENOENT)
                report_problem(i->report, 0, "no loader is in it");
        if (r < 0)
                return r == -ENOENT ? 0 : r;
        preloader_report(i->report, &p);
        i->tables = preloader_tables;
        return 0;
}

static int report_gfh(Inspection *i)
{
        GfhHash hash;
        GfhFile f;
        int r = gfh_read(i->source, 0, &f);

        if (r == -EBADMSG)
                report_problem(i->report, 0, "the lengths in the header are impossible");
        if (r < 0)
                return r == -EBADMSG ? 0 : r;
        gfh_report(i->report, &f);
        i->tables = preloader_tables;
        r = gfh_check_hash(i->source, &f, &hash);
        if (r < 0)
                return r;
        report_set_text(i->report, "hash", gfh_hash_to_string(hash));
        if (hash == GFH_HASH_BAD)
                report_problem(i->report, 0, "the hash in the signature does not fit the content");
        if (f.file_len > i->source->size)
                report_problem(
                        i->report, 0, "the file is cut: it should have %u bytes", f.file_len);
        return 0;
}

static void report_feature_file(json_t *report, json_t *files, const FeatureFile *f)
{
        unsigned long long at = f->file.offset;
        json_t *j = json_object();

        gfh_report(j, &f->file);
        report_set_text(j, "hash", gfh_hash_to_string(f->hash));
        json_array_append_new(files, j);
        if (f->broken)
                report_problem(
                        report, 0, "file at 0x%llx: lengths are impossible or it is cut", at);
        if (f->overlaps)
                report_problem(report, 0, "file at 0x%llx overlaps the one before it", at);
        if (f->displaced)
                report_problem(report, 0, "file at 0x%llx was made for another place", at);
        if (f->hash == GFH_HASH_BAD)
                report_problem(report, 0, "file at 0x%llx: its hash does not fit", at);
}

static int report_feature_rom(Inspection *i)
{
        json_t *files = json_array();
        FeatureRom rom;
        int r;

        json_object_set_new(i->report, "files", files);
        i->tables = feature_tables;
        r = feature_rom_read(i->source, FEATURE_ROM_SMALLEST, &rom);
        if (r == -EFBIG)
                report_problem(i->report, 0, "longer than the flash of any such phone");
        if (r == -ENOENT)
                report_problem(i->report, 0, "no loader and no firmware is in it");
        if (r < 0)
                return r == -EFBIG || r == -ENOENT ? 0 : r;
        report_set_number(i->report, "flash_size", rom.size);
        if (rom.wrapped)
                report_problem(i->report, 0,
                        "the dump was read longer than the chip is and repeats itself");
        for (size_t k = 0; k < rom.n_files; k++)
                report_feature_file(i->report, files, &rom.files[k]);
        return 0;
}

static void set_code(json_t *j, const char *key, unsigned code)
{
        char text[16];

        snprintf(text, sizeof(text), "0x%04x", code);
        report_set_text(j, key, text);
}

static void report_agent(json_t *report, json_t *agents, const DaEntry *e)
{
        json_t *j = json_object();

        set_code(j, "hw_code", e->hw_code);
        set_code(j, "hw_version", e->hw_ver);
        set_code(j, "sw_version", e->sw_ver);
        report_set_number(j, "stage1_size", e->stage1.size);
        if (e->stage2.size > 0)
                report_set_number(j, "stage2_size", e->stage2.size);
        json_object_set_new(j, "usable", json_boolean(e->usable));
        json_array_append_new(agents, j);
        if (e->problem[0])
                report_problem(report, 0, "agent for 0x%04x: %s", e->hw_code, e->problem);
}

static int report_container(Inspection *i)
{
        _cleanup_(da_container_freep) DaContainer *c = NULL;
        _cleanup_free_ uint8_t *head = malloc(DA_HEAD_MAX);
        json_t *agents = json_array();
        Failure f = { 0 };
        size_t n;
        int r;

        json_object_set_new(i->report, "agents", agents);
        i->tables = agent_tables;
        if (!head)
                return -ENOMEM;
        r = source_read_some(i->source, head, DA_HEAD_MAX, 0, &n);
        if (r < 0)
                return r;
        r = da_container_parse(head, n, i->source->size, &c, &f);
        if (r == -EINVAL)
                report_problem(i->report, 0, "%s", f.text);
        if (r < 0)
                return r == -EINVAL ? 0 : r;
        report_set_text(i->report, "name", c->description);
        if (c->warning[0])
                report_problem(i->report, 0, "%s", c->warning);
        for (size_t k = 0; k < c->n_entries; k++)
                report_agent(i->report, agents, &c->entries[k]);
        return 0;
}

int inspect_loader(Inspection *i)
{
        switch (i->kind) {
        case FILE_FEATURE_ROM: return report_feature_rom(i);
        case FILE_LOADER: return report_gfh(i);
        case FILE_BOOT_AREA:
        case FILE_PRELOADER: return report_preloader(i);
        default: return report_container(i);
        }
}
