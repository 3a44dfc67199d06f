/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "basic/failure.h"

#include <stdarg.h>
#include <string.h>

#include "basic/table.h"

static const char *const names[_ERROR_MAX] = {
        [ERROR_NO_SUCH_JOB] = "NoSuchJob",
        [ERROR_NO_SUCH_DEVICE] = "NoSuchDevice",
        [ERROR_NO_SUCH_PROFILE] = "NoSuchProfile",
        [ERROR_NO_SUCH_BACKUP] = "NoSuchBackup",
        [ERROR_NO_SUCH_AGENT] = "NoSuchAgent",
        [ERROR_INVALID_PROFILE] = "InvalidProfile",
        [ERROR_INVALID_OPTION] = "InvalidOption",
        [ERROR_INVALID_FILE] = "InvalidFile",
        [ERROR_QUEUE_FULL] = "QueueFull",
        [ERROR_DEVICE_BUSY] = "DeviceBusy",
        [ERROR_DEVICE_GONE] = "DeviceGone",
        [ERROR_HANDSHAKE_TIMEOUT] = "HandshakeTimeout",
        [ERROR_NO_DOWNLOAD_AGENT] = "NoDownloadAgent",
        [ERROR_AUTH_REQUIRED] = "AuthRequired",
        [ERROR_UNSUPPORTED_CHIP] = "UnsupportedChip",
        [ERROR_DEVICE_REFUSED] = "DeviceRefused",
        [ERROR_PROTOCOL_VIOLATION] = "ProtocolViolation",
        [ERROR_CHECKSUM_MISMATCH] = "ChecksumMismatch",
        [ERROR_OUT_OF_RANGE] = "OutOfRange",
        [ERROR_STORE_FULL] = "StoreFull",
        [ERROR_STORE_DAMAGED] = "StoreDamaged",
        [ERROR_STORE_FAILED] = "StoreFailed",
        [ERROR_VERIFY_FAILED] = "VerifyFailed",
        [ERROR_WRONG_DEVICE] = "WrongDevice",
        [ERROR_NOT_CANCELABLE] = "NotCancelable",
        [ERROR_CANCELED] = "Canceled",
        [ERROR_INTERRUPTED] = "Interrupted",
        [ERROR_WORKER_CRASHED] = "WorkerCrashed",
        [ERROR_NO_CAGE] = "NoCage",
        [ERROR_NOT_AUTHORIZED] = "NotAuthorized",
        [ERROR_FAILED] = "Failed",
};

const char *error_to_string(ErrorId id)
{
        return table_name(names, ELEMENTS(names), (int)id);
}

ErrorId error_from_string(const char *name)
{
        int value = table_value(names, ELEMENTS(names), name);

        return value < 0 ? ERROR_FAILED : (ErrorId)value;
}

int failure_set(Failure *f, int err, ErrorId id, const char *format, ...)
{
        va_list arguments;

        if (!f || failure_is_set(f))
                return err;
        *f = (Failure){ .id = id };
        va_start(arguments, format);
        vsnprintf(f->text, sizeof f->text, format, arguments);
        va_end(arguments);
        return err;
}

void failure_hint(Failure *f, const char *format, ...)
{
        va_list arguments;

        if (!f || f->hint[0])
                return;
        va_start(arguments, format);
        vsnprintf(f->hint, sizeof f->hint, format, arguments);
        va_end(arguments);
}

void failure_phase(Failure *f, const char *phase)
{
        if (f && !f->phase[0])
                snprintf(f->phase, sizeof f->phase, "%s", phase);
}

void failure_status(Failure *f, uint32_t status)
{
        if (f && !f->status)
                f->status = status;
}
