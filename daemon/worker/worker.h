/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* One device session: from the handshake with one phone to letting it go (wire/verbs.h).
 *
 * The session is a plain sequence of steps, each of which waits inside the protocol calls; orders
 * are heard meanwhile (control.h). However it ends, by order, by a failure, by the end of the
 * control socket, the phone is let go in the way its state allows, and DONE says how it was left. */

#include "protocol/handshake.h"
#include "transport/transport.h"

typedef struct WorkerOptions {
        int control; /* SEQPACKET socket to the daemon; borrowed */
        int phone;   /* usbfs node, or a socket in the form of transport/stream.h; taken */
        bool cage, cage_required;
        unsigned handshake_ms;
} WorkerOptions;

#define WORKER_OPTIONS_DEFAULT                                                                     \
        ((WorkerOptions){ .control = 3,                                                            \
                .phone = 4,                                                                        \
                .cage = true,                                                                      \
                .cage_required = true,                                                             \
                .handshake_ms = HANDSHAKE_WINDOW_MS })

/* Exit code of the program: 0 the session was brought to its end and DONE was sent. */
int worker_run(const WorkerOptions *o);
