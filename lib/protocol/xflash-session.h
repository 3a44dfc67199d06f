/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What the files of the XFlash family share; commands and controls are those of doc/xflash.md. */

#include "protocol/session.h"

enum {
        XFLASH_START_MS = 10 * 1000, /* storage and memory set-up */
        XFLASH_READ_MS = 30 * 1000,  /* without a single byte; storage may retry for long */
        XFLASH_TAIL_MS = 1000,       /* for a second status after an error, which may not come */
        XFLASH_PACKET_MIN = 512,
        XFLASH_PACKET_MAX = 16 * 1024 * 1024,
};

enum XflashCommand {
        XFLASH_READ_DATA = 0x010005,
        XFLASH_SHUTDOWN = 0x010007,
        XFLASH_BOOT_TO = 0x010008,
        XFLASH_DEVICE_CTRL = 0x010009,
        XFLASH_INIT_EXT_RAM = 0x01000A,
        XFLASH_SWITCH_USB_SPEED = 0x01000B,
        XFLASH_SETUP_ENVIRONMENT = 0x010100,
        XFLASH_SETUP_HW_INIT = 0x010101,
};

enum XflashControl {
        XFLASH_SET_CHECKSUM_LEVEL = 0x020003,
        XFLASH_GET_EMMC_INFO = 0x040001,
        XFLASH_GET_UFS_INFO = 0x040004,
        XFLASH_GET_DA_VERSION = 0x040005,
        XFLASH_GET_PACKET_LENGTH = 0x040007,
        XFLASH_GET_CONNECTION_AGENT = 0x04000A,
        XFLASH_GET_USB_SPEED = 0x04000B,
        XFLASH_GET_RAM_INFO = 0x04000C,
        XFLASH_GET_BATTERY_VOLTAGE = 0x04000F,
        XFLASH_GET_RPMB_STATUS = 0x040010,
        XFLASH_GET_SLA_STATUS = 0x040016,
};

/* The session cannot go on: marks it and fills f for an error of the link layer. Returns r. */
int xflash_lose(DaSession *s, int r, const char *doing, Failure *f);
/* Sends a command word and takes its status; -EACCES when the agent refuses. `what` as in
 * xflash_refuse. */
int xflash_command(DaSession *s, uint32_t command, const char *what, Failure *f);
/* A status; -EACCES or -ERANGE when it is not 0. */
int xflash_expect_ok(DaSession *s, unsigned timeout_ms, const char *what, Failure *f);
/* Asks for a value of at most max bytes: 1 got it, 0 this agent has none to give, or an error. */
int xflash_get(
        DaSession *s, uint32_t control, void *data, size_t max, size_t *ret_size, Failure *f);
/* 1 set, 0 not known to this agent, or an error. */
int xflash_set(DaSession *s, uint32_t control, const void *data, size_t size, Failure *f);

/* In stage 1, started by the boot ROM: hands over the memory settings of the board. */
int xflash_set_up_memory(DaSession *s, Failure *f);
/* In stage 2, on a full-speed link: the phone comes back at high speed, when somebody can find it. */
int xflash_speed_up(DaSession *s, Failure *f);

/* As DaOps.read. */
int xflash_read(DaSession *s, const Region *region, uint64_t offset, uint64_t size, DaSink sink,
        void *userdata, Failure *f);
