/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What xflash-model.c (frames, start-up, stages) and xflash-command.c (commands) share. */

#include "chips.h"
#include "frame.h"
#include "xflash-model.h"

#define XFLASH_SYNC 0x434e5953

typedef struct Xflash Xflash;
typedef void (*XflashWant)(Xflash *x, const uint8_t *data, size_t size);

struct Xflash {
        Stage stage;
        int level;   /* 1, 2 */
        bool locked; /* authorisation was not given */
        bool ours;   /* stage 1 was made by mkagent */
        bool ram_ready;
        uint32_t host_os, log_channel, checksum_level;

        uint8_t *stage1;
        size_t n_stage1;
        uint64_t boot_size;

        /* the frame that is awaited */
        XflashWant want;
        Frame frame;
        bool early;

        /* the transfer that runs */
        uint32_t sub;
        FlashArea area;
        uint64_t offset, left;
        uint64_t chunk; /* number of it */
        uint32_t sum;
};

typedef struct XflashInherited {
        uint32_t host_os, log_channel, checksum_level;
} XflashInherited;

static inline Model *xflash_model(Xflash *x)
{
        return x->stage.model;
}
static inline const XflashTraits *xflash_traits(const Xflash *x)
{
        return x->stage.chip->agent_traits;
}

void xflash_send_small(Xflash *x, const void *data, size_t size);
void xflash_send_header(Xflash *x, uint32_t type, uint32_t size);
void xflash_send_frame(Xflash *x, const void *data, size_t size);
void xflash_send_word(Xflash *x, uint32_t v);
void xflash_send_status(Xflash *x, uint32_t status);
/* The next frame, of at most max bytes, goes to next. */
void xflash_want(Xflash *x, size_t max, XflashWant next);
/* Waits for a command. */
void xflash_loop(Xflash *x);
void xflash_cmd_boot_to(Xflash *x);
