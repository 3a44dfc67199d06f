/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A list of JSON objects as a table for people, drawn by libsmartcols.
 *
 * A column is a header and the member it shows. Members that are absent or null show as "-". The
 * same objects are what --json prints, so that both always say the same. */

#include "client/output.h"

typedef enum ColumnKind {
        COLUMN_TEXT,
        COLUMN_NUMBER,
        COLUMN_SIZE,  /* bytes */
        COLUMN_TIME,  /* RFC 3339 text */
        COLUMN_LIST,  /* array of strings, comma separated */
        COLUMN_YESNO, /* boolean */
        COLUMN_HEX,   /* a number in hexadecimal */
} ColumnKind;

typedef struct Column {
        const char *title; /* NULL ends a table */
        const char *key;
        ColumnKind kind;
        bool shrink;    /* may be cut on a narrow terminal */
        unsigned spare; /* left out there, the highest first; 0 never */
} Column;

/* Prints the table, or `empty` to stderr when list has no element. 0 or a negative errno. */
int columns_print(const Column *columns, json_t *list, const char *empty);
/* Text of one member as a column would show it; to be freed. NULL when out of memory. */
char *column_text(const Column *column, json_t *object);
