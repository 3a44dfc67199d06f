/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A Model behind a SOCK_SEQPACKET socket.
 *
 * To the device one message is one bulk OUT transfer; a longer one than 64 KiB comes in several
 * messages, all but the last 64 KiB. To the host one message is one USB packet. A zero-length
 * packet is the eight bytes of stream_zlp in both directions. Accepting a connection is power-on
 * with the line coding set; closing by either side is the unplug. A phone that re-enumerates
 * closes, keeps its state and accepts again. Connections are served one by one. */

#include "model.h"

extern const uint8_t stream_zlp[8];
enum { FRONT_MESSAGE_MAX = 64 * 1024 };

/* Makes the listening socket (an old socket file is replaced). Descriptor or negative errno. */
int stream_listen(const char *path);
/* Microseconds of the monotonic clock. */
uint64_t stream_now(void);

typedef struct StreamFront {
        Model *model;
        int listen_fd;
        int stop_fd; /* readable: stop */
        bool keep;   /* the protocol's state survives the host's going away */
        bool once;   /* serve one connection (and the re-enumerations within) */
} StreamFront;

/* Serves until it is told to stop (0), a breach with strict (1), or an error. */
int stream_serve(StreamFront *f, bool strict);
