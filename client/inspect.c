/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/inspect.h"

#include <errno.h>
#include <string.h>

#include "format/filesystem.h"
#include "format/mtk-image.h"
#include "format/ptable.h"
#include "format/sparse.h"

static int (*const inspectors[_FILE_KIND_MAX])(Inspection *) = {
        [FILE_SPARSE] = inspect_sparse,
        [FILE_DA_CONTAINER] = inspect_loader,
        [FILE_BOOT_IMAGE] = inspect_image,
        [FILE_VENDOR_BOOT_IMAGE] = inspect_image,
        [FILE_MTK_IMAGE] = inspect_image,
        [FILE_FEATURE_ROM] = inspect_loader,
        [FILE_BOOT_AREA] = inspect_loader,
        [FILE_PRELOADER] = inspect_loader,
        [FILE_LOADER] = inspect_loader,
        [FILE_SUPER] = inspect_image,
        [FILE_FILESYSTEM] = inspect_image,
        [FILE_GPT] = inspect_table,
        [FILE_PMT] = inspect_table,
        [FILE_MBR] = inspect_table,
        [FILE_SCATTER] = inspect_text,
        [FILE_SCATTER_LEGACY] = inspect_text,
        [FILE_SCATTER_XML] = inspect_text,
        [FILE_READBACK_V5] = inspect_text,
        [FILE_READBACK_V6] = inspect_text,
        [FILE_CONSOLE_V5] = inspect_text,
        [FILE_CONSOLE_V6] = inspect_text,
        [FILE_CHECKSUM_INI] = inspect_text,
        [FILE_CHECKSUM_XML] = inspect_text,
        [FILE_MEMORY_REPORT] = inspect_text,
        [FILE_FEATURE_CFG] = inspect_text,
};

/* A linear dump begins with its boot area, and the table of some old phones has no mark at the
 * start: what is long and says nothing else about itself is asked for a table as well. */
static bool may_be_dump(const Inspection *i)
{
        return i->source->size > 4 * MiB &&
                (i->kind == FILE_BOOT_AREA || i->kind == FILE_UNKNOWN || i->kind == FILE_EMPTY);
}

static int look_for_table(Inspection *i)
{
        PtableFacts facts;
        Layout *l = NULL;
        int r = ptable_read(i->source, 0, &l, &facts);

        layout_free(l);
        if (r == 0)
                i->kind = FILE_GPT;
        return r == -ENOENT || r == -EBADMSG ? 0 : r;
}

int inspect(Inspection *i)
{
        int r;

        r = file_identify(i->source, &i->kind);
        if (r < 0)
                return r;
        if (may_be_dump(i)) {
                r = look_for_table(i);
                if (r < 0)
                        return r;
        }
        report_set_text(i->report, "kind", file_kind_to_string(i->kind));
        report_set_text(i->report, "description", file_kind_describe(i->kind));
        report_set_number(i->report, "size", i->source->size);
        r = inspectors[i->kind] ? inspectors[i->kind](i) : 0;
        if (r < 0)
                return r;
        /* always there, so that who reads the JSON need not ask */
        if (!json_object_get(i->report, "partitions"))
                json_object_set_new(i->report, "partitions", json_array());
        if (!json_object_get(i->report, "problems"))
                json_object_set_new(i->report, "problems", json_array());
        return 0;
}

int inspect_content(Source *s, char *out, size_t size)
{
        Filesystem f;
        MtkImage image;
        FileKind kind;
        int r = file_identify(s, &kind);

        out[0] = 0;
        if (r < 0 || kind == FILE_UNKNOWN)
                return r;
        if (kind == FILE_FILESYSTEM && filesystem_identify(s, 0, &f) == 0)
                snprintf(out, size, "%s%s%s", filesystem_kind_to_string(f.kind),
                        f.label[0] ? " " : "", f.label);
        else if (kind == FILE_MTK_IMAGE && mtk_image_read(s, 0, &image) == 0)
                snprintf(out, size, "mtk-image %s", image.name);
        else
                snprintf(out, size, "%s", file_kind_to_string(kind));
        return 0;
}

int inspect_sparse(Inspection *i)
{
        _cleanup_(sparse_source_freep) SparseSource *x = NULL;
        Inspection inner = { .path = i->path };
        SparseSurvey survey;
        SparseHeader h;
        int r;

        r = sparse_read_header(i->source, &h);
        if (r < 0) {
                report_problem(i->report, 0, "the header of the sparse image is damaged");
                return 0;
        }
        report_set_number(i->report, "expanded_size", sparse_size(&h));
        report_set_number(i->report, "block_size", h.block_size);
        report_set_number(i->report, "chunks", h.chunks);
        r = sparse_survey(i->source, &h, &survey);
        if (r < 0 && r != -EBADMSG)
                return r;
        json_object_set_new(i->report, "chunk_kinds",
                json_pack("{s:I, s:I, s:I, s:I}", "raw", (json_int_t)survey.raw, "fill",
                        (json_int_t)survey.fill, "dont_care", (json_int_t)survey.dont_care, "crc32",
                        (json_int_t)survey.crc));
        if (r == -EBADMSG)
                report_problem(i->report, 0, "chunk %u is cut or damaged",
                        survey.raw + survey.fill + survey.dont_care + survey.crc + 1);
        else if (!survey.complete)
                report_problem(i->report, 0, "the chunks do not make up the whole image");
        if (r == 0 && survey.length < i->source->size)
                report_problem(i->report, 0, "there are %llu bytes behind the last chunk",
                        (unsigned long long)(i->source->size - survey.length));
        r = sparse_source_new(i->source, &x);
        if (r < 0)
                return r == -ENOMEM ? r : 0;
        inner.source = sparse_source(x);
        inner.report = json_object();
        r = inspect(&inner);
        if (r < 0) {
                json_decref(inner.report);
                return r;
        }
        /* the list is where everybody looks for it */
        json_object_set(i->report, "partitions", json_object_get(inner.report, "partitions"));
        json_object_del(inner.report, "partitions");
        json_array_extend(json_object_get(i->report, "problems") ?: json_null(),
                json_object_get(inner.report, "problems"));
        if (!json_object_get(i->report, "problems"))
                json_object_set(i->report, "problems", json_object_get(inner.report, "problems"));
        json_object_del(inner.report, "problems");
        json_object_set_new(i->report, "content", inner.report);
        i->tables = inner.tables;
        return 0;
}
