/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Names and texts of foreign files, made into UTF-8 that can be shown and stored. */

#include "basic/cleanup.h"

/* Writes one code point (up to 0x10ffff), 1 to 4 bytes; returns how many. */
size_t utf8_put(char *out, uint32_t c);
/* Length of the valid sequence that the text starts with, 0 when there is none. */
size_t utf8_length(const char *text, size_t size);
/* c, or '?' for what a terminal would obey rather than show */
uint32_t utf8_printable(uint32_t c);
/* Copies text into size bytes; what does not fit is left out, never a part of a character.
 * True when all of it fitted. */
bool utf8_copy(char *out, size_t size, const char *text);
