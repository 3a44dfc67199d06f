/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What tests ask about the problems of a layout. */

#include <string.h>

#include "format/layout.h"
#include "test.h"

static inline const Problem *problem_find(const Layout *l, const char *text)
{
        for (size_t i = 0; i < l->n_problems; i++)
                if (strstr(l->problems[i].text, text))
                        return l->problems + i;
        return NULL;
}

/* Fails unless there is such a problem; prints all there are. */
static inline const Problem *problem_need(const Layout *l, const char *text)
{
        const Problem *p = problem_find(l, text);
        if (p)
                return p;
        for (size_t i = 0; i < l->n_problems; i++)
                print_error("line %u: %s\n", l->problems[i].line, l->problems[i].text);
        fail_msg("no problem \"%s\"", text);
        return NULL;
}
