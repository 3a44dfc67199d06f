/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A job that is followed, and what is shown of it. */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct Followed {
        uint32_t id;
        json_t *job; /* properties, "progress" inside */
        char *shown_state, *shown_action, *shown_item;
        bool done;
} Followed;

/* What is new about it; progress: nothing but how far it is. several: its number has to be said. */
void followed_show(Followed *j, bool progress, bool several);
/* Of a job that has ended. */
int followed_exit_code(const Followed *j);
/* The sentence about its end, with cause and advice, on stderr, or the "result" object on stdout. */
void followed_print_result(const Followed *j);
