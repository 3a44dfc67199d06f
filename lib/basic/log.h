/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Messages of a program to its operator: standard error with "<n>" priorities, which the journal
 * understands, or without them on a terminal. Libraries log at debug only (rule 7 of the style). */

#include <syslog.h>

#include "basic/cleanup.h"

/* Prefix of every line on a terminal; the level from MTKBACKUP_LOG_LEVEL (0 to 7) if it is set. */
void log_open(const char *program);
void log_set_level(int level);
/* Whether messages of this level are written at all. */
bool log_enabled(int level);
void log_write(int level, const char *format, ...) _printf_(2, 3);

#define log_debug(...) log_write(LOG_DEBUG, __VA_ARGS__)
#define log_info(...) log_write(LOG_INFO, __VA_ARGS__)
#define log_notice(...) log_write(LOG_NOTICE, __VA_ARGS__)
#define log_warning(...) log_write(LOG_WARNING, __VA_ARGS__)
#define log_error(...) log_write(LOG_ERR, __VA_ARGS__)
