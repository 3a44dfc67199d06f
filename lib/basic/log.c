/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "basic/log.h"

#include <stdarg.h>
#include <string.h>

static const char *log_program = "mtkbackup";
static int log_level = LOG_INFO;
static bool log_terminal;

void log_open(const char *program)
{
        const char *level = getenv("MTKBACKUP_LOG_LEVEL");

        log_program = program;
        log_terminal = isatty(STDERR_FILENO);
        if (level && level[0] >= '0' && level[0] <= '7' && !level[1])
                log_level = level[0] - '0';
}

void log_set_level(int level)
{
        log_level = level;
}

bool log_enabled(int level)
{
        return level <= log_level;
}

void log_write(int level, const char *format, ...)
{
        char line[2048];
        va_list arguments;
        size_t n;

        if (!log_enabled(level))
                return;
        va_start(arguments, format);
        vsnprintf(line, sizeof line, format, arguments);
        va_end(arguments);
        /* one line a message, whatever a phone or a file put into it */
        for (char *p = line; *p; p++)
                if ((unsigned char)*p < 0x20 || *p == 0x7f)
                        *p = ' ';
        n = strlen(line);
        while (n > 0 && line[n - 1] == ' ')
                line[--n] = 0;
        if (log_terminal)
                dprintf(STDERR_FILENO, "%s: %s\n", log_program, line);
        else
                dprintf(STDERR_FILENO, "<%d>%s: %s\n", level, log_program, line);
}
