/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Words and answers of the legacy download agent (doc/legacy.md 1).
 *
 * Everything is big endian. The agent answers a command with one byte: 5A go on, A5 refused (four
 * bytes of error follow), BB command not known, 69 next one. A phone that sends anything else is
 * out of step and there is no way to find back. */

#include "basic/failure.h"
#include "transport/transport.h"

enum {
        LEGACY_ACK = 0x5a,
        LEGACY_NACK = 0xa5,
        LEGACY_CONT = 0x69,
        LEGACY_STOP = 0x96,
        LEGACY_UNKNOWN = 0xbb,
        LEGACY_SYNC = 0xc0,
        LEGACY_SOC_OK = 0xc1,
        LEGACY_SOC_FAIL = 0xcf,
};

/* how long an agent may take, milliseconds */
enum { LEGACY_ANSWER_MS = 5000 };

/* Which of the numberings of status words an agent uses (doc/legacy.md 7). */
typedef enum LegacyNumbering { LEGACY_STATUS_2012, LEGACY_STATUS_PHONE } LegacyNumbering;
/* "eMMC not found"; NULL for a number that is not in the table */
const char *legacy_status_text(LegacyNumbering numbering, uint32_t status);

/* One transfer of a request (doc/legacy.md). 0, or an error of the link with f. */
int legacy_send(Transport *t, const void *data, size_t size, Failure *f);
int legacy_send_u8(Transport *t, uint8_t value, Failure *f);
int legacy_send_be32(Transport *t, uint32_t value, Failure *f);
int legacy_send_be64(Transport *t, uint64_t value, Failure *f);

/* Exactly size bytes; `what` completes "while …" in a failure. -ETIMEDOUT and -ENODEV. */
int legacy_receive(
        Transport *t, void *data, size_t size, unsigned ms, const char *what, Failure *f);
int legacy_receive_u8(Transport *t, uint8_t *ret, unsigned ms, const char *what, Failure *f);
int legacy_receive_be16(Transport *t, uint16_t *ret, const char *what, Failure *f);
int legacy_receive_be32(Transport *t, uint32_t *ret, const char *what, Failure *f);

/* Waits for 5A. -EREMOTEIO refused (status in f; the agent is in step and takes the next command),
 * -EOPNOTSUPP the agent does not know the command, -EPROTO something else came. */
int legacy_expect_ack(Transport *t, unsigned ms, const char *what, Failure *f);
/* The same of an agent that may be one of 2012. */
int legacy_expect_ack_of(
        Transport *t, LegacyNumbering numbering, unsigned ms, const char *what, Failure *f);
