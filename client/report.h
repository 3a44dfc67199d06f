/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What an offline verb found out about a file: one JSON object, shown as it is with --json, and as
 * lines and tables for people otherwise, so that both always say the same.
 *
 * Members become "Label: value" lines in their order; sizes and addresses are recognised by their
 * names. Lists of objects need a table that says which members to show. "notes" and "problems" come
 * last: what is worth knowing, and what is wrong. */

#include "client/columns.h"
#include "format/layout.h"

typedef struct ReportTable {
        const char *key; /* NULL ends a list of tables */
        const Column *columns;
} ReportTable;

/* Prints and releases j. An exit code. */
int report_print(json_t *j, const ReportTable *tables);

/* A string from outside, made valid UTF-8 if it is not. */
json_t *report_text(const char *text);
/* The same as a member of j, left out when it is empty. */
void report_set_text(json_t *j, const char *key, const char *text);
void report_set_number(json_t *j, const char *key, uint64_t value);

/* Adds a problem; line 0: none. */
void report_problem(json_t *j, unsigned line, const char *format, ...) _printf_(3, 4);
/* Adds all problems and notes of a layout. */
void report_layout_problems(json_t *j, const Layout *l);
bool report_has_problems(const json_t *j);
/* "partitions":[{name, region, offset, size, class}…], storage, chip, project, regions */
void report_layout(json_t *j, const Layout *l);
extern const Column report_partition_columns[];
