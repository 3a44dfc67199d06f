/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The one record of why something failed.
 *
 * It is filled once, at the place where the cause is known, and travels unchanged through helper
 * messages to the bus, to JSON and to a notification. The error id is one of the names below; the
 * bus name is "org.mtkbackup1.Error." followed by it. The first failure of a job wins: set does
 * nothing on a record that is already set. */

#include <stdint.h>

#include "basic/cleanup.h"

typedef enum ErrorId {
        ERROR_NONE,
        ERROR_NO_SUCH_JOB,
        ERROR_NO_SUCH_DEVICE,
        ERROR_NO_SUCH_PROFILE,
        ERROR_NO_SUCH_BACKUP,
        ERROR_NO_SUCH_AGENT,
        ERROR_INVALID_PROFILE,
        ERROR_INVALID_OPTION,
        ERROR_INVALID_FILE,
        ERROR_QUEUE_FULL,
        ERROR_DEVICE_BUSY,
        ERROR_DEVICE_GONE,
        ERROR_HANDSHAKE_TIMEOUT,
        ERROR_NO_DOWNLOAD_AGENT,
        ERROR_AUTH_REQUIRED,
        ERROR_UNSUPPORTED_CHIP,
        ERROR_DEVICE_REFUSED,
        ERROR_PROTOCOL_VIOLATION,
        ERROR_CHECKSUM_MISMATCH,
        ERROR_OUT_OF_RANGE,
        ERROR_STORE_FULL,
        ERROR_STORE_DAMAGED,
        ERROR_STORE_FAILED,
        ERROR_VERIFY_FAILED,
        ERROR_WRONG_DEVICE,
        ERROR_NOT_CANCELABLE,
        ERROR_CANCELED,
        ERROR_INTERRUPTED,
        ERROR_WORKER_CRASHED,
        ERROR_NO_CAGE,
        ERROR_NOT_AUTHORIZED,
        ERROR_FAILED, /* nothing of the above; the text says what */
        _ERROR_MAX
} ErrorId;

/* "NoSuchJob" and back; NULL and ERROR_FAILED for what is not in the table */
const char *error_to_string(ErrorId id);
ErrorId error_from_string(const char *name);

enum { FAILURE_TEXT_MAX = 512, FAILURE_PHASE_MAX = 32 };

typedef struct Failure {
        ErrorId id;
        uint32_t status;               /* the device's own status word; 0 when it gave none */
        char phase[FAILURE_PHASE_MAX]; /* what was being done, e.g. "handshake", "reading" */
        char text[FAILURE_TEXT_MAX];   /* one sentence: what happened, to which phone or file */
        char hint[FAILURE_TEXT_MAX];   /* one sentence: what the person can do now; may be empty */
} Failure;

static inline bool failure_is_set(const Failure *f)
{
        return f->id != ERROR_NONE;
}
/* Fills f unless it is NULL or already set. Too long texts are cut. Returns err, so that
 * "return failure_set(f, -EIO, ERROR_..., "...")" reads as one step. */
int failure_set(Failure *f, int err, ErrorId id, const char *format, ...) _printf_(4, 5);
/* Adds to a record that was just set; does nothing where one is already there. */
void failure_hint(Failure *f, const char *format, ...) _printf_(2, 3);
void failure_phase(Failure *f, const char *phase);
void failure_status(Failure *f, uint32_t status);
