/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Reading through a legacy agent (doc/legacy.md 6).
 *
 * Data comes in packets, each followed by the 16-bit sum of its bytes and answered with 5A, right or
 * wrong: nobody knows a way to make the agent stop or repeat in the middle of a command. So a packet
 * is given on only when its sum is right; after a wrong one the rest of the command is received and
 * thrown away, and a new command starts at that packet. Commands are therefore short: a window is
 * what a cancelled or repeated read costs at most, a second with the slow ones of these phones. */

#include "protocol/legacy-wire.h"
#include "protocol/session.h"

enum {
        LEGACY_PACKET = 0x100000,
        LEGACY_WINDOW = 2 * LEGACY_PACKET,
        LEGACY_TRIES = 3, /* per packet */
        LEGACY_NAND_UNIT_MAX = 64 * 1024,
};

/* storage numbers of D6 */
enum { LEGACY_STORE_NOR = 0, LEGACY_STORE_NAND = 1, LEGACY_STORE_EMMC = 2, LEGACY_STORE_SD = 3 };

/* areas of command 60 */
enum {
        LEGACY_PART_LINEAR = 0, /* single-stage agents only */
        LEGACY_PART_BOOT1 = 1,
        LEGACY_PART_BOOT2 = 2,
        LEGACY_PART_RPMB = 3,
        LEGACY_PART_GP1 = 4,
        LEGACY_PART_USER = 8,
};

typedef struct LegacyReader {
        Transport *transport; /* borrowed */
        bool host_byte;       /* two-stage agents want to know the host's system */
        uint8_t storage;
        uint8_t *packet; /* LEGACY_PACKET bytes */
        unsigned reread; /* packets that had to be read again, in all */
} LegacyReader;

/* storage: a LEGACY_STORE_. 0 or -ENOMEM. */
int legacy_reader_init(LegacyReader *r, Transport *t, bool host_byte, uint8_t storage);
void legacy_reader_done(LegacyReader *r);

/* Chooses an area. 0; -EREMOTEIO when the agent does not want to. */
int legacy_select(LegacyReader *r, uint8_t part, Failure *f);
/* [address, address + size) of the chosen area into the sink. Errors as DaOps.read; a packet that
 * stays wrong is -EBADMSG (ERROR_CHECKSUM_MISMATCH). */
int legacy_read(
        LegacyReader *r, uint64_t address, uint64_t size, DaSink sink, void *userdata, Failure *f);
/* The same from NAND: main data of whole pages. */
int legacy_read_nand(
        LegacyReader *r, uint64_t address, uint64_t size, DaSink sink, void *userdata, Failure *f);
