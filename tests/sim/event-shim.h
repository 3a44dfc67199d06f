/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Events on their way from the simulated bus to a program that listens; a part of fd-shim.so. */

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

typedef ssize_t SendMessage(int fd, const struct msghdr *m, int flags);

bool event_shim_is_event(const struct msghdr *m);
/* next: what really sends. A listener that has ended meanwhile has heard it. */
ssize_t event_shim_send(SendMessage *next, int fd, const struct msghdr *m, int flags);
