/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* org.mtkbackup1.Job and JobProgress, and what the queue tells about jobs. */

#include "daemon/bus-object.h"

int bus_add_jobs(Bus *b);
extern const QueueEvents bus_queue_events; /* userdata: the Bus */
