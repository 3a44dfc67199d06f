/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A Failure as the answer to a method call. */

#include <systemd/sd-bus.h>

#include "basic/failure.h"

enum { BUS_ERROR_NAME_SIZE = 128 };

/* The name of a cause, "" when there is none. */
void bus_error_name(const Failure *f, char ret[static BUS_ERROR_NAME_SIZE]);
/* Sets the error of a method call; returns what the handler has to return. */
int bus_error_set(sd_bus_error *e, const Failure *f);
int bus_error_setf(sd_bus_error *e, ErrorId id, const char *format, ...) _printf_(3, 4);
/* Answers a call whose handler has returned. */
void bus_error_reply(sd_bus_message *m, const Failure *f);
