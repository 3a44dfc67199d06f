/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "client/progress.h"

enum { WHAT_MAX = 30, BAR_MIN = 10, BAR_MAX = 50 };

/* Cuts at a character border so that the text takes at most max columns. */
static void text_cut(char *text, size_t max)
{
        while (text_width(text) > max) {
                size_t n = strlen(text);
                do
                        n--;
                while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80);
                text[n] = 0;
        }
}

static void figures(const ProgressLine *p, char *out, size_t size)
{
        char a[FORMAT_MAX], b[FORMAT_MAX], rate[FORMAT_MAX] = "", left[FORMAT_MAX] = "";

        if (p->rate)
                format_size(p->rate, rate);
        if (p->remaining != UINT64_MAX)
                format_duration(p->remaining, left);
        int n = p->total ? snprintf(out, size, " %3u%%  %s/%s",
                                   (unsigned)((double)p->done * 100 / (double)p->total),
                                   format_size(p->done, a), format_size(p->total, b))
                         : snprintf(out, size, " %s", format_size(p->done, a));
        if (n > 0 && (size_t)n < size)
                snprintf(out + n, size - (size_t)n, "%s%s%s%s%s", *rate ? "  " : "", rate,
                        *rate ? "/s" : "", *left ? "  " : "", left);
}

/* width columns, eighths of a character where the terminal can show them */
static char *bar(double part, size_t width, bool utf8)
{
        static const char *const eighths[] = { "", "▏", "▎", "▍", "▌", "▋", "▊", "▉" };
        size_t steps = (size_t)(part * (double)width * (utf8 ? 8 : 1)), full = steps, rest = 0;
        char *text = malloc(width * 3 + 1), *at = text;

        if (!text)
                return NULL;
        if (utf8) {
                full = steps / 8;
                rest = steps % 8;
        }
        for (size_t i = 0; i < width; i++) {
                const char *c = i < full        ? (utf8 ? "█" : "#")
                        : i == full && rest > 0 ? eighths[rest]
                                                : (utf8 ? " " : ".");
                at = stpcpy(at, c);
        }
        return text;
}

char *progress_line(const ProgressLine *p, size_t width, bool utf8, bool color)
{
        char what[4 * WHAT_MAX + 1], right[160];
        _cleanup_free_ char *drawn = NULL;
        char *line;

        ProgressLine safe = *p;
        if (safe.total)
                safe.done = MIN(safe.done, safe.total);
        width = width > 1 ? width - 1 : 1;
        snprintf(what, sizeof(what), "%s", p->what);
        text_sanitize(what);
        for (char *c = what; *c; c++)
                *c = *c == '\n' ? ' ' : *c;
        text_cut(what, WHAT_MAX);
        figures(&safe, right, sizeof(right));

        size_t used = text_width(what) + 1 + strlen(right);
        size_t room = used < width ? MIN(width - used, (size_t)BAR_MAX) : 0;
        if (!safe.total || room < BAR_MIN) {
                if (asprintf(&line, "%s%s", what, safe.total || safe.done ? right : "") < 0)
                        return NULL;
                text_cut(line, width);
                return line;
        }
        drawn = bar((double)safe.done / (double)safe.total, room, utf8);
        if (!drawn ||
                asprintf(&line, "%s %s%s%s%s", what, color ? "\033[32m" : "", drawn,
                        color ? "\033[0m" : "", right) < 0)
                return NULL;
        return line;
}

void progress_draw(const ProgressLine *p)
{
        if (!stderr_is_terminal())
                return;
        _cleanup_free_ char *line = progress_line(
                p, terminal_width(STDERR_FILENO), locale_is_utf8(), color_wanted(stderr));
        if (line)
                status_line(line);
}
