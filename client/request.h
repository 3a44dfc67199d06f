/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A call that queues a job: Queue, put together option by option, or Retry.
 *
 * request_start, request_option…, or request_start_again; request_send; then either request_print
 * or follow_run on its follow, which listens from before the call on. */

#include "client/follow.h"

typedef struct Request {
        sd_bus *bus;
        Follow *follow; /* when the job is to be followed */
        sd_bus_message *call;
        uint32_t id; /* of the job, after request_send */
} Request;

void request_done(Request *q);

/* Connects, begins the call; profile may be "". 0 or an exit code. */
int request_start(Request *q, const char *kind, const char *profile, bool follow);
/* The same for a call that queues a job like the one with this number, which has no options. */
int request_start_again(Request *q, uint32_t job, bool follow);
/* A string option; value NULL: nothing. 0 or a negative errno. */
int request_option(Request *q, const char *key, const char *value);
/* An option of several strings from a comma list. 0 or a negative errno. */
int request_option_list(Request *q, const char *key, const char *list);
/* Queues the job; where it is to be followed, its follow knows it. 0 or an exit code. */
int request_send(Request *q);
/* Number of the job for the caller, on stdout. */
int request_print(const Request *q);
