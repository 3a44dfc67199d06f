/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Sizes and times as text. */

#include "basic/cleanup.h"

enum { FORMAT_MAX = 64 };
/* "512.0 MiB", "17 B"; returns out */
const char *format_size(uint64_t bytes, char out[static FORMAT_MAX]);
/* "0:07", "1:02:03" */
const char *format_duration(uint64_t seconds, char out[static FORMAT_MAX]);
/* µs since 1970 in local time, "2026-11-20 14:03"; "-" for 0 */
const char *format_time(uint64_t usec, char out[static FORMAT_MAX]);
/* µs since 1970 as RFC 3339 in UTC, for JSON */
const char *format_rfc3339(uint64_t usec, char out[static FORMAT_MAX]);
/* Such text back to µs, whole seconds; 0 for anything else. */
uint64_t format_parse_rfc3339(const char *text);
