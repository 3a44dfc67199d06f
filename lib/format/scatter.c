/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "format/scatter.h"

#include <errno.h>
#include <string.h>

#include "basic/table.h"
#include "format/address.h"
#include "format/scatter-build.h"

static const char *const dialect_names[_SCATTER_MAX] = {
        [SCATTER_LEGACY] = "legacy",
        [SCATTER_V1] = "v1",
        [SCATTER_V2] = "v2",
        [SCATTER_XML] = "xml",
};
DEFINE_TABLE(scatter_dialect, ScatterDialect, dialect_names)

Scatter *scatter_free(Scatter *s)
{
        if (!s)
                return NULL;
        for (size_t i = 0; i < s->n_sections; i++)
                layout_free(s->sections[i]);
        free(s);
        return NULL;
}

Layout *scatter_section(const Scatter *s, StorageType storage)
{
        for (size_t i = 0; i < s->n_sections; i++)
                if (s->sections[i]->storage == storage)
                        return s->sections[i];
        return storage == STORAGE_UNKNOWN && s->n_sections == 1 ? s->sections[0] : NULL;
}

int scatter_read(const char *file_name, const void *data, size_t size, Scatter **ret)
{
        const char *text = data, *end = text + size;

        if (size > SCATTER_SIZE_MAX)
                return -EFBIG;
        if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
                text += 3;
        while (text < end && strchr(" \t\r\n", *text))
                text++;
        if (text < end && *text == '<')
                return scatter_read_xml(text, (size_t)(end - text), ret);
        return scatter_read_text(file_name, data, size, ret);
}

/* ---- completing what a reader built (scatter-build.h) ---- */

/* What flash tools expect of every entry. */
static void check_entries(Layout *l)
{
        for (size_t i = 0; i < l->n_parts; i++) {
                Partition *p = l->parts + i;
                char index[sizeof(p->index)];
                snprintf(index, sizeof(index), "SYS%u", (unsigned)i);
                if (p->index[0] && strcmp(p->index, index) != 0)
                        layout_note(l, p->line, "%s stands at place %zu", p->index, i);
                if (p->name[0] == '\0')
                        layout_problem(
                                l, p->line, "%s has no name", p->index[0] ? p->index : "entry");
                if (p->is_reserved && p->is_download)
                        layout_problem(l, p->line, "%s is reserved and yet for download", p->name);
                if (p->size == 0) {
                        p->open_end = true;
                        layout_note(l, p->line, "%s has size 0, taken as up to the end", p->name);
                }
        }
        if (l->n_parts > SCATTER_TOOL_PARTS_MAX)
                layout_note(l, 0, "flash tools take at most %d partitions", SCATTER_TOOL_PARTS_MAX);
}

static void complete_section(ScatterBuilder *b, Layout *l, const char *file_name)
{
        snprintf(l->chip, sizeof(l->chip), "%s", b->platform);
        snprintf(l->project, sizeof(l->project), "%s", b->project);
        if (b->has_legacy && !b->has_config)
                scatter_complete_legacy(l, file_name);
        else
                check_entries(l);
        if (l->n_parts == 0)
                layout_problem(l, 0, "there are no partitions");
        if (l->storage == STORAGE_UNKNOWN)
                layout_problem(l, 0, "the storage is not said");
        if (l->block_size == 0)
                l->block_size = l->storage == STORAGE_UFS ? 0x80000 : 0x20000;
        layout_place(l);
        layout_check(l);
}

int scatter_builder_finish(
        ScatterBuilder *b, const char *file_name, ScatterDialect dialect, Scatter **ret)
{
        Scatter *s = b->scatter;
        size_t n_parts = 0;

        for (size_t i = 0; i < s->n_sections; i++)
                n_parts += s->sections[i]->n_parts;
        bool config = b->has_config && (n_parts > 0 || s->version[0]);
        if (!config && !(b->has_legacy && b->has_brace))
                return -EBADMSG;
        s->dialect = dialect == SCATTER_XML        ? SCATTER_XML
                : !b->has_config                   ? SCATTER_LEGACY
                : strstr(s->version, "V2") != NULL ? SCATTER_V2
                                                   : SCATTER_V1;
        for (size_t i = 0; i < s->n_sections; i++)
                complete_section(b, s->sections[i], file_name);
        if (s->dialect == SCATTER_V1 && s->n_sections > 1)
                layout_problem(s->sections[0], 0,
                        "a file of version \"%s\" should have one storage", s->version);
        *ret = TAKE_PTR(b->scatter);
        return 0;
}
