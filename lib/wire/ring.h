/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Shared memory between a worker and a keeper: a memfd of equal slots.
 *
 * The memory carries bytes only. Which slot belongs to whom is said by messages on the data
 * channel (wire/verbs.h): a slot is the worker's until CHUNK names it, then the keeper's until FREE
 * names it. At the start all are the worker's. The keeper never trusts that the bytes hold still
 * while it looks at them. The memfd is sealed against shrinking and growing, so mapped memory
 * cannot vanish under either side. */

#include "basic/cleanup.h"

enum { RING_SLOT_SIZE = 1024 * 1024, RING_SLOTS = 16, RING_SLOTS_MAX = 64 };

typedef struct Ring {
        uint8_t *data;
        size_t slots;
} Ring;

/* Makes the sealed memfd (CLOEXEC); descriptor or negative errno. */
int ring_create(size_t slots);
/* Maps a descriptor that came from elsewhere: its size must be a whole number of slots within the
 * limit and the seals must be there, else -EINVAL. The descriptor stays the caller's. */
int ring_map(int fd, bool writable, Ring *ret);
void ring_unmap(Ring *r);
static inline uint8_t *ring_slot(const Ring *r, size_t slot)
{
        return r->data + slot * RING_SLOT_SIZE;
}
