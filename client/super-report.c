/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/super-report.h"

#include "basic/bytes.h"
#include "client/error.h"

const Column super_columns[] = {
        { "PARTITION", "name" },
        { "GROUP", "group" },
        { "SIZE", "size", COLUMN_SIZE },
        { "EXTENTS", "extents", COLUMN_NUMBER },
        { "ATTRIBUTES", "attributes", COLUMN_LIST },
        {},
};

static json_t *attributes(uint32_t bits)
{
        static const struct {
                uint32_t bit;
                const char *name;
        } names[] = {
                { SUPER_ATTR_READONLY, "readonly" },
                { SUPER_ATTR_SLOT_SUFFIXED, "slot-suffixed" },
                { SUPER_ATTR_UPDATED, "updated" },
                { SUPER_ATTR_DISABLED, "disabled" },
        };
        json_t *list = json_array();

        for (size_t i = 0; i < ELEMENTS(names); i++)
                if (bits & names[i].bit)
                        json_array_append_new(list, json_string(names[i].name));
        return list;
}

static void check_partition(
        json_t *j, const Super *super, const SuperPartition *p, const Source *source)
{
        for (size_t i = 0; i < p->n_extents; i++) {
                const SuperExtent *e = &super->extents[p->first_extent + i];

                if (!e->zero && e->device == 0 && !range_fits(e->offset, e->size, source->size)) {
                        report_problem(j, 0, "%s lies behind the end of the file", p->name);
                        return;
                }
        }
}

void super_report(json_t *j, const Super *super, const Source *source)
{
        static const char *const which[] = { "primary", "backup" };
        json_t *list = json_array();

        report_set_number(j, "slots", super->slot_count);
        report_set_number(j, "slot", super->slot);
        for (size_t i = 0; i < super->n_partitions; i++) {
                const SuperPartition *p = &super->partitions[i];
                json_t *o = json_object();

                report_set_text(o, "name", p->name);
                report_set_text(o, "group", p->group);
                report_set_number(o, "size", p->size);
                report_set_number(o, "extents", p->n_extents);
                json_object_set_new(o, "attributes", attributes(p->attributes));
                json_array_append_new(list, o);
                check_partition(j, super, p, source);
        }
        json_object_set_new(j, "partitions", list);
        for (size_t copy = 0; copy < 2; copy++) {
                if (super->geometry[copy] != SUPER_COPY_GOOD)
                        report_problem(j, 0, "%s geometry is %s", which[copy],
                                super_copy_to_string(super->geometry[copy]));
                for (uint32_t i = 0; i < super->slot_count; i++)
                        if (super->slots[copy][i] == SUPER_COPY_BAD)
                                report_problem(
                                        j, 0, "%s metadata of slot %u is damaged", which[copy], i);
        }
}

int super_report_print(const Super *super, const Source *source)
{
        const ReportTable tables[] = { { "partitions", super_columns }, {} };
        json_t *j = json_object();

        super_report(j, super, source);
        return report_print(j, tables);
}
