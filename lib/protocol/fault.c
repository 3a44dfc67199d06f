/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "protocol/fault.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

static const char replug[] =
        "Disconnect the phone, switch it off (hold the power key for ten seconds "
        "or take the battery out) and connect it again.";

int fault_link(Failure *f, int r, const char *doing)
{
        switch (r) {
        case -ENODEV:
                failure_set(f, r, ERROR_DEVICE_GONE, "The phone disconnected while %s.", doing);
                failure_hint(f, "Check the cable and the socket, then connect the phone again.");
                break;
        case -ETIMEDOUT:
                failure_set(f, r, ERROR_PROTOCOL_VIOLATION, "The phone stopped answering while %s.",
                        doing);
                failure_hint(f, "%s", replug);
                break;
        case -EIO:
        case -EPIPE:
                failure_set(f, r, ERROR_PROTOCOL_VIOLATION,
                        "Bytes were lost on the USB connection while %s.", doing);
                failure_hint(f, "Use another cable or socket, without a hub. %s", replug);
                break;
        case -ECANCELED: failure_set(f, r, ERROR_CANCELED, "Canceled while %s.", doing); break;
        default: failure_set(f, r, ERROR_FAILED, "%s while %s.", strerror(-r), doing); break;
        }
        return r;
}

int fault_protocol(Failure *f, const char *format, ...)
{
        char text[FAILURE_TEXT_MAX];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(text, sizeof(text), format, arguments);
        va_end(arguments);
        failure_set(f, -EPROTO, ERROR_PROTOCOL_VIOLATION, "%s", text);
        failure_hint(f, "%s", replug);
        return -EPROTO;
}
