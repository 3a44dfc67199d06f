/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* How the client ends when something went wrong.
 *
 * Each function says what happened on stderr, as one sentence and where possible a second one with
 * what to do, or with --json as a final object {"type":"error", …} on stdout, and returns the exit
 * code: "return error_report(&f);". One table maps the error names of basic/failure.h, as the
 * service, a format reader or the client itself set them, to exit codes and advice. */

#include <systemd/sd-bus.h>

#include "basic/failure.h"
#include "dbus/names.h"

int error_exit_code(ErrorId id);

/* A record filled by a library or by the service. */
int error_report(const Failure *f);
/* One that is made here: error_fail(ERROR_NO_SUCH_BACKUP, "there is no backup “%s”", id). */
int error_fail(ErrorId id, const char *format, ...) _printf_(2, 3);
/* A wrong command line: EXIT_USAGE, points to --help. */
int error_usage(const char *format, ...) _printf_(1, 2);
/* A file that could not be used: r is a negative errno. A missing file is EXIT_NOT_FOUND. */
int error_file(int r, const char *path);
/* Out of memory and the like: r is a negative errno. */
int error_errno(int r, const char *format, ...) _printf_(2, 3);
/* A call to the service that failed: e may be NULL or unset, r the negative return value. */
int error_bus(const sd_bus_error *e, int r);

/* The service cannot be reached: EXIT_UNREACHABLE. */
int error_unreachable(const Failure *f);

/* The same without printing, for a record that travels on. */
/* ret->id is ERROR_NONE when the service itself cannot be reached. */
void error_from_bus(const sd_bus_error *e, int r, Failure *ret);

/* name and meaning of each exit code, for help and tests; code -1 ends it */
typedef struct ExitCode {
        int code;
        const char *name, *meaning;
} ExitCode;
extern const ExitCode exit_codes[];
/* The worse of two exit codes. */
int exit_code_worse(int a, int b);
