/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A host of our own, as small as it can be: the other side for tests of the simulated phone, and
 * the bare loop that benches compare with. It shares nothing with the product's transport and
 * protocol code, and it can be wrong on purpose. Everything that fails ends the program. */

#include "basic/cleanup.h"

typedef struct Host Host;

/* Behind a socket, in the form of front-stream.h. */
Host *host_open_stream(const char *path);
/* A USB device 0e8d:*, which is waited for. `depth` IN transfers of `size` bytes are kept queued.
 * ret_added: the monotonic microsecond of its add event. */
Host *host_open_usb(unsigned depth, size_t size, uint64_t *ret_added);
Host *host_free(Host *h);

/* One OUT transfer; size 0: a zero-length packet. */
void host_write(Host *h, const void *data, size_t size);
/* Exactly size bytes, at most ms. False when they did not come. */
bool host_try_read(Host *h, void *data, size_t size, unsigned ms);
void host_read(Host *h, void *data, size_t size);
/* Throws n bytes away without a copy, or compares them with a file at an offset. */
void host_drain(Host *h, size_t n);
void host_compare(Host *h, size_t n, int fd, uint64_t offset);
/* True when the device leaves within ms. */
bool host_wait_gone(Host *h, unsigned ms);
/* The same for a socket, without reading what lies there. */
bool host_wait_closed(Host *h, unsigned ms);
