/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What the newer agents have in common: frames of twelve bytes (magic, type, length) and a payload, and
 * how the stages of an agent know each other. */

#include "stage.h"

/* The frame that is awaited. */
typedef struct Frame {
        size_t max; /* of the payload */
        size_t size, got;
        bool in_payload;
        uint8_t header[12];
        uint8_t *payload; /* zeros behind it, 512 bytes in all at least */
} Frame;

typedef enum FrameResult {
        FRAME_MORE,  /* goes on */
        FRAME_WHOLE, /* payload and size are there; the payload becomes the caller's */
        FRAME_EMPTY, /* a zero-length packet: a breach */
        FRAME_JOINED,
        FRAME_MAGIC,
        FRAME_LENGTH, /* breaches of a host that is lost now */
} FrameResult;

void frame_want(Frame *f, size_t max);
/* One packet; breaches are written down here. */
FrameResult frame_take(Frame *f, Model *m, const uint8_t *data, size_t size);
/* A head for `size` bytes, with the faults that are due. */
void frame_head(Model *m, uint32_t type, uint32_t size, uint8_t ret[12]);

/* Is this first stage for the chip? Those that nobody marked are for all. ret_ours: made by mkagent. */
bool agent_fits(const uint8_t *stage1, size_t n, const Personality *chip, bool *ret_ours);
/* Does the first stage know the digest of this image? */
bool agent_knows(const uint8_t *stage1, size_t n, const uint8_t *image, size_t size);
