/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/bus-error.h"

#include <stdarg.h>
#include <stdio.h>

#include "dbus/names.h"

void bus_error_name(const Failure *f, char ret[static BUS_ERROR_NAME_SIZE])
{
        ret[0] = 0;
        if (failure_is_set(f))
                snprintf(ret, BUS_ERROR_NAME_SIZE, ERROR_PREFIX "%s", error_to_string(f->id));
}

int bus_error_set(sd_bus_error *e, const Failure *f)
{
        char name[BUS_ERROR_NAME_SIZE];

        bus_error_name(f, name);
        return sd_bus_error_setf(e, name, "%s%s%s", f->text, f->hint[0] ? " " : "", f->hint);
}

int bus_error_setf(sd_bus_error *e, ErrorId id, const char *format, ...)
{
        char text[FAILURE_TEXT_MAX];
        Failure f = { 0 };
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(text, sizeof text, format, arguments);
        va_end(arguments);
        failure_set(&f, 0, id, "%s", text);
        return bus_error_set(e, &f);
}

void bus_error_reply(sd_bus_message *m, const Failure *f)
{
        _cleanup_(sd_bus_error_free) sd_bus_error e = SD_BUS_ERROR_NULL;

        (void)bus_error_set(&e, f);
        (void)sd_bus_reply_method_error(m, &e);
}
