/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>

#include "client/inspect.h"
#include "client/super-report.h"
#include "format/boot-image.h"
#include "format/filesystem.h"
#include "format/mtk-image.h"

static const Column section_columns[] = {
        { "SECTION", "name" },
        { "OFFSET", "offset", COLUMN_HEX },
        { "SIZE", "size", COLUMN_SIZE },
        { "CONTENT", "content" },
        {},
};

static const Column image_columns[] = {
        { "IMAGE", "name" },
        { "OFFSET", "offset", COLUMN_HEX },
        { "SIZE", "size", COLUMN_SIZE },
        { "TYPE", "type", COLUMN_HEX },
        {},
};

static const ReportTable tables[] = {
        { "sections", section_columns },
        { "images", image_columns },
        { "partitions", super_columns },
        {},
};

static int report_boot(Inspection *i)
{
        json_t *sections = json_array();
        char version[32];
        BootImage b;
        int r = boot_image_read(i->source, 0, &b);

        json_object_set_new(i->report, "sections", sections);
        if (r == -EBADMSG || r == -ENOENT)
                report_problem(i->report, 0, "the header is damaged");
        if (r < 0)
                return r == -EBADMSG || r == -ENOENT ? 0 : r;
        boot_image_os_version(&b, version, sizeof(version));
        report_set_number(i->report, "header_version", b.version);
        report_set_text(i->report, "name", b.name);
        report_set_text(i->report, "command_line", b.command_line);
        report_set_text(i->report, "os_version", version);
        report_set_number(i->report, "page_size", b.page_size);
        report_set_number(i->report, "image_size", b.size);
        for (size_t k = 0; k < b.n_sections; k++) {
                json_t *s = json_object();
                WindowSource w;
                MtkImage image;

                report_set_text(s, "name", b.sections[k].name);
                report_set_number(s, "offset", b.sections[k].offset);
                report_set_number(s, "size", b.sections[k].size);
                window_source_init(&w, i->source, b.sections[k].offset, b.sections[k].size);
                if (mtk_image_read(&w.source, 0, &image) == 0)
                        report_set_text(s, "content", image.name);
                json_array_append_new(sections, s);
        }
        if (b.size > i->source->size)
                report_problem(i->report, 0, "the image is cut: it should have %llu bytes",
                        (unsigned long long)b.size);
        return 0;
}

static int report_mtk(Inspection *i)
{
        json_t *images = json_array();
        uint64_t length, at = 0;
        unsigned n;
        MtkImage image;
        int r = mtk_image_measure(i->source, 0, &length, &n);

        json_object_set_new(i->report, "images", images);
        if (r == -EBADMSG || r == -ENOENT)
                report_problem(i->report, 0, "a header says an impossible size");
        if (r == -ENODATA)
                report_problem(i->report, 0, "the image is cut: it should have %llu bytes",
                        (unsigned long long)length);
        if (r < 0 && r != -EBADMSG && r != -ENODATA && r != -ENOENT)
                return r;
        for (unsigned k = 0; k < n && mtk_image_read(i->source, at, &image) == 0; k++) {
                json_t *o = json_object();

                report_set_text(o, "name", image.name);
                report_set_number(o, "offset", image.offset);
                report_set_number(o, "size", image.data_size);
                report_set_number(o, "type", image.image_type);
                if (image.has_load_address)
                        report_set_number(o, "load_address", image.load_address);
                json_array_append_new(images, o);
                at = mtk_image_next(&image);
        }
        report_set_number(i->report, "image_size", length);
        return 0;
}

static int report_filesystem(Inspection *i)
{
        Filesystem f;
        int r = filesystem_identify(i->source, 0, &f);

        if (r < 0)
                return r;
        report_set_text(i->report, "filesystem", filesystem_kind_to_string(f.kind));
        report_set_text(i->report, "label", f.label);
        report_set_text(i->report, "uuid", f.uuid);
        report_set_number(i->report, "block_size", f.block_size);
        report_set_number(i->report, "filesystem_size", f.size);
        if (f.needs_recovery)
                report_problem(
                        i->report, 0, "was not unmounted: its journal has to be replayed first");
        if (f.size > i->source->size)
                report_problem(i->report, 0, "the file ends before the file system, %llu bytes",
                        (unsigned long long)f.size);
        return 0;
}

static int report_super(Inspection *i)
{
        _cleanup_(super_freep) Super *super = NULL;
        int r = super_read(i->source, -1, &super);

        if (r == -EBADMSG || r == -ENOENT)
                report_problem(i->report, 0, "no copy of the metadata is whole");
        if (r < 0)
                return r == -EBADMSG || r == -ENOENT ? 0 : r;
        super_report(i->report, super, i->source);
        return 0;
}

int inspect_image(Inspection *i)
{
        i->tables = tables;
        switch (i->kind) {
        case FILE_BOOT_IMAGE:
        case FILE_VENDOR_BOOT_IMAGE: return report_boot(i);
        case FILE_MTK_IMAGE: return report_mtk(i);
        case FILE_SUPER: return report_super(i);
        default: return report_filesystem(i);
        }
}
