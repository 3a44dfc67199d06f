/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The failures every conversation with a phone can end in, in the words a person reads.
 *
 * `doing` completes "while …": "reading its hardware code". Both return the error, so that
 * "return fault_link(f, r, …)" is one step. */

#include "basic/failure.h"

/* For an error of the transport (lib/transport/transport.h). -ECANCELED becomes Canceled. */
int fault_link(Failure *f, int r, const char *doing);
/* For an answer that cannot be: ProtocolViolation, -EPROTO. */
int fault_protocol(Failure *f, const char *format, ...) _printf_(2, 3);
