/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Manager.Queue and Job.Retry: a job is asked for. */

#include "daemon/bus-object.h"

int bus_method_queue(sd_bus_message *m, void *userdata, sd_bus_error *e);
int bus_method_retry(sd_bus_message *m, void *userdata, sd_bus_error *e);
