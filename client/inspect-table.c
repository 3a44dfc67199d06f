/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "basic/bytes.h"
#include "client/inspect.h"
#include "format/ptable.h"

enum {
        CONTENT_WINDOW = 64 * 1024, /* of a partition, for the guess what is in it */
        EMPTY_WINDOW = 64 * 1024,   /* that decides whether a partition looks erased */
};

static const ReportTable tables[] = {
        { "partitions", report_partition_columns },
        {},
};

/* what a partition of this name has to begin with; a dump in which it does not is no good */
static const struct {
        const char *name, *content, *text;
} expectations[] = {
        { "lk", "mtk-image", "the header of a MediaTek image" },
        { "lk2", "mtk-image", "the header of a MediaTek image" },
        { "uboot", "mtk-image", "the header of a MediaTek image" },
        { "boot", "boot-image", "the header of an Android boot image" },
        { "bootimg", "boot-image", "the header of an Android boot image" },
        { "recovery", "boot-image", "the header of an Android boot image" },
        { "super", "super", "the geometry of dynamic partitions" },
};

/* "lk_a" is an "lk" */
static bool same_but_slot(const char *name, const char *base)
{
        size_t n = strlen(base);

        return strncasecmp(name, base, n) == 0 &&
                (name[n] == 0 || strcasecmp(name + n, "_a") == 0 ||
                        strcasecmp(name + n, "_b") == 0);
}

static void check_content(json_t *report, const Partition *p, const char *content)
{
        if (p->class == CLASS_IDENTITY && strcmp(content, "empty") == 0)
                report_problem(report, 0, "%s begins with nothing but 00 or FF", p->name);
        for (size_t i = 0; i < ELEMENTS(expectations); i++) {
                const char *want = expectations[i].content;

                if (!same_but_slot(p->name, expectations[i].name) ||
                        strncmp(content, want, strlen(want)) == 0)
                        continue;
                /* the slot that is not in use may be empty */
                if (strchr(p->name, '_') && strcmp(content, "empty") == 0)
                        continue;
                report_problem(
                        report, 0, "%s does not begin with %s", p->name, expectations[i].text);
        }
}

/* Adds "content" to the partitions that the file has. */
static int look_into(Inspection *i, const Layout *l, uint64_t user_start)
{
        json_t *list = json_object_get(i->report, "partitions");
        char content[64];
        int r;

        for (size_t k = 0; k < l->n_parts; k++) {
                const Partition *p = &l->parts[k];
                WindowSource w;

                if (p->region != REGION_USER || p->unplaced || p->size == 0 ||
                        p->offset >= i->source->size ||
                        !range_fits(user_start + p->offset, MIN(p->size, (uint64_t)CONTENT_WINDOW),
                                i->source->size))
                        continue;
                if (i->source->bytes_read > INSPECT_BUDGET)
                        break;
                window_source_init(&w, i->source, user_start + p->offset,
                        MIN(p->size, (uint64_t)CONTENT_WINDOW));
                r = inspect_content(&w.source, content, sizeof(content));
                if (r < 0)
                        return r;
                report_set_text(json_array_get(list, k), "content", content);
                check_content(i->report, p, content);
        }
        return 0;
}

static void report_gpt(json_t *j, const GptFacts *g)
{
        char guid[GUID_TEXT_SIZE];

        if (g->sector_size == 0)
                return;
        report_set_number(j, "sector_size", g->sector_size);
        json_object_set_new(j, "primary_ok", json_boolean(g->primary_ok));
        json_object_set_new(j, "backup_ok", json_boolean(g->backup_ok));
        if (g->primary_ok && g->backup_ok)
                json_object_set_new(j, "copies_equal", json_boolean(g->equal));
        report_set_text(j, "used_copy", g->used_backup ? "backup" : "primary");
        report_set_number(j, "made_for_size", g->table_size);
        guid_format(g->disk_guid, guid);
        if (!bytes_all(g->disk_guid, sizeof(g->disk_guid), 0))
                report_set_text(j, "disk_guid", guid);
        if (g->names_8bit)
                json_object_set_new(j, "names_8bit", json_true());
}

/* A whole dump has more than its tables: at least the beginning of one partition. */
static bool has_data(const Inspection *i, const Layout *l, uint64_t user_start)
{
        for (size_t k = 0; k < l->n_parts; k++) {
                const Partition *p = &l->parts[k];

                if (p->region == REGION_USER && !p->unplaced && p->offset > 0 &&
                        p->class != CLASS_TABLE && user_start + p->offset < i->source->size)
                        return true;
        }
        return false;
}

/* A dump that was cut lacks its last partitions. */
static void check_end(json_t *report, const Layout *l, uint64_t size)
{
        const Partition *first = NULL;
        unsigned n = 0;

        for (size_t k = 0; k < l->n_parts; k++) {
                const Partition *p = &l->parts[k];

                if (p->region != REGION_USER || p->unplaced || range_fits(p->offset, p->size, size))
                        continue;
                if (!first || p->offset < first->offset)
                        first = p;
                n++;
        }
        if (n == 1)
                report_problem(report, 0, "the dump ends before the end of %s", first->name);
        else if (n > 1)
                report_problem(report, 0,
                        "the dump ends before the end of %s; %u partitions are not or not wholly "
                        "in it",
                        first->name, n);
}

static void report_pmt(json_t *j, const PtableFacts *facts)
{
        report_set_number(j, "pmt_version", facts->pmt.version);
        report_set_number(j, "pmt_offset", facts->pmt.offset);
        json_object_set_new(j, "mirror_found", json_boolean(facts->pmt.mirror_found));
        if (facts->pmt.mirror_found)
                json_object_set_new(j, "copies_equal", json_boolean(facts->pmt.mirror_equal));
}

int inspect_table(Inspection *i)
{
        _cleanup_(layout_freep) Layout *l = NULL;
        PtableFacts facts;
        int r;

        r = ptable_read(i->source, 0, &l, &facts);
        report_gpt(i->report, &facts.gpt);
        if (facts.gpt.found && r < 0) {
                report_problem(i->report, 0, "primary table: %s", facts.gpt.primary_problem);
                report_problem(i->report, 0, "backup table: %s", facts.gpt.backup_problem);
        } else if (r < 0)
                report_problem(i->report, 0, "the table cannot be read");
        if (r < 0)
                return r == -ENOENT || r == -EBADMSG ? 0 : r;
        report_set_text(i->report, "table", ptable_kind_to_string(facts.kind));
        if (facts.kind == PTABLE_PMT)
                report_pmt(i->report, &facts);
        if (facts.offset > 0)
                report_set_number(i->report, "user_area_offset", facts.offset);
        report_layout(i->report, l);
        i->tables = tables;
        if (!has_data(i, l, facts.offset))
                return 0;
        json_object_set_new(i->report, "kind", json_string("dump"));
        json_object_set_new(i->report, "description", json_string("dump of a flash"));
        check_end(i->report, l, i->source->size - MIN(facts.offset, i->source->size));
        return look_into(i, l, facts.offset);
}
