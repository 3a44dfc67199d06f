/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/report.h"

#include <ctype.h>
#include <stdarg.h>
#include <string.h>

#include "client/error.h"
#include "client/output.h"

const Column report_partition_columns[] = {
        { "PARTITION", "name" },
        { "REGION", "region" },
        { "OFFSET", "offset", COLUMN_HEX },
        { "SIZE", "size", COLUMN_SIZE },
        { "CLASS", "class" },
        { "CONTENT", "content", .shrink = true },
        {},
};

json_t *report_text(const char *text)
{
        _cleanup_free_ char *copy = NULL;
        json_t *j = json_string(text);

        if (j)
                return j;
        copy = strdup(text);
        for (char *p = copy; p && *p; p++)
                if ((unsigned char)*p >= 0x80)
                        *p = '?';
        return copy ? json_string(copy) : NULL;
}

void report_set_text(json_t *j, const char *key, const char *text)
{
        if (text && *text)
                json_object_set_new(j, key, report_text(text));
}

void report_set_number(json_t *j, const char *key, uint64_t value)
{
        json_object_set_new(j, key, json_integer((json_int_t)MIN(value, (uint64_t)INT64_MAX)));
}

/* list: "problems", or "notes" for what is only worth knowing */
static void add_problem(json_t *j, const char *list, unsigned line, const char *text)
{
        json_t *array = json_object_get(j, list), *problem = json_object();

        if (!array) {
                array = json_array();
                json_object_set_new(j, list, array);
        }
        if (line > 0)
                json_object_set_new(problem, "line", json_integer(line));
        json_object_set_new(problem, "text", report_text(text));
        json_array_append_new(array, problem);
}

void report_problem(json_t *j, unsigned line, const char *format, ...)
{
        char text[512];
        va_list ap;

        va_start(ap, format);
        vsnprintf(text, sizeof(text), format, ap);
        va_end(ap);
        add_problem(j, "problems", line, text);
}

void report_layout_problems(json_t *j, const Layout *l)
{
        for (size_t i = 0; i < l->n_problems; i++)
                add_problem(j, l->problems[i].note ? "notes" : "problems", l->problems[i].line,
                        l->problems[i].text);
}

bool report_has_problems(const json_t *j)
{
        return json_array_size(json_object_get(j, "problems")) > 0;
}

static void add_region(json_t *list, const Layout *l, const Region *r)
{
        json_t *j = json_object();

        report_set_text(j, "name", region_name(l->storage, r->kind));
        if (r->size > 0)
                report_set_number(j, "size", r->size);
        json_array_append_new(list, j);
}

static json_t *partition_object(const Layout *l, const Partition *p)
{
        const char *region = region_name(l->storage, p->region);
        json_t *j = json_object();

        json_object_set_new(j, "name", report_text(p->name));
        report_set_text(j, "region", region);
        if (!p->unplaced)
                report_set_number(j, "offset", p->offset);
        if (!p->open_end)
                report_set_number(j, "size", p->size);
        report_set_text(j, "class", part_class_to_string(p->class));
        report_set_text(j, "file", p->file_name);
        report_set_text(j, "type", p->type);
        report_set_text(j, "operation", p->operation);
        return j;
}

void report_layout(json_t *j, const Layout *l)
{
        json_t *regions = json_array(), *partitions = json_array();

        if (l->storage != STORAGE_UNKNOWN)
                report_set_text(j, "storage", storage_type_to_string(l->storage));
        report_set_text(j, "chip", l->chip);
        report_set_text(j, "project", l->project);
        for (size_t i = 0; i < l->n_regions; i++)
                add_region(regions, l, &l->regions[i]);
        for (size_t i = 0; i < l->n_parts; i++)
                json_array_append_new(partitions, partition_object(l, &l->parts[i]));
        if (json_array_size(regions) > 0)
                json_object_set_new(j, "regions", regions);
        else
                json_decref(regions);
        json_object_set_new(j, "partitions", partitions);
        report_layout_problems(j, l);
}

static bool ends_with(const char *text, const char *end)
{
        size_t n = strlen(text), m = strlen(end);

        return n >= m && strcmp(text + n - m, end) == 0;
}

/* "load_address" is shown as "Load address:" */
static void print_label(const char *key, int indent)
{
        char label[40];
        size_t n = 0;

        for (; key[n] && n < sizeof(label) - 2; n++)
                label[n] = key[n] == '_' ? ' ' : key[n];
        label[n++] = ':';
        label[n] = 0;
        if (strcmp(key, "emi") == 0 || strcmp(key, "uuid") == 0)
                for (size_t i = 0; i < n; i++)
                        label[i] = (char)toupper((unsigned char)label[i]);
        else if (islower((unsigned char)label[0]) && indent == 0)
                label[0] = (char)toupper((unsigned char)label[0]);
        printf("%*s%-*s ", indent, "", 18 - indent, label);
}

static void print_number(const char *key, uint64_t value)
{
        static const char *const addresses[] = { "address", "offset", "crc", "magic", "checksum" };
        char size[FORMAT_MAX];

        for (size_t i = 0; i < ELEMENTS(addresses); i++)
                if (ends_with(key, addresses[i])) {
                        printf("0x%llx\n", (unsigned long long)value);
                        return;
                }
        if (value >= KiB &&
                (ends_with(key, "size") || ends_with(key, "bytes") || ends_with(key, "length")))
                printf("%s (%llu bytes)\n", format_size(value, size), (unsigned long long)value);
        else
                printf("%llu\n", (unsigned long long)value);
}

static void print_text(const char *text)
{
        _cleanup_free_ char *copy = strdup(text);

        printf("%s\n", copy ? text_sanitize(copy) : "");
}

static void print_member(const char *key, json_t *value, int indent)
{
        const char *name;
        json_t *inner;

        if (json_is_array(value) &&
                (json_array_size(value) == 0 || json_is_object(json_array_get(value, 0))))
                return;
        print_label(key, indent);
        if (json_is_string(value))
                print_text(json_string_value(value));
        else if (json_is_integer(value))
                print_number(key, (uint64_t)json_integer_value(value));
        else if (json_is_boolean(value))
                printf("%s\n", json_is_true(value) ? "yes" : "no");
        else if (json_is_array(value)) {
                const Column column = { .key = key, .kind = COLUMN_LIST };
                _cleanup_json_ json_t *holder = json_object();
                _cleanup_free_ char *text = NULL;

                json_object_set(holder, key, value);
                text = column_text(&column, holder);
                print_text(text ?: "");
        } else if (json_is_object(value)) {
                printf("\n");
                json_object_foreach(value, name, inner) print_member(name, inner, indent + 2);
        } else
                printf("-\n");
}

static void print_problems(json_t *j, const char *key, const char *title)
{
        json_t *list = json_object_get(j, key), *problem;
        size_t i;

        if (json_array_size(list) > 0)
                printf("\n%s\n", title);
        json_array_foreach(list, i, problem)
        {
                json_int_t line = json_integer_value(json_object_get(problem, "line"));
                const char *text = json_string_value(json_object_get(problem, "text"));

                if (line > 0)
                        out_line("  line %lld: %s", (long long)line, text ?: "");
                else
                        out_line("  %s", text ?: "");
        }
}

static int print_people(json_t *j, const ReportTable *tables)
{
        const char *key;
        json_t *value;
        int r;

        json_object_foreach(j, key, value) print_member(key, value, 0);
        for (; tables && tables->key; tables++) {
                value = json_object_get(j, tables->key);
                if (json_array_size(value) == 0)
                        continue;
                printf("\n");
                r = columns_print(tables->columns, value, "");
                if (r < 0)
                        return error_errno(r, "cannot show the table");
        }
        print_problems(j, "notes", "Notes:");
        print_problems(j, "problems", "Problems:");
        return EXIT_OK;
}

int report_print(json_t *j, const ReportTable *tables)
{
        int r;

        if (arg_json)
                return out_json(j);
        redact_json(j);
        r = print_people(j, tables);
        json_decref(j);
        return r;
}
