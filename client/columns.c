/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <libsmartcols.h>
#include <string.h>
#include <time.h>

#include "client/columns.h"

enum { COLUMNS_MAX = 32, SHRUNK_WIDTH = 10 };

static void scols_unref_tablep(struct libscols_table **t)
{
        scols_unref_table(*t);
}

static char *text_of_time(const char *rfc3339)
{
        struct tm tm = {};
        char buffer[FORMAT_MAX];
        const char *end = strptime(rfc3339, "%Y-%m-%dT%H:%M:%S", &tm);

        if (!end)
                return strdup(rfc3339);
        return strdup(format_time((uint64_t)timegm(&tm) * 1000000, buffer));
}

/* Is the text among the first n elements? */
static bool list_has(json_t *list, size_t n, const char *text)
{
        for (size_t i = 0; i < n && text; i++)
                if (strcmp(json_string_value(json_array_get(list, i)) ?: "", text) == 0)
                        return true;
        return false;
}

static char *text_of_list(json_t *list)
{
        _cleanup_free_ char *text = NULL;
        json_t *value;
        size_t i;

        json_array_foreach(list, i, value)
        {
                char *longer;
                if (list_has(list, i, json_string_value(value)))
                        continue;
                if (asprintf(&longer, "%s%s%s", text ?: "", text ? "," : "",
                            json_string_value(value) ?: "?") < 0)
                        return NULL;
                free(text);
                text = longer;
        }
        return text ? TAKE_PTR(text) : strdup("-");
}

char *column_text(const Column *column, json_t *object)
{
        json_t *value = json_object_get(object, column->key);
        char buffer[FORMAT_MAX], *text;

        if (!value || json_is_null(value))
                return strdup("-");
        if (json_is_array(value))
                return text_of_list(value);
        if (json_is_boolean(value))
                return strdup(json_is_true(value) ? "yes" : "no");
        if (json_is_string(value) && column->kind == COLUMN_TIME)
                return text_of_time(json_string_value(value));
        if (json_is_string(value)) {
                const char *s = json_string_value(value);
                return strdup(*s ? s : "-");
        }
        if (json_is_integer(value) && column->kind == COLUMN_SIZE)
                return strdup(format_size((uint64_t)json_integer_value(value), buffer));
        if (json_is_integer(value) && column->kind == COLUMN_HEX)
                return asprintf(&text, "0x%llx", (unsigned long long)json_integer_value(value)) < 0
                        ? NULL
                        : text;
        if (json_is_integer(value))
                return asprintf(&text, "%lld", (long long)json_integer_value(value)) < 0 ? NULL
                                                                                         : text;
        return strdup("?");
}

/* ---- narrow terminals ---- */

/* What a column takes at least. */
static size_t column_width(const Column *column, json_t *list)
{
        size_t width = 0, i;
        json_t *object;

        json_array_foreach(list, i, object)
        {
                _cleanup_free_ char *text = column_text(column, object);
                width = MAX(width, text ? text_width(text) : 0);
        }
        return MAX(text_width(column->title), column->shrink ? MIN(width, SHRUNK_WIDTH) : width);
}

/* Columns that are shown, as bits: all but what a terminal has no room for. */
static unsigned columns_shown(const Column *columns, json_t *list)
{
        size_t widths[COLUMNS_MAX] = {}, total = 0, n;
        unsigned shown = 0;

        for (n = 0; columns[n].title && n < COLUMNS_MAX; n++) {
                widths[n] = 1 + column_width(&columns[n], list);
                total += widths[n];
                shown |= 1u << n;
        }
        while (isatty(STDOUT_FILENO) && total > 1 + terminal_width(STDOUT_FILENO)) {
                size_t least = n;
                for (size_t i = 0; i < n; i++)
                        if (columns[i].spare && shown & 1u << i &&
                                (least == n || columns[i].spare > columns[least].spare))
                                least = i;
                if (least == n)
                        break;
                shown &= ~(1u << least);
                total -= widths[least];
        }
        return shown;
}

/* ---- the table ---- */

static int columns_add(struct libscols_table *table, const Column *columns, unsigned shown)
{
        for (size_t i = 0; columns[i].title; i++) {
                const Column *c = columns + i;
                bool right =
                        c->kind == COLUMN_NUMBER || c->kind == COLUMN_SIZE || c->kind == COLUMN_HEX;
                int flags = (right ? SCOLS_FL_RIGHT : 0) | (c->shrink ? SCOLS_FL_TRUNC : 0);
                if (shown & 1u << i && !scols_table_new_column(table, c->title, 0, flags))
                        return -ENOMEM;
        }
        return 0;
}

static int line_add(
        struct libscols_table *table, const Column *columns, unsigned shown, json_t *object)
{
        struct libscols_line *line = scols_table_new_line(table, NULL);
        size_t n = 0;

        if (!line)
                return -ENOMEM;
        for (size_t i = 0; columns[i].title; i++) {
                if (!(shown & 1u << i))
                        continue;
                char *text = column_text(&columns[i], object);
                if (!text || scols_line_refer_data(line, n++, text) < 0) {
                        free(text);
                        return -ENOMEM;
                }
        }
        return 0;
}

int columns_print(const Column *columns, json_t *list, const char *empty)
{
        _cleanup_(scols_unref_tablep) struct libscols_table *table = NULL;
        json_t *object;
        size_t i;

        if (json_array_size(list) == 0) {
                message("%s", empty);
                return 0;
        }
        scols_init_debug(0);
        table = scols_new_table();
        if (!table)
                return -ENOMEM;
        redact_json(list);
        unsigned shown = columns_shown(columns, list);
        int r = columns_add(table, columns, shown);
        if (r < 0)
                return r;
        json_array_foreach(list, i, object)
        {
                r = line_add(table, columns, shown, object);
                if (r < 0)
                        return r;
        }
        fflush(stdout);
        return scols_print_table(table);
}
