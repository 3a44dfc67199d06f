/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A phone behind a SOCK_SEQPACKET socket: the form in which simulated phones are reached.
 *
 * One message to the device is one bulk OUT transfer; a transfer longer than STREAM_MESSAGE_MAX goes
 * as several messages, all but the last of that size. One message from the device is one USB packet.
 * A zero-length packet is STREAM_ZLP, because an empty message cannot be told from the end of the
 * stream. Closing the socket is the unplug. (lib/transport/doc/transport.md 3) */

#include "transport/transport.h"

enum { STREAM_MESSAGE_MAX = 64 * 1024, STREAM_FIFO_SIZE = 256 * 1024 };
#define STREAM_ZLP "\x00\x5a\x4c\x50\xff\x5a\x4c\x50"
enum { STREAM_ZLP_SIZE = 8 };

/* Takes the connected socket, also on failure. 0 or -ENOMEM. */
int stream_new(int fd, Transport **ret);
