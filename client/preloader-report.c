/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/preloader-report.h"

#include <errno.h>

static const Column block_columns[] = {
        { "BLOCK", "name" },
        { "TYPE", "type", COLUMN_HEX },
        { "OFFSET", "offset", COLUMN_HEX },
        { "SIZE", "size", COLUMN_HEX },
        {},
};

static const Column descriptor_columns[] = {
        { "DEVICE", "device", COLUMN_NUMBER },
        { "LOADER", "type" },
        { "BEGIN", "begin", COLUMN_HEX },
        { "BOUNDARY", "boundary", COLUMN_HEX },
        { "ATTRIBUTE", "attribute", COLUMN_HEX },
        {},
};

const ReportTable preloader_tables[] = {
        { "descriptors", descriptor_columns },
        { "blocks", block_columns },
        {},
};

static void set_type(json_t *j, uint16_t type)
{
        char number[16];
        const char *name = gfh_file_type_name(type);

        snprintf(number, sizeof(number), "0x%x", type);
        report_set_text(j, "type", name ?: number);
}

void gfh_report(json_t *j, const GfhFile *f)
{
        json_t *blocks = json_array();

        set_type(j, f->file_type);
        report_set_number(j, "offset", f->offset);
        report_set_number(j, "length", f->file_len);
        report_set_number(j, "load_address", f->load_addr);
        report_set_text(j, "flash", gfh_flash_dev_name(f->flash_dev));
        report_set_number(j, "signature_type", f->sig_type);
        report_set_number(j, "signature_length", f->sig_len);
        for (size_t i = 0; i < f->n_blocks; i++) {
                json_t *b = json_object();

                report_set_text(b, "name", gfh_block_type_name(f->blocks[i].type) ?: "unknown");
                report_set_number(b, "type", f->blocks[i].type);
                report_set_number(b, "offset", f->blocks[i].offset);
                report_set_number(b, "size", f->blocks[i].size);
                json_array_append_new(blocks, b);
        }
        json_object_set_new(j, "blocks", blocks);
}

static void report_descriptors(json_t *j, const Preloader *p)
{
        json_t *list = json_array();

        for (size_t i = 0; i < p->n_descriptors; i++) {
                const PreloaderDescriptor *d = &p->descriptors[i];
                json_t *o = json_object();

                report_set_number(o, "device", d->device);
                set_type(o, d->type);
                report_set_number(o, "begin", d->begin);
                report_set_number(o, "boundary", d->boundary);
                report_set_number(o, "attribute", d->attribute);
                json_array_append_new(list, o);
        }
        json_object_set_new(j, "descriptors", list);
}

static void report_findings(json_t *j, const Preloader *p)
{
        if (p->device_header[0] && !p->has_layout)
                report_problem(j, 0, "there is no boot layout (BRLYT) behind the device header");
        if (p->health == PRELOADER_MISSING)
                report_problem(j, 0, "no loader file is where it should be");
        if (p->health == PRELOADER_DAMAGED && !p->has_file)
                report_problem(j, 0, "the lengths in the loader's header are impossible");
        if (p->health == PRELOADER_CUT)
                report_problem(j, 0, "the loader goes on behind the end of the file");
        if (p->hash == GFH_HASH_BAD)
                report_problem(j, 0, "the hash in the signature does not fit the content");
        if (p->file.chain_broken)
                report_problem(j, 0, "the chain of header blocks is broken");
        if (p->has_file && p->file.file_len > p->file.max_size)
                report_problem(j, 0, "the loader is longer than its own limit");
}

void preloader_report(json_t *j, const Preloader *p)
{
        report_set_text(j, "health", preloader_health_to_string(p->health));
        report_set_text(j, "header", p->device_header);
        if (p->has_layout)
                report_descriptors(j, p);
        if (p->has_file) {
                gfh_report(j, &p->file);
                report_set_text(j, "hash", gfh_hash_to_string(p->hash));
        }
        report_set_text(j, "platform", p->platform);
        report_set_text(j, "project", p->project);
        report_set_text(j, "build", p->build);
        if (p->emi_length > 0) {
                json_t *emi = json_object();

                report_set_text(emi, "version", p->emi_version);
                report_set_number(emi, "offset", p->emi_offset);
                report_set_number(emi, "length", p->emi_length);
                if (p->emi_entries > 0)
                        report_set_number(emi, "entries", p->emi_entries);
                json_object_set_new(j, "emi", emi);
        }
        if (p->trailing > 0)
                report_set_number(j, "trailing_bytes", p->trailing);
        report_findings(j, p);
}
