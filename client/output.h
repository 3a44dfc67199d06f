/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What the client says, and where.
 *
 * Data goes to stdout, everything else to stderr. Text for people passes through here so that
 * nothing a phone or a file made up (names, labels) can send control characters to a terminal.
 * With --json stdout carries JSON only: one indented object for an answer, or one object a line,
 * each with a "type", for a stream. */

#include <jansson.h>

#include "client/format.h"

/* How, by the command line. */
extern bool arg_json;   /* machine-readable output on stdout */
extern bool arg_redact; /* shorten what identifies a phone */

#define _cleanup_json_ _cleanup_(json_decrefp)

/* One line to stdout; the newline is added. Control characters become '?'. */
void out_line(const char *format, ...) _printf_(1, 2);
/* Prints an answer as indented JSON and releases it. 0, or EXIT_GENERAL when stdout is broken. */
int out_json(json_t *j);
/* Prints an object as one line of a stream, at once, and releases it. type is put into it. */
void out_event(const char *type, json_t *j);
/* A line to stderr for the person: progress, advice. Silent with --json. */
void message(const char *format, ...) _printf_(1, 2);

/* A line on the terminal at stderr that is drawn over and over; messages appear above it. NULL takes
 * it away. Does nothing where stderr is no terminal or with --json. */
void status_line(const char *text);
/* Columns of the terminal behind a descriptor, 80 where unknown. */
size_t terminal_width(int fd);

/* Ends the program's output: EXIT_OK turns into EXIT_GENERAL when stdout could not be written. */
int out_finish(int code);

/* true when colours are wanted on this stream: a terminal, no NO_COLOR, TERM not dumb */
bool color_wanted(FILE *f);
bool stderr_is_terminal(void);
/* Sets the locale up. Text is UTF-8 always; in another locale only the progress bar knows better
 * and draws in ASCII: that is what locale_is_utf8() tells. */
void locale_open(void);
bool locale_is_utf8(void);
/* columns that a text takes on a terminal */
size_t text_width(const char *text);

/* Replaces control characters (but not newlines) in place. */
char *text_sanitize(char *text);

/* A value that identifies a phone as it may be shown: whole, or with --redact the first four
 * characters and "…". out may be the input. */
const char *redact(const char *value, char out[static FORMAT_MAX]);
/* Shortens every identifying member ("imei", "serial", "cid", "me_id", "soc_id", "device_key")
 * anywhere in j when --redact was given. */
void redact_json(json_t *j);
