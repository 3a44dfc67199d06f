/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Text from a helper or a file on its way to the bus and to JSON. Both insist on UTF-8, and a
 * terminal at the other end should not be steered by a phone. */

#include "basic/cleanup.h"

/* Copies source into the size bytes of out: what is no UTF-8 becomes '?', control characters become
 * a space, and a text that is too long is cut between characters. NULL is "". */
void text_copy(char *out, size_t size, const char *source);
/* The same in place. */
void text_clean(char *text);
