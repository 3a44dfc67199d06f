/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A super partition as a report; "super" and "inspect" show the same. */

#include "client/report.h"
#include "format/super.h"

/* Members for an object; source: where it was read from. */
void super_report(json_t *j, const Super *super, const Source *source);
extern const Column super_columns[];
/* Prints it as an answer of its own. An exit code. */
int super_report_print(const Super *super, const Source *source);
