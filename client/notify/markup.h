/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Text for a server that reads markup in bodies. */

/* "a < b" as "a &lt; b"; to be freed, NULL when out of memory. */
char *markup_escape(const char *text);
