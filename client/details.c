/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "client/details.h"

void details_print(const Column *rows, json_t *object)
{
        size_t width = 0;

        redact_json(object);
        for (const Column *c = rows; c->title; c++)
                width = MAX(width, text_width(c->title));
        for (const Column *c = rows; c->title; c++) {
                _cleanup_free_ char *text = column_text(c, object);
                if (text && strcmp(text, "-") != 0)
                        out_line("%s:%*s %s", c->title, (int)(width - text_width(c->title)), "",
                                text);
        }
}
