/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <wchar.h>

#include "client/output.h"
#include "client/redact.h"
#include "dbus/names.h"

bool arg_json, arg_redact;

char *text_sanitize(char *text)
{
        /* C0 and DEL; UTF-8 carries the C1 controls as C2 80 to C2 9F */
        for (unsigned char *p = (unsigned char *)text; *p; p++) {
                if ((*p < 0x20 && *p != '\n') || *p == 0x7f)
                        *p = '?';
                if (p[0] == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f)
                        p[0] = p[1] = '?';
        }
        return text;
}

static _printf_(2, 0) void line_write(FILE *f, const char *format, va_list ap)
{
        _cleanup_free_ char *text = NULL;

        if (vasprintf(&text, format, ap) < 0) {
                text = NULL;
                return;
        }
        fprintf(f, "%s\n", text_sanitize(text));
}

void out_line(const char *format, ...)
{
        va_list ap;
        va_start(ap, format);
        line_write(stdout, format, ap);
        va_end(ap);
}

static char *status;

/* "\r" to its beginning, erase to its end */
#define LINE_ERASE "\r\033[K"

void status_line(const char *text)
{
        if (arg_json || !stderr_is_terminal())
                return;
        if (text)
                fprintf(stderr, LINE_ERASE "%s", text);
        else if (status)
                fputs(LINE_ERASE, stderr);
        fflush(stderr);
        char *copy = text ? strdup(text) : NULL;
        free(status);
        status = copy;
}

void message(const char *format, ...)
{
        if (arg_json)
                return;
        va_list ap;
        va_start(ap, format);
        fflush(stdout);
        if (status)
                fputs(LINE_ERASE, stderr);
        line_write(stderr, format, ap);
        if (status)
                fputs(status, stderr);
        va_end(ap);
}

size_t terminal_width(int fd)
{
        struct winsize size = {};
        const char *columns = getenv("COLUMNS");

        if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
                return size.ws_col;
        int n = columns ? atoi(columns) : 0;
        return n > 0 && n < 1000 ? (size_t)n : 80;
}

/* out of memory while an answer was put together: nothing sensible can be printed */
static void json_must(const json_t *j)
{
        if (j)
                return;
        fprintf(stderr, "mtkbackupctl: out of memory\n");
        exit(EXIT_GENERAL);
}

int out_json(json_t *j)
{
        json_must(j);
        redact_json(j);
        int r = json_dumpf(j, stdout, JSON_INDENT(2));
        fputc('\n', stdout);
        json_decref(j);
        return r < 0 ? EXIT_GENERAL : EXIT_OK;
}

void out_event(const char *type, json_t *j)
{
        json_must(j);
        json_object_set_new(j, "type", json_string(type));
        redact_json(j);
        json_dumpf(j, stdout, JSON_COMPACT);
        fputc('\n', stdout);
        fflush(stdout);
        json_decref(j);
}

int out_finish(int code)
{
        bool bad = fflush(stdout) != 0 || ferror(stdout);

        if (!bad || code != EXIT_OK)
                return code;
        fprintf(stderr, "mtkbackupctl: standard output: %s\n", strerror(errno ?: EIO));
        return EXIT_GENERAL;
}

bool color_wanted(FILE *f)
{
        const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
        return isatty(fileno(f)) && !(no && *no) && !(term && strcmp(term, "dumb") == 0);
}

bool stderr_is_terminal(void)
{
        return isatty(STDERR_FILENO);
}

static bool utf8;

void locale_open(void)
{
        setlocale(LC_CTYPE, "");
        utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
        if (!utf8)
                setlocale(LC_CTYPE, "C.UTF-8");
}

bool locale_is_utf8(void)
{
        return utf8;
}

size_t text_width(const char *text)
{
        size_t width = 0;
        wchar_t c;
        mbstate_t state = {};

        for (size_t n; *text; text += n) {
                n = mbrtowc(&c, text, MB_CUR_MAX, &state);
                int w = 1;
                if (n == 0 || n > MB_CUR_MAX) { /* no character: the byte shows as something */
                        state = (mbstate_t){};
                        n = 1;
                } else {
                        w = wcwidth(c);
                }
                width += w > 0 ? (size_t)w : 0;
        }
        return width;
}

const char *redact(const char *value, char out[static FORMAT_MAX])
{
        return arg_redact ? redact_value(value, out) : value;
}

void redact_json(json_t *j)
{
        const char *key;
        json_t *value;
        size_t i;
        char buffer[FORMAT_MAX];

        if (!arg_redact)
                return;
        if (json_is_array(j))
                json_array_foreach(j, i, value) redact_json(value);
        json_object_foreach(j, key, value)
        {
                if (json_is_string(value) && redact_identifies(key))
                        json_string_set(value, redact(json_string_value(value), buffer));
                else
                        redact_json(value);
        }
}
