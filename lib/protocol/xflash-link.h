/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Packets of the XFlash protocol over a transport (doc/xflash.md 1): 12 bytes of header (magic,
 * type, length; little endian), then the payload, written as two transfers. The agent may put log
 * packets (type 2) between any two others; they are skipped here. A status is a packet of four
 * bytes. */

#include "basic/failure.h"
#include "transport/transport.h"

enum {
        XFLASH_MAGIC = 0xFEEEEEEF,
        XFLASH_FLOW = 1,
        XFLASH_LOG = 2,
        XFLASH_HEADER_SIZE = 12,
        XFLASH_LOG_MAX = 64 * 1024, /* longest log packet */
        XFLASH_LOGS_MAX = 10000,    /* log packets in front of one other */
        XFLASH_SMALL_MAX = 4096,    /* longest answer that is no bulk data */
        XFLASH_REPLY_MS = 5000,
};
#define XFLASH_SYNC 0x434E5953U /* "SYNC" */

/* 0 or the transport's error. */
int xflash_send(Transport *t, const void *payload, size_t size, unsigned timeout_ms);
int xflash_send_word(Transport *t, uint32_t word);

/* The header of the next packet that is no log; its payload is the caller's to take, all of it.
 * 0; -EPROTO (wrong magic or type, log without end); or the transport's error. */
int xflash_receive_header(Transport *t, uint32_t *ret_size, unsigned timeout_ms);
/* A packet of 1 to max (at most XFLASH_SMALL_MAX) bytes; -EPROTO when it is longer or empty. */
int xflash_receive(Transport *t, void *data, size_t max, size_t *ret_size, unsigned timeout_ms);
/* A packet of exactly four bytes. */
int xflash_receive_word(Transport *t, uint32_t *ret, unsigned timeout_ms);
