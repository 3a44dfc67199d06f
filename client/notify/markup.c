/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "basic/cleanup.h"
#include "client/notify/markup.h"

static const char *entity(char c)
{
        switch (c) {
        case '&': return "&amp;";
        case '<': return "&lt;";
        case '>': return "&gt;";
        case '"': return "&quot;";
        case '\'': return "&#39;";
        default: return NULL;
        }
}

char *markup_escape(const char *text)
{
        size_t size = 1, used = 0;

        for (const char *p = text; *p; p++)
                size += strlen(entity(*p) ?: "x");
        char *out = malloc(size);
        if (!out)
                return NULL;
        for (; *text; text++) {
                const char *e = entity(*text);
                size_t n = e ? strlen(e) : 1;
                memcpy(out + used, e ?: text, n);
                used += n;
        }
        out[used] = 0;
        return out;
}
