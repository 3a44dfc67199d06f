/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Points in time as text: RFC 3339, UTC, whole seconds ("2026-11-20T14:17:03Z"). */

#include "basic/cleanup.h"

enum { TIME_TEXT_SIZE = sizeof "2026-11-20T14:17:03Z" };

/* Seconds since 1970; what lies outside the years 1970 to 9999 becomes the start of 1970. */
void time_text_format(int64_t seconds, char out[TIME_TEXT_SIZE]);
/* 0 or -EINVAL for anything but this form. */
int time_text_parse(const char *text, int64_t *ret);
