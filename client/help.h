/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The help texts, made from the tables of verb.h and error.h. */

#include "client/verb.h"

int help_program(void);
int help_verb(const Verb *verb);
int help_version(void);
