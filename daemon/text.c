/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/text.h"

#include <string.h>

/* Length of the UTF-8 character at p, or 0 when it is none: over-long forms, surrogates and what
 * lies beyond U+10FFFF are none. */
static size_t character_length(const unsigned char *p)
{
        static const struct {
                unsigned char first, last, second_first, second_last;
                size_t length;
        } forms[] = {
                { 0x01, 0x7f, 0, 0, 1 },
                { 0xc2, 0xdf, 0x80, 0xbf, 2 },
                { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
                { 0xe1, 0xec, 0x80, 0xbf, 3 },
                { 0xed, 0xed, 0x80, 0x9f, 3 },
                { 0xee, 0xef, 0x80, 0xbf, 3 },
                { 0xf0, 0xf0, 0x90, 0xbf, 4 },
                { 0xf1, 0xf3, 0x80, 0xbf, 4 },
                { 0xf4, 0xf4, 0x80, 0x8f, 4 },
        };

        for (size_t i = 0; i < ELEMENTS(forms); i++) {
                if (*p < forms[i].first || *p > forms[i].last)
                        continue;
                if (forms[i].length == 1)
                        return 1;
                if (p[1] < forms[i].second_first || p[1] > forms[i].second_last)
                        return 0;
                for (size_t k = 2; k < forms[i].length; k++)
                        if (p[k] < 0x80 || p[k] > 0xbf)
                                return 0;
                return forms[i].length;
        }
        return 0;
}

void text_copy(char *out, size_t size, const char *source)
{
        const unsigned char *p = (const unsigned char *)(source ?: "");
        size_t n = 0;

        while (*p) {
                size_t length = character_length(p);

                if (n + MAX(length, (size_t)1) >= size)
                        break;
                if (length == 0)
                        out[n++] = '?';
                else if (*p < 0x20 || *p == 0x7f)
                        out[n++] = ' ';
                else {
                        memmove(out + n, p, length);
                        n += length;
                }
                p += MAX(length, (size_t)1);
        }
        out[n] = 0;
}

void text_clean(char *text)
{
        /* never longer than before, so that in place is safe */
        text_copy(text, strlen(text) + 1, text);
}
