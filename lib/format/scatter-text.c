/* SPDX-License-Identifier: GPL-3.0-or-later */

/* One line parser for all text dialects.
 *
 * A line is a key with its value, an entry of a legacy list, a brace of one, or nothing; what it is
 * shows by itself, so that pieces of files, stray lines and wrong indentation are no obstacle. Real
 * files have CRLF, tabs, a byte order mark, comments in Latin-1, trailing blanks. */

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "format/scatter-build.h"
#include "format/utf8.h"

enum { LINE_MAX_SIZE = 1024 };

/* Makes a line clean: UTF-8 (what is none is taken as Latin-1), blanks for tabs, no control
 * characters. Returns true when it was cut. */
static bool clean_line(const char *from, size_t size, char out[LINE_MAX_SIZE])
{
        size_t n = 0, i = 0;

        while (i < size && n + 4 < LINE_MAX_SIZE) {
                size_t length = utf8_length(from + i, size - i);
                unsigned char c = (unsigned char)from[i];
                if (length > 1) {
                        memcpy(out + n, from + i, length);
                        n += length;
                        i += length;
                        continue;
                }
                n += utf8_put(out + n, c == '\t' ? ' ' : utf8_printable(c));
                i++;
        }
        out[n] = '\0';
        return i < size;
}

static char *trim(char *text)
{
        while (*text == ' ')
                text++;
        size_t n = strlen(text);
        while (n > 0 && text[n - 1] == ' ')
                text[--n] = '\0';
        return text;
}

/* '#' starts a comment at the start of the line and behind a blank. */
static void drop_comment(char *text)
{
        for (char *at = text; *at; at++)
                if (*at == '#' && (at == text || at[-1] == ' ')) {
                        *at = '\0';
                        return;
                }
}

/* Keys are words of small letters, digits and '_'. */
static bool is_key(const char *text)
{
        if (!*text)
                return false;
        for (; *text; text++)
                if (!islower((unsigned char)*text) && !isdigit((unsigned char)*text) &&
                        *text != '_')
                        return false;
        return true;
}

/* Entries of legacy lists have plain names. */
static bool is_entry_name(const char *text)
{
        if (!*text)
                return false;
        for (; *text; text++)
                if (!isalnum((unsigned char)*text) && !strchr("_.-", *text))
                        return false;
        return true;
}

static int parse_line(ScatterBuilder *b, unsigned line, char *text)
{
        uint64_t address;

        drop_comment(text);
        text = trim(text);
        while (text[0] == '-' && (text[1] == ' ' || text[1] == '\0'))
                text = trim(text + 1);
        if (!*text)
                return 0;
        if (strcmp(text, "{") == 0 || strcmp(text, "}") == 0) {
                b->has_brace = true;
                return 0;
        }

        char *colon = strchr(text, ':');
        if (colon) {
                *colon = '\0';
                char *key = trim(text);
                if (is_key(key))
                        return scatter_builder_key(b, line, key, trim(colon + 1));
                scatter_builder_problem(b, line, "stray line");
                return 0;
        }
        char *blank = strrchr(text, ' ');
        if (blank && strncasecmp(blank + 1, "0x", 2) == 0) {
                *blank = '\0';
                char *name = trim(text);
                if (is_entry_name(name) && scatter_number(blank + 1, &address))
                        return scatter_builder_legacy(b, line, name, address);
        }
        scatter_builder_problem(b, line, "stray line");
        return 0;
}

int scatter_read_text(const char *file_name, const char *text, size_t size, Scatter **ret)
{
        _cleanup_(scatter_builder_done) ScatterBuilder b;
        const char *end = text + size;
        unsigned line = 0;

        int r = scatter_builder_init(&b);
        if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
                text += 3;
        while (r == 0 && text < end) {
                const char *stop = memchr(text, '\n', (size_t)(end - text)) ?: end;
                size_t n = (size_t)(stop - text);
                char clean[LINE_MAX_SIZE];
                line++;
                if (n > 0 && text[n - 1] == '\r')
                        n--;
                bool cut = clean_line(text, n, clean);
                cut = cut && clean[0] != '#';
                r = parse_line(&b, line, clean);
                if (cut)
                        scatter_builder_problem(&b, line, "the line is too long and was cut");
                text = stop + 1;
        }
        return r < 0 ? r : scatter_builder_finish(&b, file_name, SCATTER_V1, ret);
}
