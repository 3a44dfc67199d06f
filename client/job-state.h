/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Where a job stands, in words. */

#include <jansson.h>
#include <stdbool.h>

/* true when the job has its result */
bool job_finished(const json_t *job);
/* What is being done, for people; a phase that is not known speaks for itself. */
const char *job_doing(const json_t *job);
